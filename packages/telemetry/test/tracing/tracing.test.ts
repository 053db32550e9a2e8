import t from 'tap'
import type { ExportEvents } from '../../src/metrics/export-health.ts'
import {
  DEFAULT_BATCHING,
  SPAN_ERROR,
  SpanKind,
  Tracing,
  type TracingSettings,
} from '../../src/tracing/tracing.ts'
import { OtlpCollector } from '../metrics/support/otlp-collector.ts'
import { readSpans, type SeenSpan } from '../metrics/support/otlp-messages.ts'

const SCOPE = { name: 'the/scope', version: '1.2' }
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const NEVER: ExportEvents = {
  onExportFailing: (problem) => t.fail(problem),
  onExportRecovered: () => t.fail('recovered'),
}
const ALWAYS = { kind: 'always', ratio: 1, followsParent: false } as const
const settings = (endpoint: string, overrides: Partial<TracingSettings> = {}): TracingSettings => ({
  ...DEFAULT_BATCHING,
  protocol: 'http/protobuf',
  endpoint,
  sampling: ALWAYS,
  ...overrides,
})

for (const protocol of ['http/protobuf', 'grpc'] as const)
  t.test(`over ${protocol}, a collector gets spans with their parents`, async (t) => {
    const collector = await (protocol === 'grpc' ? OtlpCollector.grpc() : OtlpCollector.http())
    t.teardown(() => collector.close())
    const endpoint = protocol === 'grpc' ? collector.url : `${collector.url}/v1/traces`
    const tracing = await Tracing.start(settings(endpoint, { protocol }), { 'service.name': 'it' }, NEVER)
    const remote = { traceId: TRACE, spanId: SPAN, flags: 1 }
    const outer = tracing.startSpan(SCOPE, 'outer', SpanKind.Server, remote, { a: 1 }, 'v=1')
    const inner = tracing.startSpan(SCOPE, 'inner', SpanKind.Client, outer, { b: 'x' })
    inner.setStatus({ code: SPAN_ERROR, message: 'no' })
    inner.end()
    outer.end()
    tracing.startSpan(SCOPE, 'alone', SpanKind.Internal, null, {}).end()
    t.equal(await tracing.stop(), true)
    const [{ path, bytes }] = await collector.exports(1)
    t.equal(path, protocol === 'grpc' ? 'trace' : '/v1/traces')
    const spans = Object.fromEntries(readSpans(bytes).map((span) => [span.name, span]))
    t.match(spans['outer'], {
      scope: 'the/scope',
      kind: 2,
      traceId: TRACE,
      parentSpanId: SPAN,
      traceState: 'v=1',
      status: 0,
      attributes: { a: 1 },
    })
    t.match(spans['inner'], {
      kind: 3,
      traceId: TRACE,
      parentSpanId: spans['outer'].spanId,
      traceState: 'v=1',
      status: 2,
      message: 'no',
      attributes: { b: 'x' },
    })
    t.equal(spans['alone'].parentSpanId, '')
    t.not(spans['alone'].traceId, TRACE)
    t.match(spans['alone'].resource, { 'service.name': 'it', 'telemetry.sdk.name': 'opentelemetry' })
  })

