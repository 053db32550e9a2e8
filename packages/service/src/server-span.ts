import type { Exchange, Outcome } from '@pilotlight/relay'
import {
  endSpan,
  formatTraceparent,
  normalBaggage,
  normalTracestate,
  ownText,
  parseTraceparent,
  RANDOM,
  SPAN_ERROR,
  type SpanAttributes,
  SpanKind,
  type TraceParent,
  type TraceSpan,
  type Tracing,
} from '@pilotlight/telemetry'
import { countedOutcome, countedStatus } from './counted-status.ts'
import { HTTP_SCOPE } from './http-metrics.ts'
import { KNOWN_METHODS, methodIndex, OTHER_METHOD } from './known-methods.ts'

/** What has to be known of a request when it begins. Fields that are absent are empty. */
export interface TraceFacts {
  readonly method: string
  /** The request-target. */
  readonly target: string
  readonly scheme: 'http' | 'https'
  /** Value of Host or `:authority`. */
  readonly host: string
  readonly userAgent: string
  readonly peerAddress: string
  readonly peerPort: number
  readonly isHttp2: boolean
  /** Lines of a repeated field are joined with commas. */
  readonly traceparent: string
  readonly tracestate: string
  readonly baggage: string
}

/** Fields for the request that goes on. Empty leaves what the client sent. */
export interface OutgoingTrace {
  readonly traceparent: string
  readonly tracestate: string
  readonly baggage: string
}

/** Reads the facts of an exchange. */
export function traceFacts({ request, downstream }: Exchange): TraceFacts {
  const { peer } = downstream
  const joined = (lowerName: string): string => {
    const values: string[] = []
    for (let i = request.indexOf(lowerName); i >= 0; i = request.indexOf(lowerName, i + 1))
      values.push(request.value(i))
    return values.join(',')
  }
  return {
    method: request.method,
    target: request.target,
    scheme: peer.isEncrypted ? 'https' : 'http',
    host: request.host,
    userAgent: request.get('user-agent') ?? '',
    peerAddress: peer.address,
    peerPort: peer.port,
    isHttp2: downstream.isHttp2,
    traceparent: joined('traceparent'),
    tracestate: joined('tracestate'),
    baggage: joined('baggage'),
  }
}

/** The trace a request belongs to, and the server span of it where it has one. */
export class ServerSpan {
  /**
   * Whether the trace begins here, because there was none or what came was broken. A `tracestate` of the client belongs
   * to no trace then and must not go on (W3C Trace Context).
   */
  readonly isNewTrace: boolean
  /** Null where the request has none. */
  readonly span: TraceSpan | null
  /** Whether anything of this request is recorded. */
  readonly isRecording: boolean
  readonly #facts: TraceFacts
  readonly #tracestate: string
  /** The flag of a random trace id, when the caller's is. */
  readonly #random: number

  /**
   * Begins the span. `own` are attributes beside those of HTTP, asked for only when the request is recorded; null for
   * none. Without `hasSpan` there is no span, and the trace of the caller does not go on.
   */
  constructor(tracing: Tracing, facts: TraceFacts, own: (() => SpanAttributes) | null, hasSpan = true) {
    this.#facts = facts
    const parent = hasSpan ? parseTraceparent(facts.traceparent) : null
    this.isNewTrace = parent === null
    this.#random = (parent?.flags ?? 0) & RANDOM
    this.#tracestate =
      parent === null ? '' : ownText(normalTracestate(facts.tracestate), facts.tracestate.length)
    this.span = hasSpan ? this.#begin(tracing, parent) : null
    this.isRecording = this.span?.isRecording() ?? true
    // Facts are read only when somebody wants them: most requests are not sampled.
    if (this.span === null || !this.isRecording) return
    this.span.setAttributes(serverAttributes(facts, tracing.textMax))
    if (own !== null) this.span.setAttributes(own())
  }

  #begin(tracing: Tracing, parent: TraceParent | null): TraceSpan {
    const index = methodIndex(this.#facts.method)
    const name = index === OTHER_METHOD ? 'HTTP' : KNOWN_METHODS[index]
    return tracing.startSpan(HTTP_SCOPE, name, SpanKind.Server, parent, {}, this.#tracestate)
  }

  /** Fields that make `span` the parent of what comes next. */
  outgoing(span: TraceSpan): OutgoingTrace {
    const { traceId, spanId, traceFlags } = span.spanContext()
    const traceparent = formatTraceparent({ traceId, spanId, flags: traceFlags | this.#random })
    return { traceparent, tracestate: this.#tracestate, baggage: normalBaggage(this.#facts.baggage) }
  }

  /** The request is over. `status` was sent to the client, 0 when none was. */
  end(ended: Outcome, status: number): void {
    const { span } = this
    if (span === null) return
    const outcome = countedOutcome(status, ended)
    const counted = countedStatus(status, outcome)
    span.setAttribute('http.response.status_code', counted)
    if (outcome !== 'ok') span.setAttribute('error.type', outcome)
    if (counted >= 500) span.setStatus({ code: SPAN_ERROR })
    endSpan(span)
  }
}

/** Puts the fields of a trace on a request that goes on. */
export function setTrace({ request }: Exchange, { isNewTrace }: ServerSpan, outgoing: OutgoingTrace): void {
  if (isNewTrace) request.remove('tracestate')
  if (outgoing.traceparent !== '') request.set('traceparent', outgoing.traceparent)
  if (outgoing.tracestate !== '') request.set('tracestate', outgoing.tracestate)
  if (outgoing.baggage !== '') request.set('baggage', outgoing.baggage)
}

/** Notes the status of a response on the span of the request that was sent. */
export function noteResponse(client: TraceSpan, status: number): void {
  client.setAttribute('http.response.status_code', status)
  if (status < 400) return
  client.setAttribute('error.type', String(status))
  client.setStatus({ code: SPAN_ERROR })
}

/** Ends a span as failed. */
export function endFailed(span: TraceSpan | null, reason: string): void {
  if (span === null) return
  span.setAttribute('error.type', reason)
  span.setStatus({ code: SPAN_ERROR, message: reason })
  endSpan(span)
}

/** Attributes of OpenTelemetry's conventions for HTTP servers. The query is left out: it may hold what is secret. */
function serverAttributes(facts: TraceFacts, textMax: number): SpanAttributes {
  const { method, target, host } = facts
  const known = KNOWN_METHODS[methodIndex(method)]
  const query = target.indexOf('?')
  const [address, port] = splitHost(host)
  const attributes: SpanAttributes = {
    'http.request.method': known,
    'url.scheme': facts.scheme,
    'url.path': ownText(query < 0 ? target : target.slice(0, query), textMax),
    'network.protocol.name': 'http',
    'network.protocol.version': facts.isHttp2 ? '2.0' : '1.1',
    'network.peer.address': facts.peerAddress,
    'network.peer.port': facts.peerPort,
    'server.address': ownText(address, textMax),
  }
  if (known !== method) attributes['http.request.method_original'] = ownText(method, textMax)
  if (port > 0) attributes['server.port'] = port
  if (facts.userAgent !== '') attributes['user_agent.original'] = ownText(facts.userAgent, textMax)
  return attributes
}

/** Host and port of a Host field; 0 without a port. */
function splitHost(host: string): [address: string, port: number] {
  const colon = host.lastIndexOf(':')
  const port = colon < 0 || host.endsWith(']') ? Number.NaN : Number(host.slice(colon + 1))
  return port > 0 ? [host.slice(0, colon), port] : [host, 0]
}
