import protobuf from 'protobufjs'

/**
 * The messages of OTLP 1 that the tests look at, written down from its specification: numbers and types are those of
 * opentelemetry-proto, so that what the exporters send is read by a second implementation.
 */
const PROTO = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message InstrumentationScope { string name = 1; string version = 2; }
message Resource { repeated KeyValue attributes = 1; }

message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; }
message Status { string message = 2; int32 code = 3; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
  int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  Status status = 15; fixed32 flags = 16;
}

message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; }
message Metric {
  string name = 1; string description = 2; string unit = 3;
  oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; }
}
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message NumberDataPoint {
  repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
}
message HistogramDataPoint {
  repeated KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4;
  optional double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7;
}
`
const { root } = protobuf.parse(PROTO)
const read = (message: string, bytes: Uint8Array): never => {
  const type = root.lookupType(message)
  return type.toObject(type.decode(bytes), { longs: Number, arrays: true, bytes: Buffer }) as never
}

type Attributes = Record<string, unknown>
interface KeyValue {
  key: string
  value: Record<string, unknown>
}
const attributesOf = (pairs: readonly KeyValue[]): Attributes =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]))

/** A span as a collector sees it. */
export interface SeenSpan {
  readonly name: string
  readonly scope: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly status: number
  readonly message: string
  readonly attributes: Attributes
  readonly resource: Attributes
  readonly durationMs: number
}

/** The spans of one export. */
export function readSpans(bytes: Uint8Array): SeenSpan[] {
  const { resourceSpans } = read('ExportTraceServiceRequest', bytes) as { resourceSpans: any[] }
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }: any) =>
      spans.map((span: any) => ({
        name: span.name,
        scope: scope.name,
        kind: span.kind,
        traceId: span.traceId.toString('hex'),
        spanId: span.spanId.toString('hex'),
        parentSpanId: span.parentSpanId?.toString('hex') ?? '',
        traceState: span.traceState ?? '',
        status: span.status?.code ?? 0,
        message: span.status?.message ?? '',
        attributes: attributesOf(span.attributes),
        resource: attributesOf(resource.attributes),
        durationMs: (span.endTimeUnixNano - span.startTimeUnixNano) / 1e6,
      })),
    ),
  )
}

/** A point of a metric as a collector sees it. */
export interface SeenPoint {
  readonly attributes: Attributes
  /** Of a gauge or a sum. */
  readonly value?: number
  readonly isInteger?: boolean
  /** Of a histogram. */
  readonly count?: number
  readonly sum?: number
  readonly buckets?: number[]
  readonly bounds?: number[]
}

/** A metric as a collector sees it. */
export interface SeenMetric {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly scope: string
  readonly scopeVersion: string
  readonly kind: 'gauge' | 'sum' | 'histogram'
  readonly isMonotonic: boolean
  /** 2 is cumulative. */
  readonly temporality: number
  readonly points: SeenPoint[]
  readonly resource: Attributes
}

/** The metrics of one export. */
export function readMetrics(bytes: Uint8Array): SeenMetric[] {
  const { resourceMetrics } = read('ExportMetricsServiceRequest', bytes) as { resourceMetrics: any[] }
  return resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ scope, metrics }: any) =>
      metrics.map((metric: any) => {
        const kind = (['gauge', 'sum', 'histogram'] as const).find((one) => metric[one] !== undefined)!
        const data = metric[kind]
        return {
          name: metric.name,
          unit: metric.unit ?? '',
          description: metric.description ?? '',
          scope: scope.name,
          scopeVersion: scope.version ?? '',
          kind,
          isMonotonic: data.isMonotonic ?? false,
          temporality: data.aggregationTemporality ?? 0,
          points: data.dataPoints.map(seenPoint),
          resource: attributesOf(resource.attributes),
        }
      }),
    ),
  )
}

function seenPoint(point: any): SeenPoint {
  const attributes = attributesOf(point.attributes)
  if (point.explicitBounds !== undefined && point.bucketCounts.length > 0)
    return {
      attributes,
      count: point.count ?? 0,
      sum: point.sum,
      buckets: point.bucketCounts,
      bounds: point.explicitBounds,
    }
  return { attributes, value: point.asInt ?? point.asDouble, isInteger: point.asInt !== undefined }
}
