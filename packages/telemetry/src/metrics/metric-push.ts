import type { DataPoint, MetricData, MetricProducer, PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { Resource } from '@opentelemetry/resources'
import { FLUSH_BUDGET_MS, withinBudget } from './budget.ts'
import { type ExportEvents, ExportHealth } from './export-health.ts'
import type { Counter } from './counter.ts'
import type { Gauge } from './gauge.ts'
import type { Histogram } from './histogram.ts'
import { type MetricFamily, type MetricScope, type Point, points } from './metric-family.ts'
import type { AnyFamily, AnyInstrument, MetricRegistry } from './metric-registry.ts'

type Sdk = typeof import('@opentelemetry/sdk-metrics')

/** How metrics are pushed. */
export interface MetricPushSettings {
  readonly protocol: 'http/protobuf' | 'grpc'
  /** Where to; empty leaves it to OpenTelemetry's default, which is this machine. */
  readonly endpoint: string
  /** From the end of one push to the next, ms. */
  readonly intervalMs: number
  /** For one push, ms, at most the interval. */
  readonly timeoutMs: number
}

/** The scope of what comes without one. */
const PROCESS_SCOPE: MetricScope = { name: 'process', version: '' }

/** OpenTelemetry's `ValueType`; what is counted in things has whole numbers. */
const INTEGER = 0
const DOUBLE = 1

/** Pushes a {@link MetricRegistry} to an OpenTelemetry collector again and again. */
export class MetricPush {
  readonly #shutDown: () => Promise<void>
  readonly #health: ExportHealth

  private constructor(shutDown: () => Promise<void>, health: ExportHealth) {
    this.#shutDown = shutDown
    this.#health = health
  }

  /**
   * Loads OpenTelemetry's SDK and the exporter of the protocol, and begins. Headers, certificates, compression and
   * timeouts come from the OTEL_EXPORTER_OTLP_* variables, which the exporters read themselves. A push that fails is
   * reported to `events` and never thrown. Nothing is kept back for later: the numbers are totals.
   */
  static async start(
    registry: MetricRegistry,
    resource: Readonly<Record<string, string>>,
    settings: MetricPushSettings,
    events: ExportEvents,
  ): Promise<MetricPush> {
    const [sdk, { defaultResource, resourceFromAttributes }, exporter] = await Promise.all([
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/resources'),
      createExporter(settings),
    ])
    const full = defaultResource().merge(resourceFromAttributes(resource))
    const health = new ExportHealth('metrics', events)
    const reader = new sdk.PeriodicExportingMetricReader({
      exporter: watched(exporter, health),
      exportIntervalMillis: settings.intervalMs,
      exportTimeoutMillis: Math.min(settings.timeoutMs, settings.intervalMs),
    })
    reader.setMetricProducer(new RegistryProducer(sdk, registry, full))
    return new MetricPush(() => reader.shutdown(), health)
  }

  /** Pushes a last time and ends. Takes at most `budgetMs`; answers whether the last push succeeded. */
  async stop(budgetMs: number = FLUSH_BUDGET_MS): Promise<boolean> {
    return (await withinBudget(this.#shutDown(), budgetMs)) && !this.#health.isFailing
  }
}

async function createExporter({ protocol, endpoint }: MetricPushSettings): Promise<PushMetricExporter> {
  const options = endpoint === '' ? {} : { url: endpoint }
  if (protocol === 'grpc') {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-grpc')
    return new OTLPMetricExporter(options)
  }
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto')
  return new OTLPMetricExporter(options)
}

/** Lets `health` see every result on its way back to the reader. */
function watched(exporter: PushMetricExporter, health: ExportHealth): PushMetricExporter {
  return {
    export(metrics, callback) {
      exporter.export(metrics, (result) => {
        health.record(result)
        callback(result)
      })
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  }
}

/** Gives the reader what the registry holds, as totals since the start. */
class RegistryProducer implements MetricProducer {
  readonly #sdk: Sdk
  readonly #registry: MetricRegistry
  readonly #resource: Resource
  readonly #startTime: [number, number] = hrTimeOf(Date.now())

  constructor(sdk: Sdk, registry: MetricRegistry, resource: Resource) {
    this.#sdk = sdk
    this.#registry = registry
    this.#resource = resource
  }

  async collect(): ReturnType<MetricProducer['collect']> {
    const endTime = hrTimeOf(Date.now())
    const byScope = new Map<MetricScope, MetricData[]>()
    for (const family of this.#registry.collect()) {
      const data = this.#metricData(family, endTime)
      if (data.dataPoints.length === 0) continue
      const scope = family.description.scope ?? PROCESS_SCOPE
      const metrics = byScope.get(scope)
      if (metrics === undefined) byScope.set(scope, [data])
      else metrics.push(data)
    }
    const scopeMetrics = Array.from(byScope, ([scope, metrics]) => ({ scope, metrics }))
    return { resourceMetrics: { resource: this.#resource, scopeMetrics }, errors: [] }
  }

  #metricData(family: AnyFamily, endTime: [number, number]): MetricData {
    const { AggregationTemporality, DataPointType } = this.#sdk
    const { name, unit, description } = family.description
    const descriptor = { name, unit, description, valueType: unit.startsWith('{') ? INTEGER : DOUBLE }
    const base = { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE }
    if (family.kind === 'histogram') {
      const dataPoints = this.#dataPoints(family, endTime, histogramValue)
      return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints }
    }
    const dataPoints = this.#dataPoints<Counter | Gauge, number>(family, endTime, ({ value }) => value)
    return family.kind === 'counter'
      ? { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
      : { ...base, dataPointType: DataPointType.GAUGE, dataPoints }
  }

  #dataPoints<T extends AnyInstrument, Value>(
    family: MetricFamily<T>,
    endTime: [number, number],
    valueOf: (instrument: T) => Value,
  ): DataPoint<Value>[] {
    return points(family).map(({ attributes, instrument }: Point<T>) => ({
      startTime: this.#startTime,
      endTime,
      attributes,
      value: valueOf(instrument),
    }))
  }
}

function histogramValue(histogram: Histogram): {
  buckets: { boundaries: number[]; counts: number[] }
  sum: number
  count: number
} {
  const buckets = { boundaries: [...histogram.bounds], counts: histogram.counts() }
  return { buckets, sum: histogram.sum, count: histogram.count }
}

/** Milliseconds since the epoch as seconds and nanoseconds. */
function hrTimeOf(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000)
  return [seconds, (ms - seconds * 1000) * 1e6]
}
