import { Server, ServerCredentials } from '@grpc/grpc-js'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { App, type AppRequest } from '../support/app.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import type { Subject } from '../support/subject.ts'
import { eventually } from '../support/within.ts'

const FIELDS = ['User-Agent: kube-probe/1.31', 'K-Network-Probe: queue']
const HOST = '127.0.0.1'

/** Status of a probe. */
const probe = async (scene: Scene, subject: Subject) =>
  (await scene.asks('/', { fields: FIELDS }, subject.ports.main)).status

/** Starts a queue-proxy that probes so. */
const probing = (scene: Scene, probes: object, more = {}) =>
  scene.another({ SERVING_READINESS_PROBE: JSON.stringify(probes), ...more })

const httpGet = (scene: Scene, more: object = {}, probeMore: object = {}) => ({
  httpGet: { path: '/ready', port: scene.app.port, host: HOST, scheme: 'HTTP', ...more },
  periodSeconds: 1,
  timeoutSeconds: 5,
  successThreshold: 1,
  failureThreshold: 3,
  ...probeMore,
})

const tcpSocket = (port: number) => ({ tcpSocket: { port, host: HOST }, periodSeconds: 1, timeoutSeconds: 5 })

const aggressive = (scene: Scene, more: object = {}) =>
  httpGet(scene, {}, { periodSeconds: 0, timeoutSeconds: 0, failureThreshold: 0, ...more })

/** An application that answers its n-th probe with the n-th status, and every later one with the last. */
const answersIn = (scene: Scene, path: string, statuses: readonly number[]): { count: number } => {
  const asked = { count: 0 }
  scene.app.on(path, (request) => request.respond(statuses[Math.min(asked.count++, statuses.length - 1)]))
  return asked
}

const SERVING_SERVICE = {
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
} as const

/** A health server; `status` is 1 for SERVING. Gives its port. */
async function healthServer(scene: Scene, status: number, isThere = true): Promise<number> {
  const server = new Server()
  if (isThere)
    server.addService(SERVING_SERVICE, {
      check: (_: unknown, answer: (error: null, bytes: Buffer) => void) =>
        answer(null, Buffer.from([8, status])),
    })
  scene.afterwards(() => server.forceShutdown())
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  )
}

const grpc = (port: number) => ({ grpc: { port, service: '' }, periodSeconds: 1, timeoutSeconds: 5 })

const another = async (scene: Scene, speaks: 'http1' | 'h2c' | 'both' = 'http1'): Promise<App> => {
  const app = await App.start(speaks)
  scene.afterwards(() => app.stop())
  return app
}

const http = (name: string, handler: (request: AppRequest) => unknown, expected: number) =>
  same(
    name,
    async (scene) => {
      scene.app.on('/ready', handler)
      return probe(scene, await probing(scene, httpGet(scene)))
    },
    expected,
  )

/** HTTP/2 detection against an application that speaks so. */
const detecting = (speaks: 'http1' | 'h2c' | 'both', status: number) => async (scene: Scene) => {
  const app = await another(scene, speaks)
  app.on('/ready', (request) => request.respond(status))
  const subject = await probing(
    scene,
    { ...httpGet(scene), httpGet: { path: '/ready', port: app.port, host: HOST, scheme: 'HTTP' } },
    { ENABLE_HTTP2_AUTO_DETECTION: 'true' },
  )
  const answered = await probe(scene, subject)
  return [answered, ...new Set(app.requests.all.map((request) => request.protocol))]
}

