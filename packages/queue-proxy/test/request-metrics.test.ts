import { type HistogramFamily, MetricRegistry, SERIES_MAX } from '@pilotlight/telemetry'
import fc from 'fast-check'
import t from 'tap'
import { type Figures, REFUSAL_REASONS, type RequestFacts, RequestMetrics } from '../src/request-metrics.ts'
import { KNOWN_METHODS } from '@pilotlight/service'

const APP_PORT = 8080

function setUp() {
  const registry = new MetricRegistry()
  const figures: { -readonly [Name in keyof Figures]: Figures[Name] } = {
    pending: 0,
    slotsUsed: 0,
    slotsFree: 10,
    waiting: 0,
    inFlight: 0,
    appProtocol: '',
    drainState: 'idle',
  }
  const metrics = new RequestMetrics(registry, APP_PORT, () => figures)
  /** Series of a family that have something, as attributes and a number, or a count and a sum. */
  const read = (name: string): [Record<string, unknown>, number, number?][] => {
    const family = registry.collect().find((one) => one.description.name === name)!
    const found: [Record<string, unknown>, number, number?][] = []
    const { attributes: names } = family.description
    for (const { values, instrument } of family.series()) {
      const pairs = names.map((one, i) => [one, values[i]]).filter(([, value]) => value !== '')
      const attributes = Object.fromEntries(pairs)
      if ('observe' in instrument) found.push([attributes, instrument.count, instrument.sum])
      else if (!Number.isNaN(instrument.value)) found.push([attributes, instrument.value])
    }
    return found
  }
  return { registry, metrics, figures, read }
}

const facts = (overrides: Partial<RequestFacts> = {}): RequestFacts => ({
  method: 'GET',
  status: 200,
  outcome: 'ok',
  isAnyProbe: false,
  isForwarded: true,
  startedAtMs: 1000,
  dispatchedAtMs: 1500,
  doneAtMs: 2500,
  requestBytes: 10,
  responseBytes: 20,
  isHttp2: false,
  isHttp10: false,
  isEncrypted: false,
  upstreamIsHttp2: false,
  routeTag: 'kn:disabled',
  ...overrides,
})

