import type { Exchange } from '@pilotlight/relay'
import { DEFAULT_BATCHING, type Sampling, SpanKind, Tracing } from '@pilotlight/telemetry'
import t from 'tap'
import { HTTP_SCOPE } from '../src/http-metrics.ts'
import { endFailed, noteResponse, ServerSpan, setTrace, type TraceFacts } from '../src/server-span.ts'
import { requestHead, valuesOf } from './support/request-head.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const ALWAYS: Sampling = { kind: 'always', ratio: 1, followsParent: false }
const NEVER: Sampling = { kind: 'never', ratio: 0, followsParent: false }

interface Line {
  readonly name: string
  readonly kind: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly status: string
  readonly attributes: Record<string, unknown>
}

async function setUp(sampling: Sampling) {
  let text = ''
  const settings = {
    ...DEFAULT_BATCHING,
    batchMax: 2048,
    protocol: 'stdout',
    endpoint: '',
    sampling,
  } as const
  const unexpected = (): void => void t.fail('nothing is exported over the network')
  const events = { onExportFailing: unexpected, onExportRecovered: unexpected }
  const tracing = await Tracing.start(settings, {}, events, (more) => (text += more))
  /** Spans by name. */
  const finish = async (): Promise<Map<string, Line>> => {
    await tracing.stop()
    const lines = text.split('\n').filter((line) => line !== '')
    return new Map(lines.map((line) => JSON.parse(line) as Line).map((line) => [line.name, line]))
  }
  return { tracing, finish }
}

const facts = (overrides: Partial<TraceFacts> = {}): TraceFacts => ({
  method: 'GET',
  target: '/a?secret=1',
  scheme: 'http',
  host: 'h:8080',
  userAgent: 'curl/8',
  peerAddress: '10.0.0.1',
  peerPort: 4321,
  isHttp2: false,
  traceparent: `00-${TRACE}-${PARENT}-01`,
  tracestate: 'v=1',
  baggage: '',
  ...overrides,
})

t.test('the span has the attributes of HTTP and those of the service', async (t) => {
  const { tracing, finish } = await setUp(ALWAYS)
  new ServerSpan(tracing, facts(), () => ({ 'kn.revision.name': 'rev' })).end('ok', 204)
  const span = (await finish()).get('GET')!
  t.match(span, { traceId: TRACE, parentSpanId: PARENT })
  t.strictSame(span.attributes, {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'url.path': '/a',
    'network.protocol.name': 'http',
    'network.protocol.version': '1.1',
    'network.peer.address': '10.0.0.1',
    'network.peer.port': 4321,
    'server.address': 'h',
    'server.port': 8080,
    'user_agent.original': 'curl/8',
    'kn.revision.name': 'rev',
    'http.response.status_code': 204,
  })
})

t.test('attributes of the service are not asked for when nothing is recorded', async (t) => {
  const { tracing, finish } = await setUp(NEVER)
  const span = new ServerSpan(tracing, facts(), () => t.fail('asked') as never)
  t.equal(span.isRecording, false)
  t.match(span.outgoing(span.span!).traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))
  span.end('ok', 200)
  t.equal((await finish()).size, 0)
})

t.test('without a span of its own the trace of the caller does not go on', async (t) => {
  const { tracing, finish } = await setUp(ALWAYS)
  const span = new ServerSpan(tracing, facts(), null, false)
  t.equal(span.span, null)
  t.equal(span.isNewTrace, true)
  t.equal(span.isRecording, true, 'what is below it may be recorded')
  span.end('ok', 200)
  t.equal((await finish()).size, 0)
})

t.test(
  'what goes on names the given span as its parent, in the state of the caller or in none',
  async (t) => {
    const { tracing, finish } = await setUp(ALWAYS)
    for (const [traceparent, isNew, state] of [
      [`00-${TRACE}-${PARENT}-01`, false, ['v=1']],
      ['broken', true, []],
    ] as const) {
      const server = new ServerSpan(tracing, facts({ traceparent }), null)
      t.equal(server.isNewTrace, isNew)
      const client = tracing.startSpan(HTTP_SCOPE, 'out', SpanKind.Client, server.span, {})
      const request = requestHead(`traceparent: ${traceparent}`, 'tracestate: v=1')
      setTrace({ request } as unknown as Exchange, server, server.outgoing(client))
      const { traceId, spanId } = client.spanContext()
      t.strictSame(valuesOf(request, 'traceparent'), [`00-${traceId}-${spanId}-01`])
      t.equal(traceId === TRACE, !isNew)
      t.strictSame(valuesOf(request, 'tracestate'), state)
      client.end()
      server.end('ok', 200)
    }
    await finish()
  },
)

t.test('what failed says so, and what it was', async (t) => {
  const { tracing, finish } = await setUp(ALWAYS)
  const server = new ServerSpan(tracing, facts(), null)
  const child = (name: string) => tracing.startSpan(HTTP_SCOPE, name, SpanKind.Client, server.span, {})
  const [answered, failed] = [child('answered'), child('failed')]
  noteResponse(answered, 404)
  answered.end()
  endFailed(failed, 'connect-refused')
  endFailed(null, 'nobody minds')
  server.end('upstream-failed', 200)
  const spans = await finish()
  t.match(spans.get('answered')?.attributes, { 'http.response.status_code': 404, 'error.type': '404' })
  t.match(spans.get('failed')?.attributes, { 'error.type': 'connect-refused' })
  t.match(
    spans.get('GET')?.attributes,
    { 'http.response.status_code': 500, 'error.type': 'upstream-failed' },
    'a response that was cut',
  )
})
