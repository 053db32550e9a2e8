import { type Exchange, type Failure, monotonicNow } from '@pilotlight/relay'
import type { RequestLog, RevisionRecord, Tracing } from '@pilotlight/telemetry'
import type { App } from './app.ts'
import type { Call } from './call.ts'
import { ExchangeRecord, setTrace, traceFacts } from '@pilotlight/service'
import type { RequestMarks } from './request-marks.ts'
import type { RequestFacts, RequestMetrics } from './request-metrics.ts'
import type { RequestObserver } from './request-observer.ts'
import { RequestSpans, type RequestTraceFacts } from './request-spans.ts'

/** Who wants to know of requests; null for those who do not. */
export interface Listeners {
  readonly metrics: RequestMetrics | null
  readonly tracing: Tracing | null
  readonly requestLog: RequestLog | null
  /** Whether the request log has probes too. */
  readonly logsProbes: boolean
}

/** What is kept of a request between its steps. */
class Notes {
  readonly routeTag: string
  readonly spans: RequestSpans | null

  constructor(routeTag: string, spans: RequestSpans | null) {
    this.routeTag = routeTag
    this.spans = spans
  }
}

/** Tells metrics, traces and the logs what becomes of requests. */
export class RequestEvents implements RequestObserver {
  readonly #listeners: Listeners
  readonly #app: App
  readonly #appHost: string
  readonly #appPort: number
  readonly #revision: RevisionRecord
  /** One object for all: whoever gets it keeps nothing of it. All of it is there from the beginning, in one piece. */
  readonly #facts: RequestFacts = {
    method: '',
    status: 0,
    outcome: 'ok',
    startedAtMs: 0.5,
    dispatchedAtMs: 0.5,
    doneAtMs: 0.5,
    requestBytes: 0,
    responseBytes: 0,
    isHttp2: false,
    isHttp10: false,
    isEncrypted: false,
    upstreamIsHttp2: false,
    isAnyProbe: false,
    isForwarded: false,
    routeTag: '',
  }

  constructor(
    listeners: Listeners,
    app: App,
    address: { readonly host: string; readonly port: number },
    revision: RevisionRecord,
  ) {
    this.#listeners = listeners
    this.#app = app
    this.#appHost = address.host
    this.#appPort = address.port
    this.#revision = revision
  }

  onRequest(call: Call, marks: RequestMarks): void {
    const { metrics, tracing } = this.#listeners
    if (metrics === null && tracing === null) return
    const { routeTag } = marks
    call.notes = new Notes(
      routeTag,
      tracing === null ? null : new RequestSpans(tracing, factsOf(call, marks, routeTag)),
    )
  }

  onLimit(call: Call): void {
    spansOf(call)?.onWaiting()
  }

  onGranted(call: Call): void {
    spansOf(call)?.onGranted()
  }

  onRefused(_call: Call, reason: 'queue-full' | 'busy'): void {
    this.#listeners.metrics?.onRefused(reason)
  }

  onForward(call: Call): void {
    const spans = spansOf(call)
    if (spans === null) return
    setTrace(call.exchange, spans.server, spans.onForward(this.#appHost, this.#appPort))
  }

  onResponse(call: Call): void {
    spansOf(call)?.onResponse(call.exchange.status)
  }

  onFailure(_call: Call, failure: Failure): void {
    if (failure === 'queue-timeout') this.#listeners.metrics?.onRefused('queue-timeout')
  }

  onDone(call: Call, now: number): void {
    const { exchange } = call
    const { metrics, requestLog, logsProbes } = this.#listeners
    const notes = call.notes instanceof Notes ? call.notes : null
    notes?.spans?.onDone(exchange.outcome, exchange.status)
    if (metrics !== null) metrics.onDone(this.#factsOf(call, notes?.routeTag ?? '', now))
    if (requestLog !== null && (logsProbes || !call.isProbe))
      requestLog.log(new ExchangeRecord(exchange, this.#revision, now))
  }

  #factsOf(call: Call, routeTag: string, now: number): RequestFacts {
    const { exchange } = call
    const facts = this.#facts
    facts.method = exchange.request.method
    facts.status = exchange.status
    facts.outcome = exchange.outcome
    facts.isAnyProbe = call.isProbe
    facts.isForwarded = exchange.dispatchedAt > 0
    facts.startedAtMs = exchange.startedAt
    facts.dispatchedAtMs = exchange.dispatchedAt
    facts.doneAtMs = now
    facts.requestBytes = exchange.requestBytes
    facts.responseBytes = exchange.responseBytes
    facts.isHttp2 = exchange.downstream.isHttp2
    facts.isHttp10 = exchange.request.version === 10
    facts.isEncrypted = exchange.downstream.peer.isEncrypted
    facts.upstreamIsHttp2 = this.#app.isReachedByHttp2(exchange)
    facts.routeTag = routeTag
    return facts
  }

  onProbeDone(exchange: Exchange): void {
    const { requestLog, logsProbes } = this.#listeners
    if (requestLog !== null && logsProbes)
      requestLog.log(new ExchangeRecord(exchange, this.#revision, monotonicNow()))
  }
}

function spansOf(call: Call): RequestSpans | null {
  return call.notes instanceof Notes ? call.notes.spans : null
}

function factsOf({ exchange }: Call, marks: RequestMarks, routeTag: string): RequestTraceFacts {
  const { isAnyProbe, isKubeletProbe } = marks
  return { ...traceFacts(exchange), routeTag, isAnyProbe, isKubeletProbe }
}
