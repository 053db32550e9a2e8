import { DEFAULT_URGENCY, HoldRefusal, isOwnLimit } from '@pilotlight/admission'
import { Framing, type ResponseHead } from '@pilotlight/http1'
import { type Exchange, type ExchangeHandler, type Failure, monotonicNow } from '@pilotlight/relay'
import { appendForwardedFor, clocksUntil, type TrustedPeers } from '@pilotlight/service'
import { answers } from './answers.ts'
import type { Instance } from './balance/instance.ts'
import { Call, type CallOwner } from './call.ts'
import { callerOf, type CallerSource, urgencyOf } from './caller.ts'
import type { RequestIds } from './cold-starts/request-ids.ts'
import type { ResponseFields } from './cold-starts/response-fields.ts'
import type { FailureAnswers } from './failure-answers.ts'
import type { Location } from './location.ts'
import type { ProbeAnswers } from './probe-answers.ts'
import { RequestMarks } from './request-marks.ts'
import type { RequestObserver } from './request-observer.ts'
import { type Retries, Retry } from './retries.ts'
import type { Dispatcher, Revision } from './revision.ts'

/** The parts that decide about a request, wired by `build`. */
export interface FrontParts {
  readonly probes: ProbeAnswers
  readonly location: Location
  readonly retries: Retries
  readonly failures: FailureAnswers
  readonly ids: RequestIds
  /** What the client is told beside a response. */
  readonly told: ResponseFields
  /** Null trusts everybody. */
  readonly trusted: TrustedPeers | null
  readonly callerSource: CallerSource
  /** Whether the Priority field (RFC 9218) counts. */
  readonly heedsPriority: boolean
  /** Body bytes that are buffered for one request, at most. */
  readonly holdBytes: number
  /** Flow-control window of an HTTP/2 stream, bytes: what Node may buffer of a body that is not read. */
  readonly windowBytes: number
  /** Has an instance started. */
  readonly wake: (revision: Revision) => void
  /** Null when nobody looks. */
  readonly observer: RequestObserver | null
}

/**
 * The way of a request through the activator:
 *
 *     onRequest ─► probe? answered here
 *        └─► revision? ─► counted ─► fields edited ─► a slot? ─┬─ yes ─► dispatch ─► instance ─► onResponse ─► onDone
 *                 │                                            ├─ no, but room to wait ─► dispatch …
 *                 └─ none: 404                                 └─ no ─► 503, or 429
 *
 * An attempt that failed comes back through onFailure, and goes to another instance when it provably did not start. What was
 * taken for a request is given back in onDone.
 */
export class Front implements ExchangeHandler, CallOwner, Dispatcher {
  readonly #parts: FrontParts
  readonly #observer: RequestObserver | null
  readonly #marks = new RequestMarks()

  constructor(parts: FrontParts) {
    this.#parts = parts
    this.#observer = parts.observer
  }

  onRequest(exchange: Exchange): void {
    const marks = this.#marks
    const { trusted, probes, location, ids } = this.#parts
    const isTrusted = trusted === null || trusted.has(exchange.downstream.peer.address)
    marks.read(exchange.request, isTrusted)
    if (probes.answer(exchange, marks)) return
    const revision = location.find(exchange, marks)
    if (revision === null) return this.#answerUnknown(exchange, location.name, isTrusted)
    const { clocks } = revision
    exchange.clocks = marks.grpcTimeout === '' ? clocks : clocksUntil(clocks, marks.grpcTimeout)
    const call = new Call(exchange, revision, isTrusted, this)
    exchange.context = call
    if (ids.isForAll) call.requestId = ids.identify(exchange, isTrusted)
    revision.activity.enter(exchange.startedAt)
    this.#observer?.onRequest(call, marks)
    editFields(exchange, marks)
    if (revision.passthroughHost !== '') exchange.request.add('K-Passthrough-Lb', 'true')
    if (this.#reserve(call)) this.#admit(call)
  }

  /** Takes its part of the bytes that may be buffered. Answers false when it was refused for want of them. */
  #reserve(call: Call): boolean {
    const { exchange, revision } = call
    const { request } = exchange
    if (exchange.requestEnded && exchange.requestBytes === 0) return true
    const { holdBytes, windowBytes } = this.#parts
    const expected = request.framing === Framing.Length ? request.contentLength : Infinity
    const arrived = exchange.requestBytes
    // Node reads an HTTP/2 body up to the window, whether anybody asks for it or not.
    const window = exchange.downstream.isHttp2 ? Math.min(expected - arrived, windowBytes) : 0
    const granted = revision.line.bytes.reserve(
      arrived + window,
      Math.max(arrived, Math.min(expected, holdBytes)) + window,
    )
    if (granted < 0) {
      this.#refuse(call, HoldRefusal.ProcessFull)
      return false
    }
    call.bytes = granted
    if (granted - window < Math.min(expected, holdBytes)) exchange.limitHolding(granted - window)
    return true
  }

