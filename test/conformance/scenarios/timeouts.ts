import type { H1Request } from '../support/app.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import type { Environment } from '../support/subject.ts'
import { passes, staysPending, within } from '../support/within.ts'
import { ownAnswer } from './answers.ts'

/** Long behind every clock of these groups, ms. */
const LATE_MS = 15_000
const CHUNKED = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n'
const PART = '3\r\nfoo\r\n'
const END = '0\r\n\r\n'

const TIMED_OUT = {
  status: 504,
  body: 'request timeout',
  'content-type': 'text/plain; charset=utf-8',
  'content-length': '15',
}
const KNATIVE_504 = { ...TIMED_OUT, nosniff: null, isInTime: true }
const OUR_504 = { ...TIMED_OUT, nosniff: 'nosniff', isInTime: true }

/** A request that the application never answers, or not before it is too late. */
const silent = async (scene: Scene) => {
  scene.app.holds('/silent')
  const startedAt = performance.now()
  const answer = await scene.asks('/silent')
  const { 'x-content-type-options': nosniff = null, ...rest } = ownAnswer(answer)
  return { ...rest, nosniff, isInTime: performance.now() - startedAt < LATE_MS }
}

const timesOut = (name: string) => differs(name, 'error-answers-nosniff', silent, KNATIVE_504, OUR_504)

/** An application that begins to answer in chunks and then stops. */
const begins =
  (head: string, ...pieces: string[]) =>
  async (scene: Scene) => {
    scene.app.on('/begun', (request) => (request as H1Request).writes(head, ...pieces))
    const { status, body, isComplete } = await scene.asks('/begun')
    return { status, body, isComplete }
  }

/** An application that writes `pieces` with `gap` ms in between. */
const writes = (gap: number, pieces: number) => async (scene: Scene) => {
  scene.app.on('/slow', async (request) => {
    const app = request as H1Request
    app.writes(CHUNKED)
    for (let index = 0; index < pieces; index++) {
      await passes(gap)
      app.writes(PART)
    }
    app.writes(END)
    app.done()
  })
  const { status, body, isComplete } = await scene.asks('/slow')
  return { status, length: body.length, isComplete }
}

/** An application that answers after `ms`. */
const answersAfter = (ms: number) => async (scene: Scene) => {
  scene.app.on('/later', async (request) => {
    await passes(ms)
    request.respond(200, ['Content-Type: text/plain'], 'done')
  })
  const { status, body } = await scene.asks('/later')
  return { status, body }
}

const appended = (body: string) => ({ status: 200, body, isComplete: true })
const cut = (body: string) => ({ status: 200, body, isComplete: false })

/** An upgraded connection over which something goes for long enough, and a group for it. */
const usedSockets = (name: string, environment: Environment): Group => ({
  name: `timeouts: upgraded connections, ${name}`,
  environment,
  scenarios: [
    differs(
      'one that is in use',
      'upgraded-live-by-idle-time',
      async (scene) => {
        scene.app.on('/echo', (request) => {
          const { socket } = request as H1Request
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
          socket.on('data', (bytes) => socket.write(bytes))
          socket.on('end', () => socket.end())
        })
        const client = await scene.client()
        client.sends('/echo', { fields: ['Connection: Upgrade', 'Upgrade: echo'] })
        await client.answer()
        for (let index = 0; index < 8; index++) {
          await passes(400)
          client.write('.')
          if ((await client.inbox.take(1)) === null) return 'cut'
        }
        return 'alive'
      },
      'cut',
      'alive',
    ),
  ],
})