export const prober: Group[] = [
  {
    name: 'prober: HTTP',
    environment: null,
    scenarios: [
      http('200 is ready', (request) => request.respond(200), 200),
      http('399 is ready', (request) => request.respond(399), 200),
      http('400 is not', (request) => request.respond(400), 503),
      http('503 is not', (request) => request.respond(503), 503),
      same(
        'no answer in time is not',
        async (scene) => {
          scene.app.holds('/silent')
          return probe(
            scene,
            await probing(scene, httpGet(scene, { path: '/silent' }, { timeoutSeconds: 1 })),
          )
        },
        503,
      ),
      http('a redirect is followed', (request) => request.respond(302, ['Location: /elsewhere']), 200),
    ],
  },
  {
    name: 'prober: requests of HTTP',
    environment: null,
    scenarios: [
      same(
        'what it sends',
        async (scene) => {
          const more = { path: 'a/b?c=d', httpHeaders: [{ name: 'X-Mine', value: 'v' }] }
          const status = await probe(scene, await probing(scene, httpGet(scene, more)))
          const [request] = scene.app.requests.all.slice(-1)
          return [
            status,
            request.method,
            request.target,
            request.fields.get('x-mine'),
            request.fields.get('user-agent')?.startsWith('kube-probe/'),
            request.fields.get('connection')?.toLowerCase(),
          ]
        },
        [200, 'GET', '/a/b?c=d', 'v', true, 'close'],
      ),
      differs(
        'a host and a user agent of the user',
        'probe-headers-as-kubelet',
        async (scene) => {
          const httpHeaders = [
            { name: 'Host', value: 'mine.test' },
            { name: 'User-Agent', value: 'mine/1' },
          ]
          await probe(scene, await probing(scene, httpGet(scene, { path: '/named', httpHeaders })))
          const [{ fields }] = scene.app.seen('/named')
          return [
            fields.get('host')?.startsWith('127.0.0.1'),
            fields.all('user-agent').at(0)?.startsWith('kube-probe/'),
          ]
        },
        [true, true],
        [false, false],
      ),
      differs(
        'a redirect to another host',
        'redirect-as-kubelet',
        async (scene) => {
          scene.app.on('/moved', (request) => request.respond(302, ['Location: http://127.0.0.2:1/']))
          return probe(scene, await probing(scene, httpGet(scene, { path: '/moved' })))
        },
        503,
        200,
      ),
      differs(
        'a certificate that nobody signed',
        'probe-certificate-as-kubelet',
        async (scene) => {
          const folder = join(import.meta.dirname, '..', 'fixtures')
          const tls = {
            cert: readFileSync(join(folder, 'one.crt')),
            key: readFileSync(join(folder, 'one.key')),
          }
          const app = await App.start('http1', tls)
          scene.afterwards(() => app.stop())
          return probe(scene, await probing(scene, httpGet(scene, { scheme: 'HTTPS', port: app.port })))
        },
        503,
        200,
      ),
      same(
        'callers at the same time share one look at the application',
        async (scene) => {
          const held = scene.app.holds('/shared')
          const subject = await probing(scene, httpGet(scene, { path: '/shared' }, { timeoutSeconds: 10 }))
          const both = [probe(scene, subject), probe(scene, subject)]
          const first = await held.next()
          // Any second look would be under way by the time that another probe was answered.
          await scene.asks('/other', {}, subject.ports.main)
          first.respond(200)
          const answered = await Promise.all(both)
          const third = probe(scene, subject)
          ;(await held.next()).respond(200)
          return [answered, await third, held.all.length]
        },
        [[200, 200], 200, 2],
      ),
    ],
  },
  {
    name: 'prober: TCP, gRPC and others',
    environment: null,
    scenarios: [
      same(
        'a port that is open, and one that is not, as number and as text',
        async (scene) => {
          const open = await probe(scene, await probing(scene, tcpSocket(scene.app.port)))
          await scene.endsScenario()
          const text = { ...tcpSocket(0), tcpSocket: { port: String(scene.app.port), host: HOST } }
          const asText = await probe(scene, await probing(scene, text))
          await scene.endsScenario()
          return [open, asText, await probe(scene, await probing(scene, tcpSocket(1)))]
        },
        [200, 200, 503],
      ),
      same(
        'gRPC, serving',
        async (scene) => probe(scene, await probing(scene, grpc(await healthServer(scene, 1)))),
        200,
      ),
      same(
        'gRPC, not serving',
        async (scene) => {
          const subject = await probing(scene, grpc(await healthServer(scene, 2)))
          return [
            await probe(scene, subject),
            subject.log.includes('service unhealthy (responded with "NOT_SERVING")'),
          ]
        },
        [503, true],
      ),
      same(
        'gRPC, without the service',
        async (scene) => {
          const subject = await probing(scene, grpc(await healthServer(scene, 1, false)))
          return [
            await probe(scene, subject),
            subject.log.includes(
              'this server does not implement the grpc health protocol (grpc.health.v1.Health)',
            ),
          ]
        },
        [503, true],
      ),
      same(
        'a command cannot be run from here',
        async (scene) => {
          const subject = await probing(scene, {
            exec: { command: ['true'] },
            periodSeconds: 1,
            timeoutSeconds: 5,
          })
          return [await probe(scene, subject), subject.log.includes('exec probe not supported')]
        },
        [503, true],
      ),
      same(
        'a probe of nothing',
        async (scene) => {
          const subject = await probing(scene, { periodSeconds: 1, timeoutSeconds: 5 })
          return [await probe(scene, subject), subject.log.includes('no probe found')]
        },
        [503, true],
      ),
    ],
  },
  {
    name: 'prober: several containers',
    environment: null,
    scenarios: [
      same(
        'all must be ready',
        async (scene) => {
          const statuses = { one: 200, two: 200 }
          const other = await another(scene)
          scene.app.on('/ready', (request) => request.respond(statuses.one))
          other.on('/ready', (request) => request.respond(statuses.two))
          const second = {
            ...httpGet(scene),
            httpGet: { path: '/ready', port: other.port, host: HOST, scheme: 'HTTP' },
          }
          const subject = await probing(scene, [httpGet(scene), second], {
            ENABLE_MULTI_CONTAINER_PROBES: 'true',
          })
          const seen = [await probe(scene, subject)]
          statuses.one = 503
          seen.push(await probe(scene, subject))
          statuses.one = 200
          statuses.two = 503
          seen.push(await probe(scene, subject))
          return seen
        },
        [200, 503, 503],
      ),
      differs(
        'a container without a probe',
        'null-probe-survived',
        async (scene) => {
          const subject = await probing(scene, [null], { ENABLE_MULTI_CONTAINER_PROBES: 'true' })
          const client = await scene.client(subject.ports.main)
          client.sends('/', { fields: FIELDS })
          const answer = await client.answer()
          return answer === null ? `ended with ${(await subject.exited).code}` : answer.status
        },
        'ended with 2',
        503,
      ),
    ],
  },
  {
    name: 'prober: many times a second',
    environment: null,
    scenarios: [
      same(
        'it tries until the application is ready, and says nothing of the failures',
        async (scene) => {
          const asked = answersIn(scene, '/ready', [503, 503, 200])
          const subject = await probing(scene, aggressive(scene))
          return [await probe(scene, subject), asked.count >= 3, subject.log.includes('probe error')]
        },
        [200, true, false],
      ),
      same(
        'as many successes as wanted, one after another, and a failure begins anew',
        async (scene) => {
          const asked = answersIn(scene, '/ready', [200, 503, 200])
          const subject = await probing(scene, aggressive(scene, { successThreshold: 3 }))
          return [await probe(scene, subject), asked.count >= 5]
        },
        [200, true],
      ),
      same(
        'an application that answers after more than 100 ms is never ready, nor is one that never answers',
        async (scene) => {
          scene.app.on('/ready', () => {})
          const subject = await probing(scene, aggressive(scene))
          const status = await probe(scene, subject)
          return [
            status,
            subject.stderr.all.filter((line) => line.startsWith('aggressive probe error (failed ')).length,
            subject.stderr.all.includes('context deadline exceeded'),
          ]
        },
        [503, 1, true],
      ),
      same(
        'a port that opens late',
        async (scene) => {
          const app = await another(scene)
          const { port } = app
          await app.stopListening()
          const probes = {
            tcpSocket: { port, host: HOST },
            periodSeconds: 0,
            timeoutSeconds: 0,
            successThreshold: 1,
          }
          const subject = await probing(scene, probes)
          const answered = probe(scene, subject)
          await eventually(
            'a while',
            async () => scene.asks('/', {}, subject.ports.main),
            () => true,
          )
          await app.listen(port)
          return answered
        },
        200,
      ),
    ],
  },
  {
    name: 'prober: HTTP/2',
    environment: null,
    scenarios: [
      same('an application that speaks HTTP/2 only', detecting('h2c', 200), [200, 'HTTP/2']),
      same('one that speaks HTTP/1.1 only', detecting('http1', 200), [200, 'HTTP/1.1']),
      same('one that speaks both', detecting('both', 200), [200, 'HTTP/2']),
      same('one that is not ready', detecting('http1', 503), [503, 'HTTP/1.1']),
    ],
  },
]
