import { Admission, type ConcurrencyLimit, type LoadMeter, Place, ReleaseRate } from '@pilotlight/admission'
import { isHost, type ResponseHead } from '@pilotlight/http1'
import {
  type Clocks,
  type Exchange,
  type ExchangeHandler,
  type Failure,
  monotonicNow,
} from '@pilotlight/relay'
import {
  answerFailure,
  appendForwardedFor,
  clocksUntil,
  logFailure,
  type TrustedPeers,
} from '@pilotlight/service'
import type { Logger } from '@pilotlight/telemetry'
import { answers } from './answers.ts'
import type { App } from './app.ts'
import { Call, type CallOwner } from './call.ts'
import type { Drainer } from './drainer.ts'
import { addForwarded } from './forwarded-fields.ts'
import { PendingProbe, type ProbeAnswers } from './probe-answers.ts'
import { RequestMarks } from './request-marks.ts'
import type { RequestObserver } from './request-observer.ts'

/** Knative's text of every timeout, without a newline at its end. */
const TIMED_OUT = 'request timeout'

/** Longest time a refused caller is told to stay away, seconds. */
const RETRY_AFTER_MAX = 60

/** Probes have the time they ask for; what bounds them is the prober. */
const PROBE_CLOCKS: Clocks = {
  queueMs: 0,
  responseStartMs: 0,
  responseStartIncludesQueue: false,
  idleMs: 0,
  totalMs: 0,
  tunnelMs: 0,
}

/** The parts that decide about a request, wired by `build`. */
export interface QueueProxyParts {
  /** Null for no limit. */
  readonly limit: ConcurrencyLimit | null
  readonly meter: LoadMeter
  readonly drainer: Drainer
  readonly probes: ProbeAnswers
  readonly app: App
  /** Null trusts everybody. */
  readonly trusted: TrustedPeers | null
  readonly clocks: Clocks
  readonly log: Logger
  /** Null when nobody looks: no metrics, no traces, no request log. */
  readonly observer: RequestObserver | null
}

/**
 * The way of a request through the sidecar:
 *
 *     onRequest ─► probe? answered here
 *        └─► counted ─► fields edited ─► a slot? ─┬─ yes ─► app ─► onResponse ─► onDone
 *                                                 ├─ no, but room to wait ─► onGranted ─► app …
 *                                                 └─ no ─► 503
 *
 * What was taken for it (its slot or place, its count) is given back in onDone.
 */
export class QueueProxy implements ExchangeHandler, CallOwner {
  readonly #parts: QueueProxyParts
  readonly #limit: ConcurrencyLimit | null
  readonly #meter: LoadMeter
  readonly #drainer: Drainer
  readonly #observer: RequestObserver | null
  readonly #marks = new RequestMarks()
  readonly #rate = new ReleaseRate()

  constructor(parts: QueueProxyParts) {
    this.#parts = parts
    this.#limit = parts.limit
    this.#meter = parts.meter
    this.#drainer = parts.drainer
    this.#observer = parts.observer
  }

  onRequest(exchange: Exchange): void {
    const marks = this.#marks
    const { trusted, clocks } = this.#parts
    marks.read(exchange.request, trusted === null || trusted.has(exchange.downstream.peer.address))
    if (marks.isHealthCheck || marks.isHashProbe) return this.#answerProbe(exchange, marks)
    this.#drainer.onRequest()
    exchange.clocks = marks.grpcTimeout === '' ? clocks : clocksUntil(clocks, marks.grpcTimeout)
    const call = new Call(exchange, this, marks)
    exchange.context = call
    if (call.isCounted) this.#meter.enter(exchange.startedAt, call.isProxied)
    this.#observer?.onRequest(call, marks)
    if (this.#editFields(call, marks)) this.#admit(call)
  }

  #answerProbe(exchange: Exchange, marks: RequestMarks): void {
    exchange.clocks = PROBE_CLOCKS
    const { probes } = this.#parts
    if (marks.isHealthCheck) probes.answerHealthCheck(exchange, marks)
    else probes.answerHashProbe(exchange)
  }

