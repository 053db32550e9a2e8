import { registerHooks } from 'node:module'
import t from 'tap'

/** Packages that were asked for since the last look. */
let loaded: string[] = []
registerHooks({
  resolve(specifier, context, next) {
    const isOfNode = specifier.startsWith('node:')
    if (!/^[./]|^file:/.test(specifier) && !isOfNode && context.parentURL?.includes('/packages/') === true)
      loaded.push(specifier)
    return next(specifier, context)
  },
})
const takeLoaded = (): string[] => loaded.splice(0).toSorted()

t.test('what reports is loaded when it is asked for, and nothing else', async (t) => {
  const { MetricRegistry, PrometheusPage, MetricPush, Tracing, DEFAULT_BATCHING } =
    await import('../../src/index.ts')
  const latency = ['hdr-histogram-js/dist/Int32Histogram.js']
  t.strictSame(takeLoaded(), latency, 'nothing at first but a small file, which only the activator keeps')

  await PrometheusPage.create(new MetricRegistry(), {})
  t.strictSame(takeLoaded(), ['prom-client/lib/registry.js'])

  const events = { onExportFailing() {}, onExportRecovered() {} }
  const traces = { ...DEFAULT_BATCHING, sampling: { kind: 'never', ratio: 0, followsParent: false } } as const
  const lines = await Tracing.start({ ...traces, protocol: 'stdout', endpoint: '' }, {}, events)
  await lines.stop()
  const sdk = ['@opentelemetry/api', '@opentelemetry/resources', '@opentelemetry/sdk-trace']
  t.strictSame(takeLoaded(), sdk)

  const push = { protocol: 'http/protobuf', endpoint: '', intervalMs: 3_600_000, timeoutMs: 1 } as const
  const started = await MetricPush.start(new MetricRegistry(), {}, push, events)
  await started.stop()
  t.strictSame(takeLoaded(), [
    '@opentelemetry/exporter-metrics-otlp-proto',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-metrics',
  ])
})
