import { type HoldRefusal, refusalName } from '@pilotlight/admission'
import type { ActivityStat } from '@pilotlight/platform'
import { type Failure, FAILURES, monotonicNow } from '@pilotlight/relay'
import { countedOutcome, type HttpFacts, HttpMetrics } from '@pilotlight/service'
import {
  type ColdStartRecord,
  type Counter,
  CounterFamily,
  type Gauge,
  GaugeFamily,
  type MetricRegistry,
} from '@pilotlight/telemetry'
import type { Revision } from '../revision.ts'
import type { Revisions } from '../revisions.ts'
import {
  CLIENTS_GONE,
  CONNECTIONS_LOST,
  HTTP_ATTRIBUTES,
  REACHABLE,
  REFUSALS,
  RETRIES,
} from './activator-families.ts'
import { RevisionFamilies, RevisionMeasures } from './revision-measures.ts'

/** Why requests and connections are turned away. */
export const REFUSAL_REASONS = [
  'revision-full',
  'namespace-full',
  'process-full',
  'no-instance',
  'queue-timeout',
  'malformed',
  'connections',
] as const
/** One of {@link REFUSAL_REASONS}. */
export type CountedRefusal = (typeof REFUSAL_REASONS)[number]

/** So many revisions are measured before any is forgotten without a collection. */
const CROWD = 1000

/** Whom the connection of Knative's metrics leads to. */
const PEER = 'autoscaler'

/** Measures what the activator does. What can be asked when it is collected is kept nowhere in between. */
export class ActivatorMetrics {
  readonly #http: HttpMetrics
  readonly #families = new RevisionFamilies()
  /** Only of revisions that were ever asked for: there may be thousands that never are. */
  readonly #measures = new Map<Revision, RevisionMeasures>()
  readonly #revisions: Revisions
  readonly #refusals: Readonly<Record<CountedRefusal, Counter>>
  readonly #retries: Readonly<Record<Failure, Counter>>
  readonly #clientsGone: Counter
  readonly #reachable: Gauge
  readonly #connectionsLost: Counter
  #isConnected = false
  #crowd = CROWD

  /** Adds the families to `registry`. */
  constructor(registry: MetricRegistry, revisions: Revisions) {
    this.#revisions = revisions
    this.#http = new HttpMetrics(registry, HTTP_ATTRIBUTES)
    this.#families.addTo(registry)
    const refusals = registry.add(new CounterFamily(REFUSALS))
    this.#refusals = Object.fromEntries(
      REFUSAL_REASONS.map((reason) => [reason, refusals.with(reason)]),
    ) as Record<CountedRefusal, Counter>
    const retries = registry.add(new CounterFamily(RETRIES))
    this.#retries = Object.fromEntries(
      Object.entries(FAILURES).map(([failure, { retry }]) => [
        failure,
        // What is never sent again has no series of its own.
        retry === 'never' ? retries.with('_OTHER') : retries.with(failure),
      ]),
    ) as Record<Failure, Counter>
    this.#clientsGone = registry.add(new CounterFamily(CLIENTS_GONE)).with()
    this.#reachable = registry.add(new GaugeFamily(REACHABLE)).with(PEER)
    this.#connectionsLost = registry.add(new CounterFamily(CONNECTIONS_LOST)).with(PEER)
    registry.beforeCollection(() => this.#collect())
  }

  #of(revision: Revision): RevisionMeasures {
    const known = this.#measures.get(revision)
    if (known !== undefined) return known
    // Where nobody collects, nobody else would forget.
    if (this.#measures.size >= this.#crowd) this.#forgetAll()
    const measures = new RevisionMeasures(revision, this.#families)
    this.#measures.set(revision, measures)
    return measures
  }

  #forgetAll(): void {
    for (const [revision, { isOver }] of this.#measures) if (isOver) this.#forget(revision)
    this.#crowd = Math.max(CROWD, 2 * this.#measures.size)
  }

  /** The series of a revision go with it, unless there is one of the same name again. */
  #forget(revision: Revision): void {
    const { namespace, name } = revision.spec
    const next = this.#revisions.find(namespace, name)
    if (next === revision) return
    this.#measures.delete(revision)
    if (next !== null) {
      this.#of(next)
      return
    }
    const owner = { 'k8s.namespace.name': namespace, 'kn.revision.name': name }
    this.#families.remove(owner)
    this.#http.remove(owner)
  }

  #collect(): void {
    const now = monotonicNow()
    for (const [revision, measures] of this.#measures) {
      measures.refresh(now)
      if (!measures.isOver) continue
      // What it counted last is to be seen once.
      if (measures.wasSeenOver) this.#forget(revision)
      measures.wasSeenOver = true
    }
  }

  /** The platform was told this. */
  onReport(revision: Revision, { averageConcurrency }: ActivityStat): void {
    this.#of(revision).concurrency.set(averageConcurrency)
  }

  /** The platform was asked for an instance. */
  onWake(revision: Revision): void {
    this.#of(revision).wakeUps.add(1)
  }

  /** A request was turned away for `reason`; null when no instance can be started. */
  onRefused(reason: HoldRefusal | null): void {
    this.count(reason === null ? 'no-instance' : (refusalName(reason) as CountedRefusal))
  }

  /** A request or a connection was turned away. */
  count(reason: CountedRefusal): void {
    this.#refusals[reason].add(1)
  }

  /** A request will be sent again. */
  onRetry(failure: Failure): void {
    this.#retries[failure].add(1)
  }

  /** The platform's control plane can be reached, or not. */
  onConnection(isConnected: boolean): void {
    if (this.#isConnected && !isConnected) this.#connectionsLost.add(1)
    this.#isConnected = isConnected
    this.#reachable.set(isConnected ? 1 : 0)
  }

  /** A cold start is over. */
  onColdStart(revision: Revision, record: ColdStartRecord): void {
    this.#of(revision).onColdStart(record)
  }

  /** A request is over; `wasSent` is whether it was at an instance. */
  onDone(revision: Revision, facts: HttpFacts, wasSent: boolean): void {
    const measures = this.#of(revision)
    const outcome = countedOutcome(facts.status, facts.outcome)
    measures.onDone(outcome)
    if (outcome === 'client-gone') this.#clientsGone.add(1)
    this.#http.measureServer(measures.http, facts)
    if (wasSent) this.#http.measureClient(measures.http, facts)
  }
}