t.test('stdout gets a line of JSON for each span', async (t) => {
  let text = ''
  const tracing = await Tracing.start(
    settings('', { protocol: 'stdout' }),
    { 'service.name': 'it' },
    NEVER,
    (more) => (text += more),
  )
  const remote = { traceId: TRACE, spanId: SPAN, flags: 1 }
  tracing.startSpan(SCOPE, 'one\n', SpanKind.Server, remote, { a: 1 }, 'v=1').end()
  tracing.startSpan(SCOPE, 'two', SpanKind.Client, null, {}).end()
  await tracing.stop()
  const lines = text.split('\n')
  t.equal(lines.pop(), '')
  const [one, two] = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  t.match(one, {
    name: 'one\n',
    kind: 'server',
    traceId: TRACE,
    parentSpanId: SPAN,
    traceState: 'v=1',
    scope: 'the/scope',
    status: 'unset',
    attributes: { a: 1 },
    resource: { 'service.name': 'it' },
  })
  t.match(one['startTime'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
  t.ok(Math.abs(Date.parse(String(one['startTime'])) - Date.now()) < 3_600_000)
  t.equal(two['name'], 'two')
  t.notOk('parentSpanId' in two)
})

t.test('sampling follows whoever began the trace, and decides about the rest by share', async (t) => {
  const parent = (flags: number) => ({ traceId: TRACE, spanId: SPAN, flags })
  const isSampled = async (sampling: TracingSettings['sampling'], flags: number | null): Promise<boolean> => {
    const tracing = await Tracing.start(settings('', { protocol: 'stdout', sampling }), {}, NEVER, () => {})
    const span = tracing.startSpan(SCOPE, 'x', SpanKind.Server, flags === null ? null : parent(flags), {})
    const isRecording = span.isRecording()
    t.equal((span.spanContext().traceFlags & 1) === 1, isRecording)
    if (isRecording) span.end()
    await tracing.stop()
    return isRecording
  }
  t.equal(await isSampled(ALWAYS, 0), true, 'always is always')
  const never = { kind: 'never', ratio: 0, followsParent: false } as const
  t.equal(await isSampled(never, 1), false, 'never is never')
  const none = { kind: 'ratio', ratio: 1e-12, followsParent: true } as const
  t.equal(await isSampled(none, 1), true)
  t.equal(await isSampled(none, 0), false)
  t.equal(await isSampled(none, null), false)
  t.equal(await isSampled({ ...none, ratio: 1 }, 0), false)
  t.equal(await isSampled({ ...none, ratio: 1 }, null), true)
  t.equal(await isSampled({ ...none, followsParent: false }, 1), false)
})

t.test('about the share of traces is recorded', async (t) => {
  const sampling = { kind: 'ratio', ratio: 0.25, followsParent: true } as const
  const tracing = await Tracing.start(
    settings('', { protocol: 'stdout', sampling, queueMax: 10 }),
    {},
    NEVER,
    () => {},
  )
  let recorded = 0
  for (let i = 0; i < 4000; i++)
    if (tracing.startSpan(SCOPE, 'x', SpanKind.Server, null, {}).isRecording()) recorded++
  // Six standard deviations around 1000.
  t.ok(recorded > 835 && recorded < 1165, `${recorded} of 4000`)
  await tracing.stop()
})

t.test('spans that wait are bounded, and texts are cut', async (t) => {
  const names: SeenSpan[] = []
  const collector = await OtlpCollector.http()
  t.teardown(() => collector.close())
  const tracing = await Tracing.start(
    settings(collector.url, { queueMax: 5, batchMax: 5, delayMs: 3_600_000, textMax: 10 }),
    {},
    NEVER,
  )
  for (let i = 0; i < 100; i++)
    tracing.startSpan(SCOPE, `span ${i}`, SpanKind.Server, null, { text: 'x'.repeat(1000) }).end()
  await tracing.stop()
  for (const { bytes } of collector.received) names.push(...readSpans(bytes))
  t.ok(names.length >= 5 && names.length <= 10, `${names.length} of 100`)
  t.equal(names[0].attributes['text'], 'x'.repeat(10))
})

t.test('a collector that fails is reported once', async (t) => {
  const collector = await OtlpCollector.http()
  t.teardown(() => collector.close())
  collector.isFailing = true
  const seen: string[] = []
  const tracing = await Tracing.start(
    settings(collector.url, { delayMs: 1 }),
    {},
    {
      onExportFailing: (problem) => seen.push(problem),
      onExportRecovered: () => seen.push('recovered'),
    },
  )
  for (let i = 1; i <= 3; i++) {
    tracing.startSpan(SCOPE, 'x', SpanKind.Server, null, {}).end()
    await collector.exports(i)
  }
  tracing.startSpan(SCOPE, 'x', SpanKind.Server, null, {}).end()
  t.equal(await tracing.stop(), false)
  t.equal(seen.length, 1)
  t.match(seen[0], /^failed to export traces: Bad Request/)
})
