import { type HoldRefusal, refusalName } from '@pilotlight/admission'
import type { ActivityStat } from '@pilotlight/platform'
import { type Failure, FAILURES, monotonicNow } from '@pilotlight/relay'
import { countedOutcome, type HttpFacts, HttpMetrics, HttpOwner } from '@pilotlight/service'
import {
  type Counter,
  CounterFamily,
  type Gauge,
  GaugeFamily,
  type MetricRegistry,
} from '@pilotlight/telemetry'
import type { Revision } from '../revision.ts'
import type { Revisions } from '../revisions.ts'
import {
  ACTIVE,
  CLIENTS_GONE,
  CONCURRENCY,
  CONNECTIONS_LOST,
  HELD_BYTES,
  HTTP_ATTRIBUTES,
  INSTANCES,
  OLDEST_AGE,
  QUEUED,
  REACHABLE,
  REFUSALS,
  RETRIES,
  WAKE_UPS,
} from './activator-families.ts'

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

/** Whom the connection of Knative's metrics leads to. */
const PEER = 'autoscaler'

/** The instruments of one revision, kept with it so that nothing is looked up per request. */
class RevisionMeasures {
  readonly http: HttpOwner
  readonly concurrency: Gauge
  readonly queued: Gauge
  readonly active: Gauge
  readonly wakeUps: Counter
  readonly heldBytes: Gauge
  readonly oldestAge: Gauge
  readonly instances: Gauge

  constructor({ spec }: Revision, families: Families) {
    const { namespace, service, configuration, name } = spec
    const all = [namespace, service, configuration, name]
    this.http = new HttpOwner(all, [])
    this.concurrency = families.concurrency.with(...all)
    this.queued = families.queued.with(namespace, name)
    this.active = families.active.with(namespace, name)
    this.wakeUps = families.wakeUps.with(namespace, name)
    this.heldBytes = families.heldBytes.with(namespace, name)
    this.oldestAge = families.oldestAge.with(namespace, name)
    this.instances = families.instances.with(namespace, name)
  }
}

interface Families {
  readonly concurrency: GaugeFamily
  readonly queued: GaugeFamily
  readonly active: GaugeFamily
  readonly wakeUps: CounterFamily
  readonly heldBytes: GaugeFamily
  readonly oldestAge: GaugeFamily
  readonly instances: GaugeFamily
}

/** Measures what the activator does. What can be asked when it is collected is kept nowhere in between. */
export class ActivatorMetrics {
  readonly #http: HttpMetrics
  readonly #families: Families
  readonly #measures = new WeakMap<Revision, RevisionMeasures>()
  readonly #refusals: Readonly<Record<CountedRefusal, Counter>>
  readonly #retries: Readonly<Record<Failure, Counter>>
  readonly #clientsGone: Counter
  readonly #reachable: Gauge
  readonly #connectionsLost: Counter
  #isConnected = false

  /** Adds the families to `registry`. */
  constructor(registry: MetricRegistry, revisions: Revisions) {
    this.#http = new HttpMetrics(registry, HTTP_ATTRIBUTES)
    this.#families = {
      concurrency: registry.add(new GaugeFamily(CONCURRENCY)),
      queued: registry.add(new GaugeFamily(QUEUED)),
      active: registry.add(new GaugeFamily(ACTIVE)),
      wakeUps: registry.add(new CounterFamily(WAKE_UPS)),
      heldBytes: registry.add(new GaugeFamily(HELD_BYTES)),
      oldestAge: registry.add(new GaugeFamily(OLDEST_AGE)),
      instances: registry.add(new GaugeFamily(INSTANCES)),
    }
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
    registry.beforeCollection(() => this.#collect(revisions))
  }

  #of(revision: Revision): RevisionMeasures {
    let measures = this.#measures.get(revision)
    if (measures === undefined) {
      measures = new RevisionMeasures(revision, this.#families)
      this.#measures.set(revision, measures)
    }
    return measures
  }

  /** Only of revisions that were ever asked for: there may be thousands that never are. */
  #collect(revisions: Revisions): void {
    const now = monotonicNow()
    for (const revision of revisions.all()) {
      const measures = this.#measures.get(revision)
      if (measures === undefined) continue
      const { line, activity, instances } = revision
      measures.queued.set(line.length)
      measures.active.set(Math.max(0, activity.concurrency - line.length))
      measures.heldBytes.set(line.bytes.used)
      measures.oldestAge.set(line.length === 0 ? 0 : Math.max(0, now - line.oldestEnteredAt) / 1000)
      measures.instances.set(instances.length)
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

  /** A request is over; `wasSent` is whether it was at an instance. */
  onDone(revision: Revision, facts: HttpFacts, wasSent: boolean): void {
    const { http } = this.#of(revision)
    if (countedOutcome(facts.status, facts.outcome) === 'client-gone') this.#clientsGone.add(1)
    this.#http.measureServer(http, facts)
    if (wasSent) this.#http.measureClient(http, facts)
  }
}
