import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { FLUSH_BUDGET_MS, withinBudget } from '../metrics/budget.ts'
import { type ExportEvents, ExportHealth } from '../metrics/export-health.ts'
import type { MetricScope } from '../metrics/metric-family.ts'
import { createSampler, type Sampling } from './sampling.ts'
import { hrTime, spanTime } from './span-time.ts'
import { lineExporter } from './span-text.ts'
import type { TraceParent } from './trace-context.ts'

/** A span that was started. */
export type TraceSpan = Span
/** What is told of a span. */
export type SpanAttributes = Attributes

/** What is told of a span that is over. Times are those of {@link spanTime}. */
export interface PastSpan {
  readonly startedAt: number
  readonly endedAt: number
  readonly attributes: SpanAttributes
}

/** OpenTelemetry's numbers for how a span stands to its neighbours. */
export const SpanKind = { Internal: 0, Server: 1, Client: 2 } as const
/** One of {@link SpanKind}. */
export type SpanKind = (typeof SpanKind)[keyof typeof SpanKind]

/** OpenTelemetry's number of the status of a span that failed. */
export const SPAN_ERROR = 2

/** How spans leave the process, and how many wait for it. */
export interface TracingSettings {
  readonly protocol: 'stdout' | 'http/protobuf' | 'grpc'
  /** Where to; empty leaves it to OpenTelemetry's default, which is this machine. Not used for `stdout`. */
  readonly endpoint: string
  readonly sampling: Sampling
  /** From one export to the next, ms, as long as a batch is not full. */
  readonly delayMs: number
  /** Spans that may wait; more are dropped. */
  readonly queueMax: number
  /** Spans of one export, at most `queueMax`. */
  readonly batchMax: number
  /** For one export, ms. */
  readonly timeoutMs: number
  /** Longest text of an attribute, characters; what is longer is cut. */
  readonly textMax: number
}

/** Defaults; those of OpenTelemetry's SDKs, and a bound on texts, which they do not have. */
export const DEFAULT_BATCHING: Readonly<
  Pick<TracingSettings, 'delayMs' | 'queueMax' | 'batchMax' | 'timeoutMs' | 'textMax'>
> = { delayMs: 5000, queueMax: 2048, batchMax: 512, timeoutMs: 30_000, textMax: 1024 }

/**
 * Makes spans and exports those that are sampled. Nothing is registered globally and there is no ambient context: a
 * span's parent is an argument.
 */
export class Tracing {
  /** Longest text of an attribute, characters. */
  readonly textMax: number
  readonly #api: typeof import('@opentelemetry/api')
  readonly #tracers = new Map<MetricScope, Tracer>()
  readonly #getTracer: (scope: MetricScope) => Tracer
  readonly #shutDown: () => Promise<void>

  private constructor(
    api: typeof import('@opentelemetry/api'),
    textMax: number,
    getTracer: (scope: MetricScope) => Tracer,
    shutDown: () => Promise<void>,
  ) {
    this.#api = api
    this.textMax = textMax
    this.#getTracer = getTracer
    this.#shutDown = shutDown
  }

  /**
   * Loads OpenTelemetry's SDK and the exporter of the protocol. Headers, certificates and compression come from the
   * OTEL_EXPORTER_OTLP_* variables, which the exporters read themselves. An export that fails is reported to `events`
   * and never thrown; its spans are lost. `write` takes the lines of `stdout`.
   */
  static async start(
    settings: TracingSettings,
    resource: Readonly<Record<string, string>>,
    events: ExportEvents,
    write: (text: string) => void = (text) => void process.stdout.write(text),
  ): Promise<Tracing> {
    const [api, sdk, { defaultResource, resourceFromAttributes }, exporter] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/resources'),
      createExporter(settings, write),
    ])
    const processor = new sdk.BatchSpanProcessor({
      exporter: watched(exporter, new ExportHealth('traces', events)),
      scheduledDelayMillis: settings.delayMs,
      maxQueueSize: settings.queueMax,
      maxExportBatchSize: settings.batchMax,
      exportTimeoutMillis: settings.timeoutMs,
    })
    const provider = new sdk.TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes(resource)),
      sampler: createSampler(sdk, settings.sampling),
      spanProcessors: [processor],
      spanLimits: { attributeValueLengthLimit: settings.textMax },
    })
    const getTracer = ({ name, version }: MetricScope): Tracer => provider.getTracer(name, version)
    return new Tracing(api, settings.textMax, getTracer, () => provider.shutdown())
  }

  /**
   * Starts a span below `parent`: a span of ours, what a caller sent, or null for a trace of its own. `tracestate` is
   * the caller's and must be valid; spans below hand it on. It is ended by {@link endSpan}.
   */
  startSpan(
    scope: MetricScope,
    name: string,
    kind: SpanKind,
    parent: TraceSpan | TraceParent | null,
    attributes: SpanAttributes,
    tracestate = '',
  ): TraceSpan {
    const options = { kind, attributes, startTime: hrTime(spanTime()) }
    return this.#tracerOf(scope).startSpan(name, options, this.#contextOf(parent, tracestate))
  }

  /** Makes a span below `parent` of something that is over already. */
  recordSpan(scope: MetricScope, name: string, parent: TraceSpan, past: PastSpan): void {
    const { startedAt, endedAt, attributes } = past
    const options = { kind: SpanKind.Internal, attributes, startTime: hrTime(startedAt) }
    this.#tracerOf(scope).startSpan(name, options, this.#contextOf(parent, '')).end(hrTime(endedAt))
  }

  #tracerOf(scope: MetricScope): Tracer {
    let tracer = this.#tracers.get(scope)
    if (tracer === undefined) {
      tracer = this.#getTracer(scope)
      this.#tracers.set(scope, tracer)
    }
    return tracer
  }

  #contextOf(parent: TraceSpan | TraceParent | null, tracestate: string): Context {
    const { ROOT_CONTEXT, trace, createTraceState } = this.#api
    if (parent === null) return ROOT_CONTEXT
    if ('spanContext' in parent) return trace.setSpan(ROOT_CONTEXT, parent)
    const { traceId, spanId, flags } = parent
    const traceState = tracestate === '' ? {} : { traceState: createTraceState(tracestate) }
    return trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: flags,
      isRemote: true,
      ...traceState,
    })
  }

  /** Exports what waits and ends. Takes at most `budgetMs`; answers whether everything was exported. */
  stop(budgetMs: number = FLUSH_BUDGET_MS): Promise<boolean> {
    return withinBudget(this.#shutDown(), budgetMs)
  }
}

/** Ends a span now, by the clock that it began by. */
export function endSpan(span: TraceSpan): void {
  span.end(hrTime(spanTime()))
}

async function createExporter(
  { protocol, endpoint }: TracingSettings,
  write: (text: string) => void,
): Promise<SpanExporter> {
  if (protocol === 'stdout') return lineExporter(write)
  const options = endpoint === '' ? {} : { url: endpoint }
  if (protocol === 'grpc') {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc')
    return new OTLPTraceExporter(options)
  }
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter(options)
}

/** Lets `health` see every result on its way back to the processor. */
function watched(exporter: SpanExporter, health: ExportHealth): SpanExporter {
  return {
    export(spans, callback) {
      exporter.export(spans, (result) => {
        health.record(result)
        callback(result)
      })
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}
