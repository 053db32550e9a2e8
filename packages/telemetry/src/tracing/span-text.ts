import type { HrTime } from '@opentelemetry/api'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

/** Names of OpenTelemetry's span kinds and status codes, by their numbers. */
const KINDS = ['internal', 'server', 'client', 'producer', 'consumer']
const STATUSES = ['unset', 'ok', 'error']

/** One span as a line of JSON. */
export function spanLine(span: ReadableSpan): string {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  return `${JSON.stringify({
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    traceFlags,
    traceState: traceState?.serialize(),
    name: span.name,
    kind: KINDS[span.kind],
    scope: span.instrumentationScope.name,
    startTime: timeText(span.startTime),
    endTime: timeText(span.endTime),
    status: STATUSES[span.status.code],
    statusMessage: span.status.message,
    attributes: span.attributes,
    resource: span.resource.attributes,
  })}\n`
}

/** Exports spans as lines of JSON, one write for each batch. */
export function lineExporter(write: (text: string) => void): SpanExporter {
  return {
    export(spans, callback) {
      write(spans.map(spanLine).join(''))
      callback({ code: 0 })
    },
    shutdown: async () => {},
  }
}

function timeText([seconds, nanoseconds]: HrTime): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5)
  return `${whole}.${String(nanoseconds).padStart(9, '0')}Z`
}
