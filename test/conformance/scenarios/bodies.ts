import { createHash, randomBytes } from 'node:crypto'
import type { H1Request } from '../support/app.ts'
import { readChunk, readHead } from '../support/messages.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { staysPending } from '../support/within.ts'

const CHUNKED = ['Transfer-Encoding: chunked']
const CHUNKED_OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n'

const framing = (request: H1Request) => [
  request.fields.get('content-length'),
  request.fields.get('transfer-encoding'),
]

const arriving = (path: string, options: Parameters<Scene['asks']>[1]) => async (scene: Scene) => {
  await scene.asks(path, options)
  const request = scene.app.seen(path)[0] as H1Request
  return [...framing(request), (await request.body()).toString('latin1')]
}

/** Echoes each chunk as it comes; whether the first came back before the second was sent, and both at the end. */
const echoing = async (scene: Scene) => {
  scene.app.on('/echo', async (request) => {
    const echo = request as H1Request
    echo.writes(CHUNKED_OK)
    for (;;) {
      const chunk = await echo.chunk()
      if (chunk === null) return
      echo.writes(`${chunk.length.toString(16)}\r\n`, chunk, '\r\n')
      if (chunk.length === 0) return echo.done()
    }
  })
  const client = await scene.client()
  client.sends('/echo', { method: 'POST', fields: CHUNKED })
  client.write('3\r\none\r\n')
  const first = readHead(client.inbox).then(() => readChunk(client.inbox))
  const isHeld = await staysPending(first, 3000)
  if (isHeld) return 'nothing before the request is complete'
  client.write('3\r\ntwo\r\n0\r\n\r\n')
  return [(await first)?.toString(), (await readChunk(client.inbox))?.toString()]
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Sends `bytes` and gets back what the application made of them. */
async function uploads(scene: Scene, bytes: Buffer): Promise<boolean> {
  const client = await scene.client()
  client.write(`POST /sum HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${bytes.length}\r\n\r\n`)
  client.write(bytes)
  const answer = await client.answer()
  return answer !== null && hash(Buffer.from(answer.body, 'latin1')) === hash(bytes)
}

const streaming: Group['scenarios'] = [
  same(
    'many large bodies in both directions at the same time',
    async (scene) => {
      scene.app.on('/sum', async (request) => {
        request.respond(200, ['Content-Type: a/b'], await request.body())
      })
      const sizes = [10, 1000, 100_000, 1_000_000, 3_000_000, 10, 1000, 100_000, 1_000_000]
      return Promise.all(sizes.map((size) => uploads(scene, randomBytes(size))))
    },
    Array(9).fill(true),
  ),
]

export const bodies: Group[] = [
  {
    name: 'bodies: framing',
    environment: {},
    scenarios: [
      same('a length', arriving('/length', { method: 'POST', body: 'hello' }), ['5', null, 'hello']),
      same('no body', arriving('/none', { method: 'GET' }), [null, null, '']),
      same('an empty one of a POST', arriving('/empty', { method: 'POST', body: '' }), ['0', null, '']),
      same(
        'chunks',
        arriving('/chunks', { method: 'POST', fields: CHUNKED, body: '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n' }),
        [null, 'chunked', 'abcde'],
      ),
      same(
        'HTTP/1.0 gets no chunks',
        async (scene) => {
          scene.app.on('/old', (request) => {
            ;(request as H1Request).writes(CHUNKED_OK, '3\r\nabc\r\n0\r\n\r\n')
            ;(request as H1Request).done()
          })
          const { body, isUntilClose, fields } = await scene.asks('/old', { version: 'HTTP/1.0' })
          const [request] = scene.app.seen('/old') as H1Request[]
          return [body, isUntilClose, fields.get('transfer-encoding'), request.protocol]
        },
        ['abc', true, null, 'HTTP/1.1'],
      ),
      same(
        'trailers of a response, announced or not',
        async (scene) => {
          scene.app.on('/trailers', (request) => {
            const head = CHUNKED_OK.replace('\r\n\r\n', '\r\nTrailer: X-Sum\r\n\r\n')
            ;(request as H1Request).writes(head, '3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n')
            ;(request as H1Request).done()
          })
          const { body, trailers } = await scene.asks('/trailers', { fields: ['TE: trailers'] })
          return [body, trailers.get('x-sum'), trailers.get('x-more')]
        },
        ['abc', '1', '2'],
      ),
      differs(
        'trailers of a request',
        'request-trailers-arrive',
        async (scene) => {
          const path = '/request-trailers'
          const body = '3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n'
          await scene.asks(path, { method: 'POST', fields: [...CHUNKED, 'Trailer: X-Sum'], body })
          const request = scene.app.seen(path)[0] as H1Request
          await request.body()
          return request.trailers.get('x-sum')
        },
        null,
        '1',
      ),
      same(
        'pipelined requests are answered in their order',
        async (scene) => {
          const held = scene.app.holds('/first')
          const client = await scene.client()
          client.sends('/first')
          client.sends('/second')
          ;(await held.next()).respond(200, [], '1')
          const answers = [await client.answer(), await client.answer()]
          return answers.map((answer) => answer?.body)
        },
        ['1', 'ok'],
      ),
      same(
        'a connection serves many requests, and the ones to the application are used again',
        async (scene) => {
          const client = await scene.client()
          await client.asks('/')
          const before = scene.app.connections
          for (let index = 0; index < 20; index++) await client.asks('/')
          return scene.app.connections - before
        },
        0,
      ),
      same(
        'a response of chunks is sent on piece by piece',
        async (scene) => {
          const held = scene.app.holds('/pieces')
          const client = await scene.client()
          client.sends('/pieces')
          const request = (await held.next()) as H1Request
          request.writes(CHUNKED_OK, '3\r\none\r\n')
          await readHead(client.inbox)
          const first = await readChunk(client.inbox)
          request.writes('3\r\ntwo\r\n0\r\n\r\n')
          request.done()
          return [first?.toString(), (await readChunk(client.inbox))?.toString()]
        },
        ['one', 'two'],
      ),
    ],
  },
  {
    name: 'bodies: both directions at once',
    environment: {},
    scenarios: [
      differs(
        'an answer that comes with the request',
        'full-duplex-always',
        echoing,
        'nothing before the request is complete',
        ['one', 'two'],
      ),
      same(
        'an answer before a large body was read',
        async (scene) => {
          scene.app.on('/early', (request) => {
            ;(request as H1Request).writes(
              'HTTP/1.1 413 Too Large\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nno',
            )
          })
          const client = await scene.client()
          client.write('POST /early HTTP/1.1\r\nHost: a.test\r\nContent-Length: 50000000\r\n\r\n')
          client.write(Buffer.alloc(200_000))
          const block = Buffer.alloc(1_000_000)
          const upload = async () => {
            for (let index = 0; index < 48 && !client.socket.destroyed; index++)
              if (!client.socket.write(block)) await new Promise((resolve) => setImmediate(resolve))
          }
          void upload()
          const answer = await client.answer()
          return [answer?.status, answer?.body]
        },
        [413, 'no'],
      ),
    ],
  },
  {
    name: 'bodies: both directions at once, with the annotation',
    environment: { ENABLE_HTTP_FULL_DUPLEX: 'true' },
    scenarios: [same('an answer that comes with the request', echoing, ['one', 'two']), ...streaming],
  },
]
