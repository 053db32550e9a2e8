import type { Outcome } from '@pilotlight/relay'
import {
  countedOutcome,
  endFailed,
  HTTP_SCOPE,
  KNOWN_METHODS,
  methodIndex,
  noteResponse,
  type OutgoingTrace,
  ServerSpan,
  type TraceFacts,
} from '@pilotlight/service'
import { endSpan, ownText, SpanKind, type TraceSpan, type Tracing } from '@pilotlight/telemetry'
import { QUEUE_SCOPE } from './request-families.ts'

/** What has to be known of a request when it begins. */
export interface RequestTraceFacts extends TraceFacts {
  readonly routeTag: string
  /** By any of the signs of a probe: no server span, and a trace of its own. */
  readonly isAnyProbe: boolean
  /** A kubelet's probe of the app: only the span towards the app. */
  readonly isKubeletProbe: boolean
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
  /** The trace, and the server span. */
  readonly server: ServerSpan
  readonly #tracing: Tracing
  readonly #facts: RequestTraceFacts
  #proxy: TraceSpan | null = null
  #wait: TraceSpan | null = null
  #client: TraceSpan | null = null
  #isRecording: boolean

  /** Begins the server span and the proxy span, as far as this request has them. */
  constructor(tracing: Tracing, facts: RequestTraceFacts) {
    this.#tracing = tracing
    this.#facts = facts
    this.server = new ServerSpan(tracing, facts, null, !facts.isAnyProbe)
    this.#isRecording = this.server.isRecording
    if (this.#isRecording)
      this.server.span?.setAttribute('kn.route.tag', ownText(facts.routeTag, tracing.textMax))
    if (!facts.isKubeletProbe && this.#isRecording) this.#beginProxy()
  }

  #beginProxy(): void {
    this.#proxy = this.#tracing.startSpan(
      QUEUE_SCOPE,
      'kn.queueproxy.proxy',
      SpanKind.Internal,
      this.server.span,
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
    if (this.#wait?.isRecording() === true) endSpan(this.#wait)
  }

  /** The request is sent to `address` and `port`; again, when it is retried. */
  onForward(address: string, port: number): OutgoingTrace {
    this.onGranted()
    const parent = this.#wait ?? this.#proxy ?? this.server.span
    if (!this.#isRecording && parent !== null) return this.server.outgoing(parent)
    endFailed(this.#client, 'retried')
    const known = KNOWN_METHODS[methodIndex(this.#facts.method)]
    this.#client = this.#tracing.startSpan(HTTP_SCOPE, `HTTP ${known}`, SpanKind.Client, parent, {
      'http.request.method': known,
      'server.address': address,
      'server.port': port,
    })
    return this.server.outgoing(this.#client)
  }

  /** The head of the app's response came. */
  onResponse(status: number): void {
    if (this.#client !== null) noteResponse(this.#client, status)
  }

  /** The request is over. `status` was sent to the client, 0 when none was. */
  onDone(ended: Outcome, status: number): void {
    if (!this.#isRecording) return
    const outcome = countedOutcome(status, ended)
    // A span that ended already says so itself; ending it twice would be noted as a mistake.
    if (this.#wait?.isRecording() === true) endFailed(this.#wait, outcome)
    if (outcome !== 'ok') endFailed(this.#client, outcome)
    else if (this.#client !== null) endSpan(this.#client)
    if (this.#proxy !== null) endSpan(this.#proxy)
    this.server.end(ended, status)
  }
}
