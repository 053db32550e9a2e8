/** The process: settings, logs, metrics, traces. */
export { Environment, type IntegerBounds, parseGoInteger } from './environment.ts'
export { type ColdStartPhase, coldStartPhases } from './latency/cold-start-phases.ts'
export { EventLoopDelay } from './latency/event-loop-delay.ts'
export { LatencyWindow } from './latency/latency-window.ts'
export { LOG_LEVELS, type LogLevel, parseLogLevel } from './logger-config.ts'
export { createLogger, type LogFields, Logger, type LoggerOptions } from './logger.ts'
export { FLUSH_BUDGET_MS } from './metrics/budget.ts'
export { Counter } from './metrics/counter.ts'
export type { ExportEvents } from './metrics/export-health.ts'
export { Gauge } from './metrics/gauge.ts'
export { COLD_START_BOUNDS, DURATION_BOUNDS, Histogram, SIZE_BOUNDS } from './metrics/histogram.ts'
export {
  type AttributeValue,
  CounterFamily,
  type FamilyDescription,
  GaugeFamily,
  HistogramFamily,
  MetricFamily,
  type MetricScope,
  SERIES_MAX,
} from './metrics/metric-family.ts'
export { MetricPush, type MetricPushSettings } from './metrics/metric-push.ts'
export { MetricRegistry } from './metrics/metric-registry.ts'
export { addProcessMetrics } from './metrics/process-metrics.ts'
export { type Exposition, PrometheusPage } from './metrics/prometheus-exposition.ts'
export { DEFAULT_TEMPLATE, VALID_DEFAULT_TEMPLATE } from './request-log/default-template.ts'
export { JSON_TEMPLATE, RequestLog, type RequestLogOptions } from './request-log/request-log.ts'
export type { RequestRecord, RevisionRecord, TlsRecord } from './request-log/request-record.ts'
export { StandardOutput } from './request-log/standard-output.ts'
export { compileTemplate, type RequestLogTemplate } from './request-log/template.ts'
export { traceIdOf } from './request-log/trace-id.ts'
export {
  COLD_START_STEPS,
  type ColdStartOutcome,
  type ColdStartRecord,
  type ColdStartStep,
  type RequestTimeline,
} from './status/cold-start.ts'
export type {
  ActivatorStatus,
  InstanceStatus,
  LatencyStatus,
  RevisionState,
  RevisionStatus,
  StatusReport,
} from './status/status-report.ts'
export { ownText } from './tracing/own-text.ts'
export type { Sampling } from './tracing/sampling.ts'
export { spanTime } from './tracing/span-time.ts'
export {
  formatTraceparent,
  normalBaggage,
  normalTracestate,
  parseTraceparent,
  RANDOM,
  SAMPLED,
  type TraceParent,
} from './tracing/trace-context.ts'
export {
  DEFAULT_BATCHING,
  endSpan,
  SPAN_ERROR,
  type SpanAttributes,
  SpanKind,
  type TraceSpan,
  Tracing,
  type TracingSettings,
} from './tracing/tracing.ts'