export const timeouts: Group[] = [
  {
    name: 'timeouts: total',
    environment: { REVISION_TIMEOUT_SECONDS: '2', CONTAINER_CONCURRENCY: '3' },
    scenarios: [
      same('an answer within the limit', answersAfter(500), { status: 200, body: 'done' }),
      timesOut('an answer that does not come'),
      differs(
        'a body that was begun',
        'cut-instead-of-appended',
        begins(CHUNKED, PART),
        appended('foorequest timeout'),
        cut('foo'),
      ),
      differs(
        'a body that was begun and has a length',
        'cut-instead-of-appended',
        begins('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n', 'x'.repeat(10)),
        { status: 200, body: 'x'.repeat(10) + 'request timeout', isComplete: false },
        cut('x'.repeat(10)),
      ),
      differs(
        'writing does not put it off',
        'cut-instead-of-appended',
        async (scene) => {
          const { status, length, isComplete } = await writes(300, 20)(scene)
          return { status, isShort: length < 60, isComplete }
        },
        { status: 200, isShort: true, isComplete: true },
        { status: 200, isShort: true, isComplete: false },
      ),
    ],
  },
  {
    name: 'timeouts: what follows',
    environment: { REVISION_TIMEOUT_SECONDS: '2', CONTAINER_CONCURRENCY: '3' },
    scenarios: [
      same(
        'places in the limit are free again afterwards',
        async (scene) => {
          scene.app.holds('/stuck')
          const clients = await scene.sendsMany(5, '/stuck')
          const answers = await Promise.all(clients.map((client) => client.answer()))
          const later = await Promise.all([1, 2, 3].map(() => scene.asks('/')))
          return [
            answers.map((answer) => `${answer?.status} ${answer?.body}`),
            later.map(({ status }) => status),
          ]
        },
        [Array(5).fill('504 request timeout'), [200, 200, 200]],
      ),
      same(
        'the request at the application is given up',
        async (scene) => {
          const held = scene.app.holds('/gone')
          const answered = scene.asks('/gone')
          const request = await held.next()
          await within('the application sees the request go', request.gone)
          return (await answered).status
        },
        504,
      ),
      same(
        'over HTTP/2',
        async (scene) => {
          scene.app.speaks = 'both'
          scene.app.holds('/silent2')
          const client = await scene.h2()
          const { status, body } = await client.asks('/silent2')
          scene.app.speaks = 'http1'
          return { status, body }
        },
        { status: 504, body: 'request timeout' },
      ),
    ],
  },
  {
    name: 'timeouts: none',
    environment: { REVISION_TIMEOUT_SECONDS: '0' },
    scenarios: [
      differs(
        'a total of 0',
        'timeout-zero-is-none',
        async (scene) => (await scene.asks('/')).status,
        504,
        200,
      ),
    ],
  },
  {
    name: 'timeouts: of the client',
    environment: {},
    scenarios: [
      differs(
        'a gRPC client says how long it waits',
        'grpc-timeout-honoured',
        async (scene) => {
          scene.app.holds('/deadline')
          const client = await scene.client()
          client.sends('/deadline', { method: 'POST', body: '', fields: ['grpc-timeout: 500m'] })
          const answered = client.answer().catch(() => null)
          if (scene.kind === 'knative' && (await staysPending(answered, 2000))) return 'waits'
          return (await answered)?.status
        },
        'waits',
        504,
      ),
    ],
  },
  {
    name: 'timeouts: response-start',
    environment: { REVISION_RESPONSE_START_TIMEOUT_SECONDS: '2' },
    scenarios: [
      timesOut('an answer that does not come'),
      same('an answer that begins in time and ends late', writes(500, 5), {
        status: 200,
        length: 15,
        isComplete: true,
      }),
      same('an answer in time', answersAfter(300), { status: 200, body: 'done' }),
    ],
  },
  {
    name: 'timeouts: idle',
    environment: { REVISION_IDLE_TIMEOUT_SECONDS: '2' },
    scenarios: [
      timesOut('silence from the start'),
      same('a body that goes on', writes(400, 7), { status: 200, length: 21, isComplete: true }),
      differs(
        'silence behind a first piece',
        'cut-instead-of-appended',
        begins(CHUNKED, PART),
        appended('foorequest timeout'),
        cut('foo'),
      ),
      differs(
        'an upload that goes on while the application is silent',
        'idle-counts-both-directions',
        async (scene) => {
          scene.app.on('/upload', async (request) => {
            const body = await request.body()
            request.respond(200, [], String(body.length))
          })
          const client = await scene.client()
          client.sends('/upload', { method: 'POST', fields: ['Transfer-Encoding: chunked'] })
          for (let index = 0; index < 8; index++) {
            await passes(400)
            client.write(PART)
          }
          client.write(END)
          return (await client.answer())?.status
        },
        504,
        200,
      ),
    ],
  },
  {
    name: 'timeouts: idle in the queue',
    environment: { REVISION_IDLE_TIMEOUT_SECONDS: '2', CONTAINER_CONCURRENCY: '1' },
    scenarios: [
      differs(
        'a request that waits for its place',
        'idle-from-dispatch',
        async (scene) => {
          const first = writes(400, 8)(scene)
          await scene.app.requests.reaches(1)
          const second = await scene.asks('/')
          return [(await first).isComplete, second.status]
        },
        [true, 504],
        [true, 200],
      ),
    ],
  },
  usedSockets('total and response-start', {
    REVISION_TIMEOUT_SECONDS: '2',
    REVISION_RESPONSE_START_TIMEOUT_SECONDS: '2',
  }),
  usedSockets('idle', { REVISION_IDLE_TIMEOUT_SECONDS: '2' }),
]
