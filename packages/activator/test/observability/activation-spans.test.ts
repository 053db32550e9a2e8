import { type Sampling, DEFAULT_BATCHING, Tracing } from '@pilotlight/telemetry'
import t from 'tap'
import { ColdStart } from '../../src/cold-starts/cold-start.ts'
import { ColdWait } from '../../src/cold-starts/cold-wait.ts'
import { ActivationSpans } from '../../src/observability/activation-spans.ts'
import { HELLO } from '../support/told-platform.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

interface Line {
  readonly name: string
  readonly kind: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startTime: string
  readonly endTime: string
  readonly status: string
  readonly attributes: Record<string, unknown>
}

async function setUp(kind: Sampling['kind'] = 'always') {
  let text = ''
  const settings = {
    ...DEFAULT_BATCHING,
    batchMax: 2048,
    protocol: 'stdout',
    endpoint: '',
    sampling: { kind, ratio: 1, followsParent: false },
  } as const
  const unexpected = (): void => void t.fail('nothing is exported over the network')
  const events = { onExportFailing: unexpected, onExportRecovered: unexpected }
  const tracing = await Tracing.start(settings, {}, events, (more) => (text += more))
  const finish = async (): Promise<Line[]> => {
    await tracing.stop()
    const lines = text.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as Line)
  }
  return { tracing, finish }
}

const FACTS = {
  method: 'POST',
  target: '/a/b?secret=1',
  scheme: 'http',
  host: 'hello.test',
  userAgent: '',
  peerAddress: '10.0.0.1',
  peerPort: 4321,
  isHttp2: false,
  traceparent: `00-${TRACE}-${SPAN}-01`,
  tracestate: '',
  baggage: '',
} as const

t.test('a request has the spans of Knative, in their order and below each other', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new ActivationSpans(tracing, FACTS, HELLO)
  const outgoing = spans.onDispatch('10.0.0.9:8012')
  spans.onResponse(200)
  spans.onDone('ok', 200)
  const [wait, client, proxy, server] = await finish()
  t.strictSame(
    [wait.name, client.name, proxy.name, server.name],
    ['throttler_try', 'POST /a/b', 'activator_proxy', 'POST'],
  )
  t.equal(server.parentSpanId, SPAN)
  t.strictSame([wait.parentSpanId, proxy.parentSpanId], [server.spanId, server.spanId])
  t.equal(client.parentSpanId, proxy.spanId)
  t.match(server.attributes, {
    'kn.service.name': 'hello',
    'kn.configuration.name': 'hello',
    'kn.revision.name': 'hello-00001',
    'k8s.namespace.name': 'default',
    'url.path': '/a/b',
  })
  t.equal(
    outgoing.traceparent,
    `00-${TRACE}-${client.spanId}-01`,
    'the sidecar goes on below the client span',
  )
})

t.test(
  'a request that is sent again has a span for each time it was sent and each time it waited',
  async (t) => {
    const { tracing, finish } = await setUp()
    const spans = new ActivationSpans(tracing, FACTS, HELLO)
    spans.onDispatch('10.0.0.8:8012')
    spans.onWaiting()
    spans.onDispatch('10.0.0.9:8012')
    spans.onResponse(503)
    spans.onDone('ok', 503)
    const lines = await finish()
    const named = (name: string): Line[] => lines.filter((line) => line.name === name)
    t.strictSame(
      named('POST /a/b').map(({ status, attributes }) => [status, attributes['server.address']]),
      [
        ['error', '10.0.0.8:8012'],
        ['error', '10.0.0.9:8012'],
      ],
    )
    t.equal(named('throttler_try').length, 2)
    t.equal(named('activator_proxy').length, 1)
    t.equal(named('POST')[0].status, 'error')
  },
)

t.test('a request that is turned away while it waits ends its wait as failed', async (t) => {
  const { tracing, finish } = await setUp()
  const spans = new ActivationSpans(tracing, FACTS, HELLO)
  spans.onDone('client-gone', 0)
  const [wait, server] = await finish()
  t.match(wait, { name: 'throttler_try', status: 'error' })
  t.equal(server.attributes['http.response.status_code'], 499)
})

t.test(
  'a request that waited for a cold start has a span for each phase, below the server span',
  async (t) => {
    const { tracing, finish } = await setUp()
    let now = 100
    const coldStart = new ColdStart({
      id: 'cold-1',
      name: HELLO,
      queuedAt: 100,
      startedAt: 0,
      scaling: null,
      now: () => now,
      onOver: () => {},
    })
    const wait = new ColdWait(coldStart, 'r-1', 100)
    coldStart.join(wait)
    const spans = new ActivationSpans(tracing, FACTS, HELLO)
    t.match(spans.traceResponse, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
    now = 110
    coldStart.onWoken()
    now = 150
    coldStart.onAnswered('10.0.0.9:8012', { listeningMs: 15, readyMs: 5 })
    spans.onDispatch('10.0.0.9:8012')
    Object.assign(wait, { dispatchedAt: 150, address: '10.0.0.9:8012' })
    coldStart.onDispatched(wait)
    wait.firstByteAt = 160
    coldStart.onFirstByte(wait)
    const arrived = Date.UTC(2026, 0, 1)
    spans.onColdStart(wait, 170, arrived + 70)
    spans.onDone('ok', 200)
    const lines = await finish()
    const server = lines.find(({ name }) => name === 'POST')!
    const phases = lines.filter(({ name }) => name.startsWith('cold_start.'))
    t.strictSame(
      phases.map(({ name, startTime, endTime }) => [
        name,
        Date.parse(startTime) - arrived,
        Date.parse(endTime) - arrived,
      ]),
      [
        ['cold_start.woken', 0, 10],
        ['cold_start.listening', 10, 35],
        ['cold_start.ready', 35, 45],
        ['cold_start.dispatched', 45, 50],
        ['cold_start.first-byte', 50, 60],
      ],
    )
    for (const { parentSpanId, attributes } of phases) {
      t.equal(parentSpanId, server.spanId)
      t.strictSame(attributes, { 'pilotlight.cold_start.id': 'cold-1', 'pilotlight.request.id': 'r-1' })
    }
  },
)

t.test('a request that is not sampled records nothing and is still the parent of the next', async (t) => {
  const { tracing, finish } = await setUp('never')
  const spans = new ActivationSpans(tracing, FACTS, HELLO)
  t.equal(spans.traceResponse, '')
  t.match(spans.onDispatch('10.0.0.9:8012').traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))
  spans.onDone('ok', 200)
  t.strictSame(await finish(), [])
})
