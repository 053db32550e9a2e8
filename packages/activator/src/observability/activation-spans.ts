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
import type { RevisionSpec } from '@pilotlight/platform'
import type { ColdWait } from '../cold-starts/cold-wait.ts'
import { ACTIVATOR_SCOPE } from './activator-families.ts'

/**
 * The spans of one request, as Knative's activator has them:
 *
 *     GET (server) ─┬─► throttler_try      until it is dispatched
 *                   ├─► activator_proxy ─► GET /path (client)
 *                   └─► cold_start.woken, …        of ours: one for each phase of a cold start that it waited for
 *
 * A request that is sent again has a client span for each time, and one of throttler_try for each time it waited. One that is not sampled has a
 * server span that records nothing and is the parent of the sidecar's.
 */
export class ActivationSpans {
  /** The trace, and the server span. */
  readonly server: ServerSpan
  readonly #tracing: Tracing
  readonly #facts: TraceFacts
  #wait: TraceSpan | null = null
  #proxy: TraceSpan | null = null
  #client: TraceSpan | null = null

  constructor(
    tracing: Tracing,
    facts: TraceFacts,
    { namespace, service, configuration, name }: RevisionSpec,
  ) {
    this.#tracing = tracing
    this.#facts = facts
    this.server = new ServerSpan(tracing, facts, () => ({
      'k8s.namespace.name': namespace,
      'kn.service.name': service,
      'kn.configuration.name': configuration,
      'kn.revision.name': name,
    }))
    this.onWaiting()
  }

  /** It is not at an instance, or not any more. */
  onWaiting(): void {
    if (!this.server.isRecording || this.#wait !== null) return
    this.#wait = this.#child('throttler_try')
  }

  #child(name: string): TraceSpan {
    return this.#tracing.startSpan(ACTIVATOR_SCOPE, name, SpanKind.Internal, this.server.span, {})
  }

  /** It is sent to `address`. */
  onDispatch(address: string): OutgoingTrace {
    if (!this.server.isRecording) return this.server.outgoing(this.server.span!)
    if (this.#wait !== null) endSpan(this.#wait)
    this.#wait = null
    endFailed(this.#client, 'retried')
    this.#proxy ??= this.#child('activator_proxy')
    const known = KNOWN_METHODS[methodIndex(this.#facts.method)]
    this.#client = this.#tracing.startSpan(
      HTTP_SCOPE,
      `${known} ${pathOf(this.#facts.target, this.#tracing.textMax)}`,
      SpanKind.Client,
      this.#proxy,
      { 'http.request.method': known, 'server.address': address },
    )
    return this.server.outgoing(this.#client)
  }

  /** The head of the response came. */
  onResponse(status: number): void {
    if (this.#client !== null) noteResponse(this.#client, status)
  }

  /** Value of `traceresponse`: the span that the caller's trace goes on in; empty when nothing is recorded. */
  get traceResponse(): string {
    const { isRecording, span } = this.server
    return isRecording && span !== null ? this.server.outgoing(span).traceparent : ''
  }

  /** The request waited for a cold start and is about to be over. `now` is ms, monotonic; `spanNow` is the same by `spanTime`. */
  onColdStart(wait: ColdWait, now: number, spanNow: number): void {
    const { isRecording, span } = this.server
    if (!isRecording || span === null) return
    const arrivedAt = spanNow - (now - wait.arrivedAt)
    const attributes = {
      'pilotlight.cold_start.id': wait.coldStart.id,
      'pilotlight.request.id': wait.requestId,
    }
    for (const { phase, startMs, ms } of wait.phases) {
      const startedAt = arrivedAt + startMs
      const past = { startedAt, endedAt: startedAt + ms, attributes }
      this.#tracing.recordSpan(ACTIVATOR_SCOPE, `cold_start.${phase}`, span, past)
    }
  }

  /** The request is over. `status` was sent to the client, 0 when none was. */
  onDone(ended: Outcome, status: number): void {
    if (!this.server.isRecording) return
    const outcome = countedOutcome(status, ended)
    endFailed(this.#wait, outcome)
    if (outcome !== 'ok') endFailed(this.#client, outcome)
    else if (this.#client !== null) endSpan(this.#client)
    if (this.#proxy !== null) endSpan(this.#proxy)
    this.server.end(ended, status)
  }
}

/** The path of a target. The query is left out: it may hold what is secret. */
function pathOf(target: string, textMax: number): string {
  const query = target.indexOf('?')
  return ownText(query < 0 ? target : target.slice(0, query), textMax)
}
