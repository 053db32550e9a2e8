import type { Outcome } from '@pilotlight/relay'
import { HttpOwner, OUTCOMES } from '@pilotlight/service'
import {
  COLD_START_BOUNDS,
  type ColdStartOutcome,
  type ColdStartRecord,
  coldStartPhases,
  type Counter,
  CounterFamily,
  type Gauge,
  GaugeFamily,
  HistogramFamily,
  type MetricFamily,
  type MetricRegistry,
} from '@pilotlight/telemetry'
import type { Revision } from '../revision.ts'
import {
  ACTIVE,
  COLD_START_DURATION,
  COLD_START_PHASE,
  COLD_STARTS,
  CONCURRENCY,
  HELD_BYTES,
  INSTANCES,
  OLDEST_AGE,
  QUEUED,
  REQUEST_OUTCOMES,
  SLOTS_FREE,
  SLOTS_USED,
  WAKE_UPS,
} from './activator-families.ts'

/** Series of a family of which each revision has a few: what a cluster's revisions are called is bounded by the cluster. */
const SERIES_MAX = 20_000

/** How cold starts end, as labels. */
const COLD_START_OUTCOMES: readonly ColdStartOutcome[] = ['served', 'abandoned', 'failed']

/** What is measured of each revision beside HTTP. */
export class RevisionFamilies {
  readonly concurrency: GaugeFamily = new GaugeFamily(CONCURRENCY, SERIES_MAX)
  readonly queued: GaugeFamily = new GaugeFamily(QUEUED, SERIES_MAX)
  readonly active: GaugeFamily = new GaugeFamily(ACTIVE, SERIES_MAX)
  readonly wakeUps: CounterFamily = new CounterFamily(WAKE_UPS, SERIES_MAX)
  readonly heldBytes: GaugeFamily = new GaugeFamily(HELD_BYTES, SERIES_MAX)
  readonly oldestAge: GaugeFamily = new GaugeFamily(OLDEST_AGE, SERIES_MAX)
  readonly instances: GaugeFamily = new GaugeFamily(INSTANCES, SERIES_MAX)
  readonly slotsUsed: GaugeFamily = new GaugeFamily(SLOTS_USED, SERIES_MAX)
  readonly slotsFree: GaugeFamily = new GaugeFamily(SLOTS_FREE, SERIES_MAX)
  readonly outcomes: CounterFamily = new CounterFamily(REQUEST_OUTCOMES, SERIES_MAX)
  readonly coldStarts: CounterFamily = new CounterFamily(COLD_STARTS, SERIES_MAX)
  readonly coldStartDuration: HistogramFamily = new HistogramFamily(
    COLD_START_DURATION,
    COLD_START_BOUNDS,
    SERIES_MAX,
  )
  readonly coldStartPhase: HistogramFamily = new HistogramFamily(
    COLD_START_PHASE,
    COLD_START_BOUNDS,
    SERIES_MAX,
  )

  /** Adds them to `registry`. */
  addTo(registry: MetricRegistry): void {
    for (const family of Object.values(this) as CounterFamily[]) registry.add(family)
  }

  /** Takes out the series of a revision; `owner` are its namespace and name by their attributes. */
  remove(owner: Readonly<Record<string, string>>): void {
    for (const family of Object.values(this) as MetricFamily[]) family.remove(owner)
  }
}

/** The instruments of one revision, kept with it so that nothing is looked up per request. */
export class RevisionMeasures {
  readonly http: HttpOwner
  readonly concurrency: Gauge
  readonly wakeUps: Counter
  /** Whether a collection has seen that it is over. */
  wasSeenOver = false
  readonly #families: RevisionFamilies
  readonly #revision: Revision
  readonly #owner: readonly [namespace: string, name: string]
  readonly #queued: Gauge
  readonly #active: Gauge
  readonly #heldBytes: Gauge
  readonly #oldestAge: Gauge
  readonly #instances: Gauge
  readonly #slotsUsed: Gauge
  readonly #slotsFree: Gauge
  readonly #outcomes: Readonly<Record<Outcome, Counter>>
  readonly #coldStarts: Readonly<Record<ColdStartOutcome, Counter>>

  constructor(revision: Revision, families: RevisionFamilies) {
    const { namespace, service, configuration, name } = revision.spec
    this.#families = families
    this.#revision = revision
    this.#owner = [namespace, name]
    const all = [namespace, service, configuration, name]
    this.http = new HttpOwner(all, [])
    this.concurrency = families.concurrency.with(...all)
    this.wakeUps = families.wakeUps.with(...this.#owner)
    this.#queued = families.queued.with(...this.#owner)
    this.#active = families.active.with(...this.#owner)
    this.#heldBytes = families.heldBytes.with(...this.#owner)
    this.#oldestAge = families.oldestAge.with(...this.#owner)
    this.#instances = families.instances.with(...this.#owner)
    this.#slotsUsed = families.slotsUsed.with(...this.#owner)
    this.#slotsFree = families.slotsFree.with(...this.#owner)
    this.#outcomes = Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, families.outcomes.with(outcome, ...this.#owner)]),
    ) as Record<Outcome, Counter>
    // All of them at once: a counter that begins with its first event hides it from rate().
    this.#coldStarts = Object.fromEntries(
      COLD_START_OUTCOMES.map((outcome) => [outcome, families.coldStarts.with(outcome, ...this.#owner)]),
    ) as Record<ColdStartOutcome, Counter>
  }

  /** Whether the revision is gone, and its last request is over. */
  get isOver(): boolean {
    return this.#revision.isClosed && this.#revision.activity.concurrency === 0
  }

  /** A request is over. */
  onDone(outcome: Outcome): void {
    this.#outcomes[outcome].add(1)
  }

  /** A cold start is over. They are few: the series of its phases are made when there is one. */
  onColdStart(record: ColdStartRecord): void {
    const families = this.#families
    this.#coldStarts[record.outcome].add(1)
    if (record.outcome === 'served')
      families.coldStartDuration.with(...this.#owner).observe(record.totalMs / 1000)
    for (const { phase, ms } of coldStartPhases(record))
      families.coldStartPhase.with(phase, ...this.#owner).observe(ms / 1000)
  }

  /** Takes what can be asked of the revision. `now` is in ms. */
  refresh(now: number): void {
    const { line, activity, instances, spec } = this.#revision
    this.#queued.set(line.length)
    this.#active.set(Math.max(0, activity.concurrency - line.length))
    this.#heldBytes.set(line.bytes.used)
    this.#oldestAge.set(line.length === 0 ? 0 : Math.max(0, now - line.oldestEnteredAt) / 1000)
    this.#instances.set(instances.length)
    let used = 0
    let free = 0
    for (const instance of instances) {
      used += instance.running
      if (!instance.isAvoided) free += instance.free
    }
    this.#slotsUsed.set(used)
    // Without a limit there is nothing to be free, and a new instance that is paced has one for a moment only.
    this.#slotsFree.set(spec.containerConcurrency === 0 ? Number.NaN : free)
  }
}
