import type { HoldRefusal } from '@pilotlight/admission'
import type { Failure } from '@pilotlight/relay'
import { ExchangeRecord, type HttpFacts, setTrace, traceFacts } from '@pilotlight/service'
import { type RequestLog, type RevisionRecord, spanTime, type Tracing } from '@pilotlight/telemetry'
import type { Instance } from '../balance/instance.ts'
import type { Call } from '../call.ts'
import type { RequestObserver } from '../request-observer.ts'
import { ActivationSpans } from './activation-spans.ts'
import type { ActivatorMetrics } from './activator-metrics.ts'

/** Who wants to know of requests; null for those who do not. */
export interface Listeners {
  readonly metrics: ActivatorMetrics | null
  readonly tracing: Tracing | null
  readonly requestLog: RequestLog | null
}

/** Tells metrics, traces and the request log what becomes of requests. */
export class RequestEvents implements RequestObserver {
  readonly #listeners: Listeners
  /** One object for all: whoever gets it keeps nothing of it. */
  readonly #facts = {} as HttpFacts

  constructor(listeners: Listeners) {
    this.#listeners = listeners
  }

  onRequest(call: Call): void {
    const { tracing } = this.#listeners
    if (tracing === null) return
    const spans = new ActivationSpans(tracing, traceFacts(call.exchange), call.revision.spec)
    call.notes = spans
    call.traceResponse = spans.traceResponse
  }

  onHeld(call: Call): void {
    spansOf(call)?.onWaiting()
  }

  onDispatch(call: Call, instance: Instance): void {
    const spans = spansOf(call)
    if (spans !== null) setTrace(call.exchange, spans.server, spans.onDispatch(instance.address))
  }

  onResponse(call: Call): void {
    spansOf(call)?.onResponse(call.exchange.status)
  }

  onRetry(_call: Call, failure: Failure): void {
    this.#listeners.metrics?.onRetry(failure)
  }

  onRefused(_call: Call, reason: HoldRefusal | null): void {
    this.#listeners.metrics?.onRefused(reason)
  }

  onFailure(_call: Call, failure: Failure): void {
    if (failure === 'queue-timeout') this.#listeners.metrics?.count('queue-timeout')
  }

  onDone(call: Call, now: number): void {
    const { exchange, revision } = call
    const { metrics, requestLog } = this.#listeners
    const spans = spansOf(call)
    if (spans !== null && call.wait !== null) spans.onColdStart(call.wait, now, spanTime())
    spans?.onDone(exchange.outcome, exchange.status)
    metrics?.onDone(revision, this.#factsOf(call, now), exchange.dispatchedAt > 0)
    requestLog?.log(new ExchangeRecord(exchange, recordOf(call), now, call.requestId))
  }

  #factsOf({ exchange }: Call, now: number): HttpFacts {
    const facts = this.#facts
    facts.method = exchange.request.method
    facts.status = exchange.status
    facts.outcome = exchange.outcome
    facts.startedAtMs = exchange.startedAt
    facts.dispatchedAtMs = exchange.dispatchedAt
    facts.doneAtMs = now
    facts.requestBytes = exchange.requestBytes
    facts.responseBytes = exchange.responseBytes
    facts.isHttp2 = exchange.downstream.isHttp2
    facts.isHttp10 = exchange.request.version === 10
    facts.isEncrypted = exchange.downstream.peer.isEncrypted
    facts.upstreamIsHttp2 = exchange.downstream.isHttp2
    return facts
  }
}

function spansOf(call: Call): ActivationSpans | null {
  return call.notes instanceof ActivationSpans ? call.notes : null
}

/** Knative's activator leaves the instance out of its request log. */
function recordOf({ revision: { spec } }: Call): RevisionRecord {
  const { namespace, name, service, configuration } = spec
  return { namespace, name, service, configuration, podName: '', podIp: '' }
}