t.test('a request of a second counts once, in the bucket of a second', async (t) => {
  const { metrics, read, registry } = setUp()
  metrics.onDone(facts())
  t.strictSame(read('kn.serving.invocation.duration'), [[{ 'http.response.status_code': 200 }, 1, 1]])
  const family = registry.collect().find((one) => one.description.name === 'kn.serving.invocation.duration')!
  const [{ instrument }] = [...family.series()]
  t.strictSame('counts' in instrument && instrument.counts(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
  const server = {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'network.protocol.name': 'http',
    'network.protocol.version': '1.1',
    'http.response.status_code': 200,
    'kn.route.tag': 'kn:disabled',
  }
  t.strictSame(
    read('http.server.request.duration'),
    [[server, 1, 1.5]],
    'the wait for a slot is the client s time too',
  )
  t.strictSame(read('http.server.request.body.size'), [[server, 1, 10]])
  t.strictSame(read('http.server.response.body.size'), [[server, 1, 20]])
  const client = { ...server, 'server.address': '127.0.0.1', 'server.port': APP_PORT }
  t.strictSame(read('http.client.request.duration'), [[client, 1, 1]])
  t.strictSame(read('http.client.request.body.size'), [[client, 1, 10]])
})

t.test('a probe is measured towards the app only', async (t) => {
  const { metrics, read } = setUp()
  metrics.onDone(facts({ isAnyProbe: true }))
  t.strictSame(read('kn.serving.invocation.duration'), [])
  t.strictSame(read('http.server.request.duration'), [])
  t.equal(read('http.client.request.duration').length, 1)
})

t.test('a request that never reached the app is measured towards its client only', async (t) => {
  const { metrics, read } = setUp()
  metrics.onRefused('queue-full')
  metrics.onDone(facts({ isForwarded: false, status: 503, outcome: 'refused' }))
  t.strictSame(read('kn.serving.invocation.duration'), [])
  t.strictSame(read('http.client.request.duration'), [])
  t.match(read('http.server.request.duration'), [[{ 'http.response.status_code': 503 }, 1, 1.5]])
  const counts = Object.fromEntries(read('pilotlight.refusals').map(([{ reason }, count]) => [reason, count]))
  t.strictSame(counts, {
    ...Object.fromEntries(REFUSAL_REASONS.map((reason) => [reason, 0])),
    'queue-full': 1,
  })
})

t.test('a client that left counts as 499, and as one that left', async (t) => {
  const { metrics, read } = setUp()
  metrics.onDone(facts({ outcome: 'client-gone', status: 0 }))
  metrics.onDone(facts({ outcome: 'client-gone', status: 200 }))
  t.strictSame(read('kn.serving.invocation.duration'), [[{ 'http.response.status_code': 499 }, 2, 2]])
  t.match(read('http.server.request.duration'), [[{ 'http.response.status_code': 499 }, 2, 3]])
  const [[client]] = read('http.client.request.duration')
  t.equal(client['error.type'], 'client-gone')
  t.notOk('http.response.status_code' in client)
  t.strictSame(read('pilotlight.clients_gone'), [[{}, 2]])
})

t.test('an upgraded connection is a 101, however it ends', async (t) => {
  const { metrics, read } = setUp()
  for (const outcome of ['ok', 'client-gone', 'timeout', 'upstream-failed'] as const)
    metrics.onDone(facts({ status: 101, outcome }))
  t.strictSame(read('kn.serving.invocation.duration'), [[{ 'http.response.status_code': 101 }, 4, 4]])
  t.match(read('http.client.request.duration'), [[{ 'http.response.status_code': 101 }, 4]])
  t.strictSame(read('pilotlight.clients_gone'), [[{}, 0]])
})

t.test('a response that was cut counts as 500', async (t) => {
  const { metrics, read } = setUp()
  metrics.onDone(facts({ outcome: 'upstream-failed', status: 200 }))
  t.match(read('kn.serving.invocation.duration'), [[{ 'http.response.status_code': 500 }, 1]])
  t.match(read('http.server.request.duration'), [[{ 'http.response.status_code': 500 }, 1]])
  t.match(read('http.client.request.duration'), [[{ 'error.type': 'upstream-failed' }, 1]])
})

t.test('protocols and schemes are told apart', async (t) => {
  const { metrics, read } = setUp()
  metrics.onDone(facts({ isHttp2: true, isEncrypted: true, upstreamIsHttp2: true }))
  metrics.onDone(facts({ isHttp10: true }))
  t.match(read('http.server.request.duration'), [
    [{ 'url.scheme': 'https', 'network.protocol.version': '2.0' }, 1],
    [{ 'url.scheme': 'http', 'network.protocol.version': '1.0' }, 1],
  ])
  t.match(read('http.client.request.duration'), [
    [{ 'url.scheme': 'http', 'network.protocol.version': '2.0' }, 1],
    [{ 'network.protocol.version': '1.1' }, 1],
  ])
})

t.test('methods that are not known share one label, in whatever case they come', async (t) => {
  const { metrics, read } = setUp()
  for (const method of ['get', 'GET', 'Patch', 'PROPFIND', 'X'.repeat(100_000), ''])
    metrics.onDone(facts({ method }))
  const counts = read('http.server.request.duration').map(([attributes, count]) => [
    attributes['http.request.method'],
    count,
  ])
  t.strictSame(counts, [
    ['GET', 2],
    ['PATCH', 1],
    ['_OTHER', 3],
  ])
})

t.test('a status that is none is 0', async (t) => {
  const { metrics, read } = setUp()
  for (const status of [99, 600, 999]) metrics.onDone(facts({ status }))
  t.strictSame(read('kn.serving.invocation.duration'), [[{ 'http.response.status_code': 0 }, 3, 3]])
  t.match(read('http.server.request.duration'), [[{ 'http.response.status_code': 0 }, 3]])
})

t.test('route tags are labels, but only so many and so long', async (t) => {
  const { metrics, read } = setUp()
  metrics.onDone(facts({ routeTag: 'x'.repeat(64) }))
  for (let i = 0; i < 1000; i++) metrics.onDone(facts({ routeTag: `tag-${i}` }))
  metrics.onDone(facts({ routeTag: 'tag-3' }))
  const counts = new Map(
    read('http.server.request.duration').map(([attributes, count]) => [attributes['kn.route.tag'], count]),
  )
  t.equal(counts.size, 65)
  t.equal(counts.get('tag-3'), 2)
  t.equal(counts.get('_OTHER'), 1 + 1000 - 64)
})

t.test('whatever requests say, every one of them counts once and series are bounded', async (t) => {
  const { metrics, registry } = setUp()
  const anything = fc.string({ maxLength: 80 })
  const request = fc.record({
    method: fc.oneof(fc.constantFrom(...KNOWN_METHODS), anything),
    status: fc.nat(1000),
    outcome: fc.constantFrom('ok', 'client-gone', 'refused', 'timeout', 'upstream-failed' as const),
    isForwarded: fc.boolean(),
    isHttp2: fc.boolean(),
    isEncrypted: fc.boolean(),
    upstreamIsHttp2: fc.boolean(),
    routeTag: anything,
  })
  const total = { server: 0, client: 0 }
  fc.assert(
    fc.property(fc.array(request, { minLength: 20, maxLength: 50 }), (requests) => {
      for (const one of requests) {
        metrics.onDone(facts(one))
        total.server++
        if (one.isForwarded) total.client++
      }
    }),
    { seed: Number(process.env['FUZZ_SEED'] ?? 20261121), numRuns: Number(process.env['FUZZ_RUNS'] ?? 200) },
  )
  const counted = (name: string): { series: number; count: number } => {
    const family = registry.collect().find((one) => one.description.name === name) as HistogramFamily
    const instruments = Array.from(family.series(), ({ instrument }) => instrument)
    if (family.overflow !== null) instruments.push(family.overflow)
    return { series: instruments.length, count: instruments.reduce((sum, { count }) => sum + count, 0) }
  }
  t.ok(total.server > 1000)
  for (const [name, expected] of [
    ['http.server.request.duration', total.server],
    ['http.client.request.duration', total.client],
    ['kn.serving.invocation.duration', total.client],
  ] as const) {
    const { series, count } = counted(name)
    t.equal(count, expected, name)
    t.ok(series <= SERIES_MAX + 1, `${series} series of ${name}`)
  }
})

t.test(
  'gauges are read when they are asked for; without a limit those of the limit are not there',
  async (t) => {
    const { figures, read } = setUp()
    Object.assign(figures, {
      pending: 3,
      slotsUsed: 2,
      slotsFree: 0,
      waiting: 1,
      inFlight: 4,
      appProtocol: 'h2c',
    })
    t.strictSame(read('kn.serving.queue.depth'), [[{}, 3]])
    t.strictSame(read('pilotlight.slots.used'), [[{}, 2]])
    t.strictSame(read('pilotlight.slots.free'), [[{}, 0]])
    t.strictSame(read('pilotlight.requests.waiting'), [[{}, 1]])
    t.strictSame(read('pilotlight.requests.in_flight'), [[{}, 4]])
    t.strictSame(read('pilotlight.app.protocol'), [
      [{ protocol: 'http1' }, 0],
      [{ protocol: 'h2c' }, 1],
    ])
    figures.pending = 0
    figures.drainState = 'draining'
    t.strictSame(read('kn.serving.queue.depth'), [[{}, 0]], 'and not what it was at the last admission')
    t.strictSame(read('pilotlight.drain.state'), [
      [{ state: 'idle' }, 0],
      [{ state: 'draining' }, 1],
      [{ state: 'drained' }, 0],
    ])
    Object.assign(figures, {
      pending: Number.NaN,
      slotsUsed: Number.NaN,
      slotsFree: Number.NaN,
      waiting: Number.NaN,
    })
    for (const name of ['kn.serving.queue.depth', 'pilotlight.slots.used', 'pilotlight.slots.free'])
      t.strictSame(read(name), [], name)
  },
)
