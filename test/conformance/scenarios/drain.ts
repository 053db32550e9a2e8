import type { H1Request } from '../support/app.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import type { Subject } from '../support/subject.ts'
import { eventually, passes, staysPending, within } from '../support/within.ts'
import { errorAnswer, ownAnswer, textAnswer } from './answers.ts'
import { Client } from '../support/client.ts'

const PROBE = ['User-Agent: kube-probe/1.31', 'K-Network-Probe: queue']
const SHUTTING_DOWN = errorAnswer(503, 'shutting down\n')
const READY = textAnswer(200, 'queue')

/** Long behind every drain and what follows it, ms. */
const END_MS = 150_000
/** The quiet period: Knative's is fixed, ours is set to what a test can wait for. */
const quietMs = ({ kind }: Scene): number => (kind === 'knative' ? 30_000 : 4000)
/** Clocks of two processes, and timers: what they may be apart, ms. */
const SLACK_MS = 200

const OURS = { QUEUE_DRAIN_SECONDS: '2', QUEUE_DRAIN_TUNNEL_SECONDS: '1' }

const probe = (scene: Scene, subject: Subject = scene.subject) =>
  scene.asks('/', { fields: PROBE }, subject.ports.main).then(ownAnswer)

/** Waits until probes say that the drain has begun. */
const drains = (scene: Scene) =>
  eventually(
    'a drain',
    () => probe(scene),
    ({ status }) => status === 503,
  )

/** The hook of a container that is about to stop. */
async function waitForDrain(scene: Scene): Promise<{ client: Client; answered: Promise<unknown> }> {
  const client = await scene.client(scene.subject.ports.admin)
  client.sends('/wait-for-drain')
  client.inbox.patienceMs = END_MS
  const answered = client.answer().then((answer) => [answer?.status, answer?.body])
  return { client, answered }
}

/**
 * What `act` sees while probes fail because a container asked for the drain. That is a second: on a busy machine it may
 * be over before `act` is, and then it is done again.
 */
async function whileDraining<T>(scene: Scene, act: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const { answered } = await waitForDrain(scene)
    const hook = { isOver: false }
    void answered.then(() => (hook.isOver = true))
    while (!hook.isOver && (await probe(scene)).status !== 503);
    const seen = await act()
    const isSeen = !hook.isOver
    await answered
    if (isSeen) return seen
  }
  throw new Error('the machine is too busy for a drain of a second')
}

const exited = (subject: Subject) => within('the end of the process', subject.exited, END_MS)

/** A request for the application while it ends. */
const asking = async (scene: Scene) => {
  const answer = await scene.asks('/')
  return [answer.status, answer.body, answer.fields.get('connection')]
}

const upgraded = async (scene: Scene): Promise<Client> => {
  scene.app.on('/socket', (request) => {
    const { socket, inbox } = request as H1Request
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    void (async () => {
      for (let bytes = await inbox.some(); bytes !== null; bytes = await inbox.some()) socket.write(bytes)
      socket.end()
    })()
  })
  const client = await scene.client()
  client.sends('/socket', { fields: ['Connection: Upgrade', 'Upgrade: websocket'] })
  await client.answer()
  return client
}

/** Everything a connection gets from now on, however long it takes. */
const everything = async (client: Client): Promise<Buffer> => {
  client.inbox.patienceMs = END_MS
  return client.inbox.rest()
}