  /** Makes the fields those the app is to see. Answers false when the request was refused for them. */
  #editFields(call: Call, marks: RequestMarks): boolean {
    const { exchange } = call
    const { request } = exchange
    // RFC 9110 section 9.3.7: this asks what the server can do, and Go's server answers it before any handler.
    if (request.target === '*') {
      answers.answer(exchange, 200, '', this.#slotFields(call))
      return false
    }
    addForwarded(request, marks)
    if (marks.namesRevision) {
      request.remove('knative-serving-revision')
      request.remove('knative-serving-namespace')
    }
    if (marks.namesRefusal) request.remove('pilotlight-refuse')
    if (marks.originalHost !== '' && !marks.isKubeletProbe) {
      if (!isHost(marks.originalHost)) {
        const text = 'K-Original-Host is not a host\n'
        answers.answerError(exchange, 400, text, 'http_request_error', 'refused', this.#slotFields(call))
        return false
      }
      request.remove('k-original-host')
      request.set('Host', marks.originalHost)
    }
    appendForwardedFor(request, marks.hasForwardedFor, exchange.downstream.peer.address)
    return true
  }

  #admit(call: Call): void {
    const limit = this.#limit
    // Kubelets ask the app itself: whether it lives must not depend on how busy it is.
    if (limit === null || !call.isCounted) return this.#forward(call)
    this.#observer?.onLimit(call)
    switch (limit.enter(call, !call.wantsSlots)) {
      case Admission.Granted:
        return this.onGranted(call)
      case Admission.Waiting:
        return
      default:
        if (call.wantsSlots) this.#refuseBusy(call, limit)
        else this.#refuseFull(call, limit)
    }
  }

  onGranted(call: Call): void {
    this.#observer?.onGranted(call)
    this.#forward(call)
  }

  onEvicted(call: Call): void {
    this.#refuseFull(call, this.#limit!)
  }

  #forward(call: Call): void {
    this.#observer?.onForward(call)
    this.#parts.app.forward(call.exchange)
  }

  /** The line is full: Knative's words, and when it is worth coming again. */
  #refuseFull(call: Call, limit: ConcurrencyLimit): void {
    this.#observer?.onRefused(call, 'queue-full')
    const fields = `Retry-After: ${this.#retryAfter(limit.waiting)}\r\n${this.#slotFields(call)}`
    answers.answerError(
      call.exchange,
      503,
      'pending request queue full\n',
      'connection_limit_reached',
      'refused',
      fields,
    )
  }

  /** An activator asked not to wait here: it knows other instances. Nothing of the request was begun. */
  #refuseBusy(call: Call, limit: ConcurrencyLimit): void {
    this.#observer?.onRefused(call, 'busy')
    const fields = `Pilotlight-Refused: busy\r\nRetry-After: ${this.#retryAfter(limit.waiting)}\r\n${this.#slotFields(call)}`
    answers.answerError(call.exchange, 503, 'no free slot\n', 'connection_limit_reached', 'refused', fields)
  }

  #retryAfter(ahead: number): number {
    return this.#rate.secondsUntil(ahead + 1, monotonicNow(), RETRY_AFTER_MAX)
  }

  #slotFields(call: Call): string {
    return call.wantsSlots ? `Pilotlight-Slots: ${this.#slots()}\r\n` : ''
  }

  /** This instance's slots, as a dictionary (RFC 9651); a total of 0 is no limit. */
  #slots(): string {
    const limit = this.#limit
    return limit === null ? 'free=0, total=0' : `free=${limit.free}, total=${limit.capacity}`
  }

  onResponse(exchange: Exchange, head: ResponseHead): void {
    const call = exchange.context as Call
    this.#observer?.onResponse(call)
    if (call.wantsSlots) head.set('Pilotlight-Slots', this.#slots())
    if (head.status === 101) this.#leaveDrain(call)
  }

  /** It holds the drain no longer: once, at its end or when it becomes an upgraded connection. */
  #leaveDrain(call: Call): void {
    if (!call.holdsDrain) return
    call.holdsDrain = false
    this.#drainer.onDone()
  }

  onFailure(exchange: Exchange, failure: Failure): boolean {
    const call = exchange.context
    // No clock runs for a probe that is answered here, and it has no upstream that could fail.
    if (!(call instanceof Call)) return false
    if (this.#parts.app.onFailure(exchange, failure)) return true
    logFailure(this.#parts.log, exchange, failure)
    this.#observer?.onFailure(call, failure)
    return answerFailure(
      answers,
      exchange,
      failure,
      TIMED_OUT,
      this.#retryAfter(this.#limit?.waiting ?? 0),
      this.#slotFields(call),
    )
  }

  onDone(exchange: Exchange): void {
    const call = exchange.context
    if (call instanceof PendingProbe) this.#parts.probes.onDone(call)
    if (!(call instanceof Call)) return this.#observer?.onProbeDone(exchange)
    const now = monotonicNow()
    if (call.isCounted) this.#meter.leave(now, call.isProxied)
    if (exchange.failure === 'response-incomplete')
      this.#parts.log.warn('the app closed inside its response', { detail: exchange.failureDetail })
    this.#parts.app.forget(exchange)
    const limit = this.#limit
    if (limit !== null && call.isCounted) {
      if (call.place === Place.Running) this.#rate.record(now)
      limit.leave(call)
    }
    this.#observer?.onDone(call, now)
    this.#leaveDrain(call)
  }
}
