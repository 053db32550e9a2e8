import { MetricRegistry } from '@pilotlight/telemetry'
import t from 'tap'
import { type HttpAttributes, type HttpFacts, HttpMetrics, HttpOwner } from '../src/http-metrics.ts'
import { KNOWN_METHODS } from '../src/known-methods.ts'

type Series = readonly [attributes: Record<string, unknown>, count: number, sum: number]

function setUp(attributes: HttpAttributes) {
  const registry = new MetricRegistry()
  const metrics = new HttpMetrics(registry, attributes)
  /** Series of a family that have something, without attributes that are empty. */
  const read = (name: string): Series[] => {
    const family = registry.collect().find((one) => one.description.name === name)!
    const { attributes: names } = family.description
    return [...family.series()].map(({ values, instrument }) => {
      if (!('observe' in instrument)) throw new Error(`${name} is no histogram`)
      const pairs = names.map((one, i) => [one, values[i]]).filter(([, value]) => value !== '')
      return [Object.fromEntries(pairs) as Record<string, unknown>, instrument.count, instrument.sum]
    })
  }
  return { registry, metrics, read }
}

const facts = (overrides: Partial<HttpFacts> = {}): HttpFacts => ({
  method: 'GET',
  status: 200,
  outcome: 'ok',
  startedAtMs: 1000,
  dispatchedAtMs: 1500,
  doneAtMs: 2500,
  requestBytes: 10,
  responseBytes: 20,
  isHttp2: false,
  isHttp10: false,
  isEncrypted: false,
  upstreamIsHttp2: false,
  ...overrides,
})

const REVISION = { owner: ['k8s.namespace.name', 'kn.revision.name'], upstream: [] }
const GET = {
  'http.request.method': 'GET',
  'url.scheme': 'http',
  'network.protocol.name': 'http',
  'network.protocol.version': '1.1',
  'http.response.status_code': 200,
}

t.test(
  'families have the names of Knative, and the attributes of the service behind those of HTTP',
  async (t) => {
    const { registry } = setUp({ owner: ['kn.route.tag'], upstream: ['server.address', 'server.port'] })
    const families = registry.collect().map(({ description }) => description)
    t.strictSame(
      families.map(({ name, prometheusName }) => [name, prometheusName]),
      [
        ['http.server.request.duration', 'http_server_request_duration_seconds'],
        ['http.server.request.body.size', 'http_server_request_body_size_bytes'],
        ['http.server.response.body.size', 'http_server_response_body_size_bytes'],
        ['http.client.request.duration', 'http_client_request_duration_seconds'],
        ['http.client.request.body.size', 'http_client_request_body_size_bytes'],
      ],
    )
    const server = [...Object.keys(GET), 'kn.route.tag']
    const [method, scheme, ...rest] = Object.keys(GET)
    const client = [method, scheme, 'server.address', 'server.port', ...rest, 'error.type', 'kn.route.tag']
    t.strictSame(
      families.map(({ attributes }) => attributes),
      [server, server, server, client, client],
    )
  },
)

t.test('requests of different owners are never counted together', async (t) => {
  const { metrics, read } = setUp(REVISION)
  const a = new HttpOwner(['ns', 'a'], [])
  const b = new HttpOwner(['ns', 'b'], [])
  for (const owner of [a, b, a]) {
    metrics.measureServer(owner, facts())
    metrics.measureClient(owner, facts())
  }
  const of = (revision: string) => ({ ...GET, 'k8s.namespace.name': 'ns', 'kn.revision.name': revision })
  t.strictSame(read('http.server.request.duration'), [
    [of('a'), 2, 3],
    [of('b'), 1, 1.5],
  ])
  t.strictSame(read('http.client.request.duration'), [
    [of('a'), 2, 2],
    [of('b'), 1, 1],
  ])
  t.strictSame(read('http.server.response.body.size'), [
    [of('a'), 2, 40],
    [of('b'), 1, 20],
  ])
})

t.test('every method, version, scheme and status has a series of its own', async (t) => {
  const { metrics, read } = setUp(REVISION)
  const owner = new HttpOwner(['ns', 'a'], [])
  const seen = new Set<string>()
  for (const method of KNOWN_METHODS)
    for (const version of [{}, { isHttp2: true }, { isHttp10: true }])
      for (const isEncrypted of [false, true])
        for (const status of [100, 200, 599]) {
          metrics.measureServer(owner, facts({ method, isEncrypted, status, ...version }))
          seen.add(JSON.stringify([method, version, isEncrypted, status]))
        }
  const series = read('http.server.request.duration')
  t.equal(series.length, seen.size)
  t.ok(series.every(([, count]) => count === 1))
  const combinations = series.map(([attributes]) => JSON.stringify(attributes))
  t.equal(new Set(combinations).size, seen.size)
})

t.test('what an app or a client makes up shares one series', async (t) => {
  const { metrics, read } = setUp(REVISION)
  const owner = new HttpOwner(['ns', 'a'], [])
  for (const status of [0, 99, 600, 999]) metrics.measureServer(owner, facts({ status }))
  for (const method of ['PURGE', 'X', 'get!']) metrics.measureServer(owner, facts({ method }))
  t.match(
    read('http.server.request.duration').map(([attributes, count]) => [
      attributes['http.request.method'],
      attributes['http.response.status_code'],
      count,
    ]),
    [
      ['GET', 0, 4],
      ['_OTHER', 200, 3],
    ],
  )
})

t.test('towards the upstream a failure stands in place of a status', async (t) => {
  const { metrics, read } = setUp({ owner: [], upstream: ['server.port'] })
  const owner = new HttpOwner([], [8080])
  metrics.measureClient(owner, facts({ upstreamIsHttp2: true }))
  for (const outcome of ['client-gone', 'refused', 'timeout', 'upstream-failed'] as const)
    metrics.measureClient(owner, facts({ status: 502, outcome }))
  const series = read('http.client.request.duration')
  t.match(series[0][0], { 'network.protocol.version': '2.0', 'server.port': 8080 })
  t.strictSame(
    series.map(([attributes]) => attributes['error.type'] ?? attributes['http.response.status_code']),
    [200, 'client-gone', 'refused', 'timeout', 'upstream-failed'],
  )
  t.ok(series.slice(1).every(([attributes]) => !('http.response.status_code' in attributes)))
})