export const drain: Group[] = [
  {
    name: 'drain: a container is restarted',
    environment: {},
    ours: { QUEUE_DRAIN_SECONDS: '30' },
    scenarios: [
      same(
        'the hook is answered after about a second, and then all is as before',
        async (scene) => {
          const startedAt = performance.now()
          const { answered } = await waitForDrain(scene)
          const end = await answered
          const tookMs = performance.now() - startedAt
          return {
            end,
            isAboutASecond: tookMs >= 1000 - SLACK_MS && tookMs < 20_000,
            after: await probe(scene),
          }
        },
        { end: [200, ''], isAboutASecond: true, after: READY },
      ),
      same(
        'meanwhile every probe fails, requests do not, and no probe reaches the application',
        async (scene) => {
          const before = scene.app.requests.all.length
          const seen = await whileDraining(scene, async () => ({
            probe: await probe(scene),
            wrong: ownAnswer(await scene.asks('/', { fields: ['User-Agent: kube-probe/1'] })),
            hash: ownAnswer(
              await scene.asks('/', { fields: ['K-Network-Probe: probe', 'K-Network-Hash: x'] }),
            ),
            request: await asking(scene),
          }))
          const paths = scene.app.requests.all.slice(before).map(({ fields }) => fields.get('user-agent'))
          return { ...seen, probes: paths.filter((agent) => agent !== null) }
        },
        {
          probe: SHUTTING_DOWN,
          wrong: SHUTTING_DOWN,
          hash: SHUTTING_DOWN,
          request: [200, 'ok', null],
          probes: [],
        },
      ),
      same(
        'several hooks are released together',
        async (scene) => {
          const hooks = await Promise.all([waitForDrain(scene), waitForDrain(scene), waitForDrain(scene)])
          return Promise.all(hooks.map(({ answered }) => answered))
        },
        Array.from({ length: 3 }, () => [200, '']),
      ),
      same(
        'a hook that leaves harms nobody',
        async (scene) => {
          const { client, answered } = await waitForDrain(scene)
          answered.catch(() => {})
          await probe(scene)
          client.close()
          await passes(1500)
          return eventually(
            'ready again',
            () => probe(scene),
            ({ status }) => status === 200,
          )
        },
        READY,
      ),
      same(
        'only that path is a hook',
        async (scene) => (await scene.asks('/wait-for-drain/', {}, scene.subject.ports.admin)).status,
        404,
      ),
    ],
  },
  {
    name: 'drain: the end of an idle pod',
    environment: {},
    ours: { QUEUE_DRAIN_SECONDS: '4' },
    isSlow: true,
    scenarios: [
      same(
        'it is quiet for as long as it must, every request begins that anew, probes do not, and it ends with 0',
        async (scene) => {
          const { subject } = scene
          await asking(scene)
          subject.signal('SIGTERM')
          const startedAt = performance.now()
          const during = await drains(scene)
          const { answered } = await waitForDrain(scene)
          await passes(quietMs(scene) / 2)
          const lastAt = performance.now()
          const served = await asking(scene)
          const isProbeRefused = (await probe(scene)).status === 503
          const isScraped = (await scene.asks('/metrics', {}, subject.ports.autoscaling)).status
          await passes(quietMs(scene) / 2)
          const late = await probe(scene)
          const hook = await answered
          const { code } = await exited(subject)
          const endedAt = performance.now()
          return {
            during,
            served,
            isProbeRefused,
            isScraped,
            late: late.status,
            hook,
            code,
            isQuiet: endedAt - lastAt >= quietMs(scene) - SLACK_MS,
            isInTime: endedAt - startedAt < quietMs(scene) * 2 + 20_000,
            log: [
              'Received TERM signal, attempting to gracefully shutdown servers.',
              `Sleeping ${quietMs(scene) / 1000}s to allow K8s propagation of non-ready state`,
              'Shutting down server: main',
              'Shutting down server: admin',
              'Shutting down server: metrics',
              'Shutdown complete, exiting...',
            ].filter((line) => !subject.log.includes(line)),
          }
        },
        {
          during: SHUTTING_DOWN,
          served: [200, 'ok', null],
          isProbeRefused: true,
          isScraped: 200,
          late: 503,
          hook: [200, ''],
          code: 0,
          isQuiet: true,
          isInTime: true,
          log: [],
        },
      ),
    ],
  },
  {
    name: 'drain: requests under way',
    environment: {},
    ours: OURS,
    isSlow: true,
    scenarios: [
      same(
        'a request that takes longer than the quiet period is answered, and then it ends',
        async (scene) => {
          const { subject } = scene
          const held = scene.app.holds('/long')
          const client = await scene.client()
          client.inbox.patienceMs = END_MS
          client.sends('/long')
          const request = await held.next()
          subject.signal('SIGTERM')
          await subject.logged('Shutting down server: main', END_MS)
          const isWaiting = await staysPending(subject.exited, 500)
          request.respond(200, ['Content-Type: a/b'], 'at last')
          const answer = await client.answer()
          const { code } = await exited(subject)
          return [isWaiting, answer?.status, answer?.body, answer?.fields.get('connection'), code]
        },
        [true, 200, 'at last', 'close', 0],
      ),
    ],
  },
  {
    name: 'drain: a hook and a request',
    environment: {},
    ours: OURS,
    isSlow: true,
    scenarios: [
      differs(
        'the hook waits for a request at the application',
        'drain-waits-for-requests',
        async (scene) => {
          const held = scene.app.holds('/long')
          const client = await scene.client()
          client.sends('/long')
          client.inbox.patienceMs = END_MS
          const request = await held.next()
          const { answered } = await waitForDrain(scene)
          let isAnswered = false
          void answered.then(() => (isAnswered = true))
          scene.subject.signal('SIGTERM')
          await scene.subject.logged('Shutting down server: main', END_MS)
          await passes(500)
          const whileThere = isAnswered
          request.respond(200, ['Content-Type: a/b'], 'at last')
          const answer = await client.answer()
          await answered
          return { whileThere, body: answer?.body, code: (await exited(scene.subject)).code }
        },
        { whileThere: true, body: 'at last', code: 0 },
        { whileThere: false, body: 'at last', code: 0 },
      ),
    ],
  },
  {
    name: 'drain: HTTP/2',
    environment: {},
    ours: OURS,
    speaks: 'both',
    isSlow: true,
    scenarios: [
      differs(
        'a client of HTTP/2 is told to go away, and its stream is finished',
        'goaway-at-the-end',
        async (scene) => {
          const { subject } = scene
          const held = scene.app.holds('/stream')
          const client = await scene.h2()
          const stream = client.starts('/stream')
          const answered = client.answer(stream, END_MS)
          const request = await held.next()
          subject.signal('SIGTERM')
          await subject.logged('Shutting down server: main', END_MS)
          await passes(500)
          request.respond(200, ['Content-Type: a/b'], 'at last')
          const { status, body } = await answered
          const { code } = await exited(subject)
          return { status, body, code, goaway: client.goaway?.code ?? null }
        },
        { status: 200, body: 'at last', code: 0, goaway: null },
        { status: 200, body: 'at last', code: 0, goaway: 0 },
      ),
    ],
  },
  {
    name: 'drain: WebSockets',
    environment: {},
    ours: OURS,
    isSlow: true,
    scenarios: [
      differs(
        'a connection that nobody ends gets a close frame before it is cut',
        'websocket-close-frame',
        async (scene) => {
          const client = await upgraded(scene)
          scene.subject.signal('SIGTERM')
          const bytes = await everything(client)
          client.close()
          const { code } = await exited(scene.subject)
          return {
            frame: bytes.toString('hex').slice(0, 2),
            status: bytes.length > 3 ? bytes.readUInt16BE(2) : 0,
            code,
          }
        },
        { frame: '', status: 0, code: 0 },
        { frame: '88', status: 1001, code: 0 },
      ),
    ],
  },
  {
    name: 'drain: WebSockets that end',
    environment: {},
    ours: { ...OURS, QUEUE_DRAIN_TUNNEL_SECONDS: '60' },
    isSlow: true,
    scenarios: [
      same(
        'a connection may end by itself, and then the process ends',
        async (scene) => {
          const client = await upgraded(scene)
          scene.subject.signal('SIGTERM')
          await scene.subject.logged('Shutting down server: main', END_MS)
          const isWaiting = await staysPending(scene.subject.exited, 500)
          client.write('still')
          const echoed = (await client.inbox.take(5))?.toString()
          client.close()
          const { code } = await exited(scene.subject)
          return [isWaiting, echoed, code]
        },
        [true, 'still', 0],
      ),
    ],
  },
  {
    name: 'drain: signals',
    environment: null,
    scenarios: [
      same(
        'a second signal ends it at once',
        async (scene) => {
          const subject = await scene.another({ QUEUE_DRAIN_SECONDS: '30' })
          subject.signal('SIGTERM')
          await subject.logged('Received TERM signal')
          subject.signal('SIGTERM')
          return (await within('the end of the process', subject.exited)).code
        },
        1,
      ),
      same(
        'so does a second SIGINT',
        async (scene) => {
          const subject = await scene.another({ QUEUE_DRAIN_SECONDS: '30' })
          subject.signal('SIGINT')
          await subject.logged('Received TERM signal')
          subject.signal('SIGINT')
          return (await within('the end of the process', subject.exited)).code
        },
        1,
      ),
    ],
  },
]
