import t from 'tap'
import type { ExportEvents } from '../../src/metrics/export-health.ts'
import {
  CounterFamily,
  type FamilyDescription,
  GaugeFamily,
  HistogramFamily,
} from '../../src/metrics/metric-family.ts'
import { MetricPush, type MetricPushSettings } from '../../src/metrics/metric-push.ts'
import { MetricRegistry } from '../../src/metrics/metric-registry.ts'
import { OtlpCollector } from './support/otlp-collector.ts'
import { readMetrics } from './support/otlp-messages.ts'

const SCOPE = { name: 'the/scope', version: '1.2' }
const describe = (name: string, unit: string, attributes: string[] = []): FamilyDescription => ({
  name,
  prometheusName: name.replaceAll('.', '_'),
  unit,
  description: `About ${name}.`,
  scope: SCOPE,
  attributes,
})
const NEVER: ExportEvents = {
  onExportFailing: (problem) => t.fail(problem),
  onExportRecovered: () => t.fail('recovered'),
}
/** Longer than any test: pushes come from `stop` alone. */
const LONG_MS = 3_600_000
const settings = (endpoint: string, overrides: Partial<MetricPushSettings> = {}): MetricPushSettings => ({
  protocol: 'http/protobuf',
  endpoint,
  intervalMs: LONG_MS,
  timeoutMs: 30_000,
  ...overrides,
})

function setUp() {
  const registry = new MetricRegistry()
  registry
    .add(new HistogramFamily(describe('a.duration', 's', ['status', 'tag']), [0.5, 1]))
    .with(200, 'x')
    .observe(0.75)
  registry
    .add(new CounterFamily(describe('a.count', '{request}')))
    .with()
    .add(4)
  registry
    .add(new GaugeFamily(describe('a.level', '1')))
    .with()
    .set(0.25)
  registry.add(new GaugeFamily(describe('a.nothing', '1'))).with()
  return registry
}

for (const protocol of ['http/protobuf', 'grpc'] as const)
  t.test(`over ${protocol}, a collector gets totals, scopes and the resource`, async (t) => {
    const collector = await (protocol === 'grpc' ? OtlpCollector.grpc() : OtlpCollector.http())
    t.teardown(() => collector.close())
    const endpoint = protocol === 'grpc' ? collector.url : `${collector.url}/v1/metrics`
    const push = await MetricPush.start(
      setUp(),
      { 'service.name': 'it' },
      settings(endpoint, { protocol }),
      NEVER,
    )
    t.equal(await push.stop(), true)
    const [{ path, contentType, bytes }] = await collector.exports(1)
    if (protocol === 'http/protobuf') {
      t.equal(path, '/v1/metrics')
      t.equal(contentType, 'application/x-protobuf')
    } else t.equal(path, 'metrics')
    const metrics = readMetrics(bytes)
    t.strictSame(
      metrics.map(({ name, unit, description, kind, scope, scopeVersion }) => ({
        name,
        unit,
        description,
        kind,
        scope: `${scope} ${scopeVersion}`,
      })),
      [
        {
          name: 'a.duration',
          unit: 's',
          description: 'About a.duration.',
          kind: 'histogram',
          scope: 'the/scope 1.2',
        },
        {
          name: 'a.count',
          unit: '{request}',
          description: 'About a.count.',
          kind: 'sum',
          scope: 'the/scope 1.2',
        },
        { name: 'a.level', unit: '1', description: 'About a.level.', kind: 'gauge', scope: 'the/scope 1.2' },
      ],
    )
    const [duration, count, level] = metrics
    t.strictSame(duration.points, [
      { attributes: { status: 200, tag: 'x' }, count: 1, sum: 0.75, buckets: [0, 1, 0], bounds: [0.5, 1] },
    ])
    t.equal(duration.temporality, 2)
    t.equal(count.temporality, 2)
    t.equal(count.isMonotonic, true)
    t.strictSame(count.points, [{ attributes: {}, value: 4, isInteger: true }])
    t.strictSame(level.points, [{ attributes: {}, value: 0.25, isInteger: false }])
    t.match(count.resource, { 'service.name': 'it', 'telemetry.sdk.name': 'opentelemetry' })
  })

t.test('it pushes again and again', async (t) => {
  const collector = await OtlpCollector.http()
  t.teardown(() => collector.close())
  const push = await MetricPush.start(setUp(), {}, settings(collector.url, { intervalMs: 10 }), NEVER)
  await collector.exports(3)
  await push.stop()
})

t.test('a collector that fails is reported once, and once when it works again', async (t) => {
  const collector = await OtlpCollector.http()
  t.teardown(() => collector.close())
  const seen: string[] = []
  let recovered = (): void => {}
  const hasRecovered = new Promise<void>((resolve) => (recovered = resolve))
  const events: ExportEvents = {
    onExportFailing: (problem) => seen.push(problem),
    onExportRecovered: (lost) => {
      seen.push(lost >= 2 ? 'recovered' : `recovered after ${lost}`)
      recovered()
    },
  }
  collector.isFailing = true
  const push = await MetricPush.start(setUp(), {}, settings(collector.url, { intervalMs: 10 }), events)
  await collector.exports(3)
  collector.isFailing = false
  await hasRecovered
  t.equal(seen.length, 2)
  t.match(seen[0], /^failed to export metrics: Bad Request/)
  t.equal(seen[1], 'recovered')
  await push.stop()
})

t.test('a last push that fails is told', async (t) => {
  const collector = await OtlpCollector.http()
  t.teardown(() => collector.close())
  collector.isFailing = true
  const events = { onExportFailing() {}, onExportRecovered() {} }
  const push = await MetricPush.start(setUp(), {}, settings(collector.url), events)
  t.equal(await push.stop(), false)
})

t.test('stopping waits no longer than it may', async (t) => {
  // So that the exporter gives up soon after, and the test can end.
  process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '100'
  t.teardown(() => delete process.env['OTEL_EXPORTER_OTLP_TIMEOUT'])
  const net = process.getBuiltinModule('node:net')
  const sockets: import('node:net').Socket[] = []
  // Takes every connection and never says a word.
  const server = net.createServer((socket) => void sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as import('node:net').AddressInfo
  const push = await MetricPush.start(setUp(), {}, settings(`http://127.0.0.1:${port}`), {
    onExportFailing() {},
    onExportRecovered() {},
  })
  t.equal(await push.stop(20), false)
})
