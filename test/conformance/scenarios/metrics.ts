import type { H1Request } from '../support/app.ts'
import { differs, type Group, same } from '../support/scenario.ts'
import type { Scene } from '../support/scene.ts'
import { eventually } from '../support/within.ts'

const PROMETHEUS = {
  OBSERVABILITY_CONFIG: '{"requestMetrics":{"protocol":"prometheus"}}',
  SERVING_SERVICE: 'hello',
  HOSTNAME: 'a-host',
}

/** One sample of the exposition. */
interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const samplesOf = (text: string): Sample[] =>
  text
    .split('\n')
    .filter((one) => one !== '' && !one.startsWith('#'))
    .map((one) => {
      const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(one)!
      const pairs = Array.from(labels.matchAll(/(\w+)="([^"]*)"/g), ([, key, text]) => [key, text] as const)
      return { name, labels: Object.fromEntries(pairs), value: Number(value) }
    })

const scrape = async (scene: Scene): Promise<Sample[]> =>
  samplesOf((await scene.asks('/metrics', {}, scene.subject.ports.metrics)).body)

const INVOCATIONS = 'kn_serving_invocation_duration_seconds_count'

/** How many invocations were counted with this status. */
const invocations = async (scene: Scene, status: number): Promise<number> =>
  (await scrape(scene)).find(
    ({ name, labels }) => name === INVOCATIONS && labels['http_response_status_code'] === String(status),
  )?.value ?? 0

/** How many more there are after `act`. */
const more = async (scene: Scene, status: number, act: () => Promise<unknown>): Promise<number> => {
  const before = await invocations(scene, status)
  await act()
  await eventually(
    'the count',
    () => invocations(scene, status),
    (count) => count > before,
  )
  return (await invocations(scene, status)) - before
}

const HISTOGRAMS = [
  'http_client_request_body_size_bytes',
  'http_client_request_duration_seconds',
  'http_server_request_body_size_bytes',
  'http_server_request_duration_seconds',
  'http_server_response_body_size_bytes',
  'kn_serving_invocation_duration_seconds',
]

export const metrics: Group[] = [
  {
    name: 'metrics: Prometheus',
    environment: { ...PROMETHEUS, CONTAINER_CONCURRENCY: '10' },
    scenarios: [
      same(
        'the names of what is measured',
        async (scene) => {
          await scene.asks('/', { method: 'POST', body: 'hello' })
          const names = new Set((await scrape(scene)).map(({ name }) => name))
          return [
            HISTOGRAMS.filter(
              (name) => names.has(`${name}_bucket`) && names.has(`${name}_sum`) && names.has(`${name}_count`),
            ),
            names.has('kn_serving_queue_depth'),
            names.has('target_info'),
          ]
        },
        [HISTOGRAMS, true, true],
      ),
      same(
        'bounds and labels of the invocations',
        async (scene) => {
          const all = await scrape(scene)
          const buckets = all.filter(({ name }) => name === 'kn_serving_invocation_duration_seconds_bucket')
          const { labels } = buckets[0]
          return [
            [...new Set(buckets.map((one) => one.labels['le']))],
            labels['http_response_status_code'],
            labels['otel_scope_name'],
          ]
        },
        [
          [
            '0.005',
            '0.01',
            '0.025',
            '0.05',
            '0.075',
            '0.1',
            '0.25',
            '0.5',
            '0.75',
            '1',
            '2.5',
            '5',
            '7.5',
            '10',
            '+Inf',
          ],
          '200',
          'knative.dev/serving/pkg/queue',
        ],
      ),
      same(
        'labels of the server',
        async (scene) => {
          const one = (await scrape(scene)).find(
            ({ name }) => name === 'http_server_request_duration_seconds_count',
          )
          const { labels } = one!
          return [
            'http_request_method',
            'http_response_status_code',
            'url_scheme',
            'network_protocol_version',
            'kn_route_tag',
          ].map((name) => labels[name])
        },
        ['POST', '200', 'http', '1.1', 'kn:disabled'],
      ),
      same(
        'who it is',
        async (scene) => {
          const { labels } = (await scrape(scene)).find(({ name }) => name === 'target_info')!
          return [
            'service_name',
            'k8s_namespace_name',
            'kn_service_name',
            'kn_revision_name',
            'container_name',
          ].map((name) => labels[name])
        },
        ['hello', 'default', 'hello', 'hello-00001', 'queue-proxy'],
      ),
      same('one request is one invocation', (scene) => more(scene, 200, () => scene.asks('/')), 1),
      same(
        'an answer that was cut is one with 500',
        (scene) =>
          more(scene, 500, async () => {
            const head = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n'
            scene.app.on('/cut', (request) => (request as H1Request).socket.end(`${head}3\r\nfoo\r\n`))
            await scene.asks('/cut')
          }),
        1,
      ),
      differs(
        'a client that leaves',
        'client-gone-is-499',
        async (scene) => {
          const held = scene.app.holds('/left')
          const leaves = async () => {
            const client = await scene.client()
            client.sends('/left')
            await held.next()
            client.close()
          }
          return scene.kind === 'knative'
            ? [await more(scene, 200, leaves), 200]
            : [await more(scene, 499, leaves), 499]
        },
        [1, 200],
        [1, 499],
      ),
      same(
        'probes are no invocations',
        async (scene) =>
          more(scene, 200, async () => {
            await scene.asks('/', { fields: ['User-Agent: kube-probe/1.31', 'K-Network-Probe: queue'] })
            await scene.asks('/', { fields: ['K-Kubelet-Probe: x'] })
            await scene.asks('/', { fields: ['K-Network-Probe: queue'] })
            await scene.asks('/')
          }),
        1,
      ),
      same(
        'requests that are running are in the queue',
        async (scene) => {
          const held = scene.app.holds('/running')
          const clients = await scene.sendsMany(3, '/running')
          await held.reaches(3)
          const depth = await eventually(
            'three',
            async () =>
              (await scrape(scene)).find(({ name }) => name === 'kn_serving_queue_depth')?.value ?? 0,
            (value) => value === 3,
          )
          for (const request of held.all) request.respond(200)
          await Promise.all(clients.map((client) => client.answer()))
          return depth
        },
        3,
      ),
      differs(
        'and when they are over they are not',
        'queue-depth-is-current',
        async (scene) => {
          await scene.asks('/')
          const { value } = (await scrape(scene)).find(({ name }) => name === 'kn_serving_queue_depth')!
          return value
        },
        1,
        0,
      ),
      same(
        'other methods and paths',
        async (scene) => {
          const { metrics } = scene.subject.ports
          return [
            (await scene.asks('/metrics', { method: 'POST', body: '' }, metrics)).status,
            (await scene.asks('/', {}, metrics)).status,
          ]
        },
        [405, 404],
      ),
    ],
  },
  {
    name: 'metrics: without a limit',
    environment: PROMETHEUS,
    scenarios: [
      same(
        'there is no queue',
        async (scene) => {
          await scene.asks('/')
          return (await scrape(scene)).filter(({ name }) => name === 'kn_serving_queue_depth')
        },
        [],
      ),
    ],
  },
]