  #admit(call: Call): void {
    const { revision } = call
    if (revision.trouble !== '' && !revision.slots.hasInstances) {
      this.#parts.wake(revision)
      return this.#answerTrouble(call)
    }
    const refusal = revision.admit(call)
    if (refusal !== HoldRefusal.None) this.#refuse(call, refusal)
    else if (call.wasHeld) this.#observer?.onHeld(call)
  }

  callerOf(call: Call): string {
    return callerOf(call.exchange, this.#parts.callerSource, call.isTrusted)
  }

  urgencyOf(call: Call): number {
    if (!this.#parts.heedsPriority) return DEFAULT_URGENCY
    return urgencyOf(call.exchange.request.get('priority') ?? '')
  }

  // ── towards an instance ─────────────────────────────────────────────────────────────────────────────────────────

  dispatch(call: Call, instance: Instance): void {
    const { exchange } = call
    const { request } = exchange
    const { passthroughHost } = call.revision
    request.set('Host', passthroughHost === '' ? instance.address : passthroughHost)
    const mayBeRefused = instance.canRefuse && this.#parts.retries.mayBeRefused(call)
    if (mayBeRefused) request.set('Pilotlight-Refuse', 'when-busy')
    else if (call.mayBeRefused) request.remove('pilotlight-refuse')
    call.mayBeRefused = mayBeRefused
    this.#observer?.onDispatch(call, instance)
    exchange.forward(instance.upstream(exchange.downstream.isHttp2))
  }

  wake(revision: Revision): void {
    this.#parts.wake(revision)
  }

  onResponse(exchange: Exchange, head: ResponseHead): void {
    const call = exchange.context as Call
    const instance = call.instance!
    if (call.mayBeRefused) {
      if (head.status === 503 && head.indexOf('pilotlight-refused') >= 0 && exchange.declineResponse()) return
      head.remove('pilotlight-slots')
    }
    if (instance.isUnsettled) instance.onResponse()
    if (call.bytes > 0) call.revision.releaseBytes(call)
    this.#observer?.onResponse(call)
    if (call.requestId !== '' || call.wait !== null || call.traceResponse !== '')
      this.#parts.told.addTo(head, call)
  }

  // ── what fails ──────────────────────────────────────────────────────────────────────────────────────────────────

  onFailure(exchange: Exchange, failure: Failure): boolean {
    const call = exchange.context
    // No clock runs for a probe that is answered here, and it has no upstream that could fail.
    if (!(call instanceof Call)) return false
    const retry = call.instance === null ? Retry.No : this.#parts.retries.decide(call, failure)
    if (retry !== Retry.No) {
      this.#observer?.onRetry(call, failure)
      this.#tryAgain(call, retry)
      return true
    }
    this.#observer?.onFailure(call, failure)
    return this.#parts.failures.answer(call, failure)
  }

  #tryAgain(call: Call, retry: Retry): void {
    const { revision } = call
    const instance = call.instance!
    if (retry === Retry.Unreachable) revision.onUnreachable(instance)
    if (this.#parts.retries.mayMoveAtOnce(call) && revision.redirect(call)) return
    // Nobody else has a slot: the sidecar, which knows them all, lets it wait.
    if (retry === Retry.Busy) return this.dispatch(call, instance)
    revision.holdAgain(call)
    if (call.instance === null) this.#observer?.onHeld(call)
  }

  /** Answers all who wait for a revision that cannot get an instance. */
  answerWaiting(revision: Revision): void {
    for (let next = revision.line.next(); next !== null; next = revision.line.next()) {
      const call = next as Call
      if (revision.trouble !== '') this.#answerTrouble(call)
      else this.#answerUnknown(call.exchange, revision.spec.name, call.isTrusted)
    }
  }

  #answerTrouble(call: Call): void {
    this.#observer?.onRefused(call, null)
    const text = `${call.revision.trouble}\n`
    const fields = this.#refusalFields(call)
    answers.answerError(call.exchange, 503, text, 'destination_unavailable', 'refused', fields)
  }

  onEvicted(call: Call, reason: HoldRefusal): void {
    this.#refuse(call, reason)
  }

  /** 429 says that the caller's own namespace has too much; 503 that there is too much of everything. */
  #refuse(call: Call, reason: HoldRefusal): void {
    this.#observer?.onRefused(call, reason)
    const status = isOwnLimit(reason) ? 429 : 503
    const fields = this.#refusalFields(call)
    const text =
      status === 503 ? 'pending request queue full\n' : 'too many requests of this namespace wait\n'
    answers.answerError(call.exchange, status, text, 'connection_limit_reached', 'refused', fields)
  }

  #refusalFields(call: Call): string {
    const { failures, told } = this.#parts
    return `Retry-After: ${failures.retryAfter(call.revision)}\r\n${told.ofError(call)}`
  }

  /** Knative's words for a revision that is not there. */
  #answerUnknown(exchange: Exchange, name: string, isTrusted: boolean): void {
    const text = `Error getting active endpoint: revision.serving.knative.dev ${JSON.stringify(name)} not found\n`
    const call = exchange.context
    const { told } = this.#parts
    const fields = call instanceof Call ? told.ofError(call) : told.ofUnknown(exchange, isTrusted)
    answers.answerError(exchange, 404, text, 'destination_not_found', 'refused', fields)
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  onDone(exchange: Exchange): void {
    const call = exchange.context
    if (!(call instanceof Call)) return
    const now = monotonicNow()
    const { revision } = call
    revision.activity.leave(now)
    this.#observer?.onDone(call, now)
    revision.release(call, now)
  }
}

/** Makes the fields those the sidecar is to see (Knative). */
function editFields({ request, downstream }: Exchange, marks: RequestMarks): void {
  if (marks.namespace !== '') request.remove('knative-serving-namespace')
  if (marks.revision !== '') request.remove('knative-serving-revision')
  if (marks.networkHash !== '') request.remove('k-network-hash')
  if (marks.hasProxyRequest) request.remove('k-proxy-request')
  request.add('K-Proxy-Request', 'activator')
  if (!marks.hasOriginalHost && request.host !== '') request.set('K-Original-Host', request.host)
  appendForwardedFor(request, marks.hasForwardedFor, downstream.peer.address)
}
