import type { H1Request } from '../support/app.ts'
import { Client } from '../support/client.ts'
import { type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { counted, decodeStat, statThat } from '../support/stat.ts'

const ACTIVATOR = ['K-Proxy-Request: activator']
const POD_253 = 'p'.repeat(253)

/** Sends `count` requests, one after another, over one connection. */
const sends = async (scene: Scene, count: number, fields: readonly string[] = []): Promise<void> => {
  const client = await scene.client()
  for (let index = 0; index < count; index++) await client.asks('/', { fields })
  client.close()
}

const near = (wanted: number) => (value: number) => Math.abs(value - wanted) < 1e-6

/** What whole windows report of requests that are held. */
const whileHeld = (total: number, proxied: number, atApp: number) => async (scene: Scene) => {
  const held = scene.app.holds('/held')
  const direct = await scene.sendsMany(total - proxied, '/held')
  const fromActivator = await scene.sendsMany(proxied, '/held', { fields: ACTIVATOR })
  await held.reaches(atApp)
  const isWhole = near(total)
  const stat = await statThat(scene.subject, `${total} running`, (one) => isWhole(one.concurrency))
  const later = await statThat(
    scene.subject,
    'no arrivals',
    (one) => one.count === 0 && isWhole(one.concurrency),
  )
  for (const client of [...direct, ...fromActivator]) client.close()
  const idle = await statThat(scene.subject, 'nothing running', (one) => one.concurrency === 0)
  return {
    podName: stat.podName,
    proxied: Math.round(stat.proxiedConcurrency * 1e6) / 1e6,
    arrivalsLater: [later.count, later.proxiedCount],
    idle: [idle.count, idle.proxiedConcurrency],
  }
}

const WHILE_HELD = same(
  'the concurrency of a whole window is exact, proxied requests are in both numbers',
  whileHeld(3, 1, 3),
  { podName: 'hello-00001-pod', proxied: 1, arrivalsLater: [0, 0], idle: [0, 0] },
)

const COUNTED_ONCE = same(
  'requests are counted once, those of the activator in both numbers',
  async (scene) =>
    counted(scene.subject, async () => {
      await sends(scene, 5)
      await sends(scene, 2, ACTIVATOR)
      await sends(scene, 1, ['K-Proxy-Request: another'])
    }),
  { count: 8, proxiedCount: 2 },
)

const PROBES = same(
  'probes that the queue-proxy answers, and what the kubelet marks, are not counted',
  async (scene) =>
    counted(scene.subject, async () => {
      await sends(scene, 3, ['User-Agent: kube-probe/1.31', 'K-Network-Probe: queue'])
      await sends(scene, 3, ['User-Agent: Knative-Activator-Probe', 'K-Network-Probe: queue'])
      await sends(scene, 3, ['K-Network-Probe: probe', 'K-Network-Hash: h'])
      await sends(scene, 3, ['K-Kubelet-Probe: x'])
      await sends(scene, 1)
    }),
  { count: 1, proxiedCount: 0 },
)

const OTHER_VALUE = same(
  'another value of the probe field is a request like any other',
  async (scene) => counted(scene.subject, () => sends(scene, 2, ['K-Network-Probe: queue'])),
  { count: 2, proxiedCount: 0 },
)

export const stats: Group[] = [
  { name: 'stats: without a limit', environment: {}, scenarios: [COUNTED_ONCE] },
  {
    name: 'stats: with a limit',
    environment: { CONTAINER_CONCURRENCY: '10' },
    scenarios: [WHILE_HELD, COUNTED_ONCE],
  },
  {
    name: 'stats: probes',
    environment: { CONTAINER_CONCURRENCY: '10' },
    scenarios: [PROBES, OTHER_VALUE],
  },
  {
    name: 'stats: queued and refused',
    environment: { CONTAINER_CONCURRENCY: '1' },
    scenarios: [
      same('waiting requests are running ones to the autoscaler', whileHeld(6, 2, 1), {
        podName: 'hello-00001-pod',
        proxied: 2,
        arrivalsLater: [0, 0],
        idle: [0, 0],
      }),
      same(
        'refused requests are counted',
        async (scene) => {
          const held = scene.app.holds('/full')
          const clients: Client[] = []
          return counted(scene.subject, async () => {
            const before = held.all.length
            clients.push(...(await scene.sendsMany(12, '/full')))
            const answers = clients.map((client) => client.answer())
            await Promise.race(answers)
            for (let index = 0; index < 11; index++) {
              await held.reaches(before + index + 1)
              held.all[before + index].respond(200)
            }
            await Promise.all(answers)
            clients.length = 0
          })
        },
        { count: 12, proxiedCount: 0 },
      ),
    ],
  },
  {
    name: 'stats: upgraded connections',
    environment: { CONTAINER_CONCURRENCY: '1' },
    scenarios: [
      same(
        'an upgraded connection is one running request',
        async (scene) => {
          scene.app.on('/socket', (request) => {
            const { socket } = request as H1Request
            socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
            socket.on('end', () => socket.end())
          })
          const client = await scene.client()
          client.sends('/socket', { fields: ['Connection: Upgrade', 'Upgrade: echo'] })
          const status = (await client.answer())?.status
          await statThat(scene.subject, 'one running', (one) => near(1)(one.concurrency))
          client.close()
          await statThat(scene.subject, 'none running', (one) => one.concurrency === 0)
          return status
        },
        101,
      ),
    ],
  },
  {
    name: 'stats: the report',
    environment: { SERVING_POD: POD_253 },
    scenarios: [
      same(
        'a report is there from the start, and it has nothing in it but names and times',
        async ({ subject }) => {
          const { uptime, ...rest } = await statThat(subject, 'anything', () => true)
          return { ...rest, uptime: uptime < 60 }
        },
        { podName: POD_253, concurrency: 0, proxiedConcurrency: 0, count: 0, proxiedCount: 0, uptime: true },
      ),
      same(
        'whatever is accepted gets protobuf, of the exact type and within the size that the autoscaler reads',
        async ({ subject }) => {
          await statThat(subject, 'a first window', (one) => one.uptime > 0)
          const ask = async (fields: string[], method = 'GET') => {
            const client = await Client.open(subject.ports.autoscaling)
            const answer = await client.asks('/metrics', { fields, method })
            client.close()
            const bytes = Buffer.from(answer.body, 'latin1')
            return [
              answer.status,
              answer.fields.get('content-type'),
              bytes.length <= 336,
              decodeStat(bytes).podName === POD_253,
            ]
          }
          return [
            await ask([]),
            await ask(['Accept: application/protobuf']),
            await ask(['Accept: text/plain']),
            await ask([], 'POST'),
          ]
        },
        Array.from({ length: 4 }, () => [200, 'application/protobuf', true, true]),
      ),
      same(
        'other paths are not found',
        async (scene) => {
          const { autoscaling, admin } = scene.subject.ports
          const ask = async (port: number, path: string) => (await scene.asks(path, {}, port)).status
          return [
            await ask(autoscaling, '/'),
            await ask(autoscaling, '/metrics/'),
            await ask(admin, '/healthz'),
          ]
        },
        [404, 404, 404],
      ),
    ],
  },
]
