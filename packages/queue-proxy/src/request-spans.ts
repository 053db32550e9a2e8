import type { Outcome } from '@pilotlight/relay'
import {
  HTTP_SCOPE,
  countedOutcome,
  countedStatus,
  KNOWN_METHODS,
  methodIndex,
  OTHER_METHOD,
} from '@pilotlight/service'
import {
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
import { QUEUE_SCOPE } from './request-families.ts'

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
  readonly routeTag: string
  /** Lines of a repeated field are joined with commas. */
  readonly traceparent: string
  readonly tracestate: string
  readonly baggage: string
  /** By any of the signs of a probe: no server span, and a trace of its own. */
  readonly isAnyProbe: boolean
  /** A kubelet's probe of the app: only the span towards the app. */
  readonly isKubeletProbe: boolean
}

/** Fields for the request to the app. Empty leaves what the client sent. */
export interface OutgoingTrace {
  readonly traceparent: string
  readonly tracestate: string
  readonly baggage: string
}

/**
 * The spans of one request:
 *
 *     GET (server) ─► kn.queueproxy.proxy ─► kn.queueproxy.wait ─► HTTP GET (client)
 *
 * The wait is there only with a limit, which is told by {@link onWaiting}; the client span is below it, as in Knative.
 * A request that is not sampled has one span that records nothing and goes on as the parent of the app's.
 */
export class RequestSpans {
  /**
   * Whether the trace begins here, because there was none or what came was broken. A `tracestate` of the client belongs
   * to no trace then and must not go on (W3C Trace Context).
   */
  readonly isNewTrace: boolean
  readonly #tracing: Tracing
  readonly #facts: TraceFacts
  readonly #tracestate: string
  /** The flag of a random trace id, when the caller's is. */
  readonly #random: number
  #server: TraceSpan | null = null
  #proxy: TraceSpan | null = null
  #wait: TraceSpan | null = null
  #client: TraceSpan | null = null
  #isRecording = true

  /** Begins the server span and the proxy span, as far as this request has them. */
  constructor(tracing: Tracing, facts: TraceFacts) {
    this.#tracing = tracing
    this.#facts = facts
    const parent = facts.isAnyProbe ? null : parseTraceparent(facts.traceparent)
    this.isNewTrace = parent === null
    this.#random = (parent?.flags ?? 0) & RANDOM
    this.#tracestate =
      parent === null ? '' : ownText(normalTracestate(facts.tracestate), facts.tracestate.length)
    if (!facts.isAnyProbe) this.#beginServer(parent)
    if (!facts.isKubeletProbe && this.#isRecording) this.#beginProxy()
  }

  #beginServer(parent: TraceParent | null): void {
    const { method } = this.#facts
    const index = methodIndex(method)
    const name = index === OTHER_METHOD ? 'HTTP' : KNOWN_METHODS[index]
    // Facts are read only when somebody wants them: most requests are not sampled.
    this.#server = this.#tracing.startSpan(HTTP_SCOPE, name, SpanKind.Server, parent, {}, this.#tracestate)
    this.#isRecording = this.#server.isRecording()
    if (this.#isRecording) this.#server.setAttributes(serverAttributes(this.#facts, this.#tracing.textMax))
  }

  #beginProxy(): void {
    this.#proxy = this.#tracing.startSpan(
      QUEUE_SCOPE,
      'kn.queueproxy.proxy',
      SpanKind.Internal,
      this.#server,
      {},
    )
    this.#isRecording = this.#proxy.isRecording()
  }

  /** The request asks the limit for a slot. Called for every request that there is a limit for. */
  onWaiting(): void {
    if (!this.#isRecording || this.#proxy === null) return
    this.#wait = this.#tracing.startSpan(
      QUEUE_SCOPE,
      'kn.queueproxy.wait',
      SpanKind.Internal,
      this.#proxy,
      {},
    )
  }

  /** It has one. `onForward` implies it. */
  onGranted(): void {
    if (this.#wait?.isRecording() === true) this.#wait.end()
  }

  /** The request is sent to `address` and `port`; again, when it is retried. */
  onForward(address: string, port: number): OutgoingTrace {
    this.onGranted()
    const parent = this.#wait ?? this.#proxy ?? this.#server
    if (!this.#isRecording && parent !== null) return this.#outgoing(parent)
    this.#endFailed(this.#client, 'retried')
    const { method } = this.#facts
    const known = KNOWN_METHODS[methodIndex(method)]
    this.#client = this.#tracing.startSpan(HTTP_SCOPE, `HTTP ${known}`, SpanKind.Client, parent, {
      'http.request.method': known,
      'server.address': address,
      'server.port': port,
    })
    return this.#outgoing(this.#client)
  }

  #outgoing(span: TraceSpan): OutgoingTrace {
    const { traceId, spanId, traceFlags } = span.spanContext()
    const traceparent = formatTraceparent({ traceId, spanId, flags: traceFlags | this.#random })
    return { traceparent, tracestate: this.#tracestate, baggage: normalBaggage(this.#facts.baggage) }
  }

  /** The head of the app's response came. */
  onResponse(status: number): void {
    const client = this.#client
    if (client === null) return
    client.setAttribute('http.response.status_code', status)
    if (status < 400) return
    client.setAttribute('error.type', String(status))
    client.setStatus({ code: SPAN_ERROR })
  }

  /** The request is over. `status` was sent to the client, 0 when none was. */
  onDone(ended: Outcome, status: number): void {
    if (!this.#isRecording) return
    const outcome = countedOutcome(status, ended)
    // A span that ended already says so itself; ending it twice would be noted as a mistake.
    if (this.#wait?.isRecording() === true) this.#endFailed(this.#wait, outcome)
    if (outcome === 'ok') this.#client?.end()
    else this.#endFailed(this.#client, outcome)
    this.#proxy?.end()
    this.#endServer(outcome, status)
  }

  #endServer(outcome: Outcome, status: number): void {
    const server = this.#server
    if (server === null) return
    const counted = countedStatus(status, outcome)
    server.setAttribute('http.response.status_code', counted)
    if (outcome !== 'ok') server.setAttribute('error.type', outcome)
    if (counted >= 500) server.setStatus({ code: SPAN_ERROR })
    server.end()
  }

  #endFailed(span: TraceSpan | null, reason: string): void {
    if (span === null) return
    span.setAttribute('error.type', reason)
    span.setStatus({ code: SPAN_ERROR, message: reason })
    span.end()
  }
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
    'kn.route.tag': ownText(facts.routeTag, textMax),
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
