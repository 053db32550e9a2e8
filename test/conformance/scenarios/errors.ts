import type { H1Request } from '../support/app.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { errorAnswer, ownAnswer } from './answers.ts'

const CHUNKED_OK = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n'

/** What the client gets of an application that writes `raw` and closes. */
const closing =
  (path: string, raw: string, method = 'POST') =>
  async (scene: Scene) => {
    scene.app.on(path, async (request) => {
      await request.body()
      ;(request as H1Request).socket.end(raw)
    })
    return ownAnswer(await scene.asks(path, { method, body: 'x' }))
  }

const cut =
  (path: string, raw: string, end: 'end' | 'resetAndDestroy' = 'end') =>
  async (scene: Scene) => {
    scene.app.on(path, (request) => {
      const { socket } = request as H1Request
      if (end === 'end') socket.end(raw)
      else socket.write(raw, () => socket.resetAndDestroy())
    })
    const { status, body, isComplete } = await scene.asks(path)
    return { status, body, isComplete }
  }

const badResponse = (name: string, path: string, raw: string) =>
  differs(
    name,
    'upstream-error-text',
    async (scene) => {
      const { status, body } = await closing(path, raw)(scene)
      return { status, isGo: /^net\/http: |^malformed|^bad /.test(String(body)) }
    },
    { status: 502, isGo: true },
    { status: 502, isGo: false },
  )

export const errors: Group[] = [
  {
    name: 'errors: of the application',
    environment: { CONTAINER_CONCURRENCY: '1' },
    scenarios: [
      same('it closes before it answers', closing('/eof', ''), errorAnswer(502, 'EOF\n')),
      badResponse('it answers with something else', '/garbage', 'SSH-2.0-OpenSSH_9\r\n\r\n'),
      badResponse('its status is none', '/status', 'HTTP/1.1 abc OK\r\n\r\n'),
      same('it closes inside a body of chunks', cut('/chunk', `${CHUNKED_OK}3\r\nfoo\r\n`), {
        status: 200,
        body: 'foo',
        isComplete: false,
      }),
      differs(
        'it closes inside a body with a length',
        'sent-as-it-comes',
        async (scene) => {
          scene.app.on('/length', (request) => {
            const head = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 10\r\n\r\n'
            ;(request as H1Request).socket.end(`${head}foo`)
          })
          const client = await scene.client()
          client.sends('/length')
          const answer = await client.answer()
          return answer === null ? 'nothing' : [answer.status, answer.body, answer.isComplete]
        },
        'nothing',
        [200, 'foo', false],
      ),
      same(
        'a body that ends with the connection',
        cut('/close', 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nConnection: close\r\n\r\nfoo'),
        { status: 200, body: 'foo', isComplete: true },
      ),
      same(
        'an idle connection that the application closed is no failure of the next request',
        async (scene) => {
          const statuses: number[] = []
          scene.app.on('/once', (request) => {
            request.respond(200)
            ;(request as H1Request).socket.end()
          })
          for (let index = 0; index < 5; index++) statuses.push((await scene.asks('/once')).status)
          return statuses
        },
        [200, 200, 200, 200, 200],
      ),
      same(
        'nobody listens, and then somebody does',
        async (scene) => {
          await scene.app.stopListening()
          const refused = ownAnswer(await scene.asks('/'))
          await scene.app.listen()
          const { body, ...rest } = refused
          const isNamed = body === `dial tcp 127.0.0.1:${scene.app.port}: connect: connection refused\n`
          return [rest['status'], isNamed, (await scene.asks('/')).status]
        },
        [502, true, 200],
      ),
      same(
        'places in the limit are free again after all of this',
        async (scene) =>
          (await Promise.all([1, 2, 3].map(() => scene.asks('/')))).map(({ status }) => status),
        [200, 200, 200],
      ),
      differs(
        'an answer of ours says so',
        'proxy-status',
        async (scene) => {
          scene.app.on('/why', (request) => (request as H1Request).socket.end())
          return (await scene.asks('/why', { method: 'POST', body: 'x' })).fields.get('Proxy-Status')
        },
        null,
        'queue-proxy; error=connection_terminated',
      ),
    ],
  },
]
