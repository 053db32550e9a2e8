import {
  activatorStat,
  type Decision,
  type Reachability,
  RevisionAutoscaler,
  type RevisionScaling,
  TICK_MS,
} from '@pilotlight/autoscaler'
import type { PlatformClock } from '../clock.ts'
import type { ActivityStat } from '../platform.ts'

/** How often silence is recorded as a zero, ms: Knative's sources report once a second. */
export const SECOND_MS = 1000
const SECONDS_PER_TICK = TICK_MS / SECOND_MS

/**
 * Drives the autoscaler of one revision by what the activator says, which sees every request: its reports, and a zero for each second
 * without one. What is decided last is told to `onDecision`, which may find that nothing changed.
 */
export class ScaleDriver {
  readonly #autoscaler: RevisionAutoscaler
  readonly #clock: PlatformClock
  readonly #onDecision: (decision: Decision) => void
  readonly #quietAfterMs: number
  #seconds = 0
  #wasToldThisSecond = false
  #lastLoadAt = -Infinity
  #lastConcurrency = 0
  #cancelRecheck: () => void = () => {}

  constructor(
    scaling: RevisionScaling,
    reachability: Reachability,
    clock: PlatformClock,
    onDecision: (decision: Decision) => void,
  ) {
    const now = clock.now()
    this.#autoscaler = new RevisionAutoscaler(scaling, { now, reachability })
    this.#clock = clock
    this.#onDecision = onDecision
    this.#quietAfterMs = 2 * scaling.stableWindowMs
  }

  /** Whether so much time has passed without a request that the windows hold nothing but zeros. */
  get isQuiet(): boolean {
    return this.#lastConcurrency === 0 && this.#clock.now() - this.#lastLoadAt > this.#quietAfterMs
  }

  /** Requests at the revision, waiting ones included, on average over the last second. */
  get concurrency(): number {
    return this.#lastConcurrency
  }

  /** For how long there has been no request, ms. */
  get idleMs(): number {
    return this.#lastConcurrency > 0 ? 0 : this.#clock.now() - this.#lastLoadAt
  }

  /** A request waits, and there is no instance. */
  wake(): void {
    const now = this.#clock.now()
    this.#lastLoadAt = now
    this.#take(this.#autoscaler.poke(now))
  }

  /** What the last second was like. */
  record({ averageConcurrency, requestCount }: ActivityStat): void {
    const now = this.#clock.now()
    this.#wasToldThisSecond = true
    this.#lastConcurrency = averageConcurrency
    if (averageConcurrency > 0 || requestCount > 0) this.#lastLoadAt = now
    const isUrgent = this.#autoscaler.record(activatorStat(averageConcurrency, requestCount), now)
    if (isUrgent) this.#take(this.#autoscaler.tick(now))
  }

  /** To be called once a second, as long as the revision is not quiet or has instances. */
  second(): void {
    const now = this.#clock.now()
    if (!this.#wasToldThisSecond) {
      this.#lastConcurrency = 0
      this.#autoscaler.record(activatorStat(0, 0), now)
    }
    this.#wasToldThisSecond = false
    this.#seconds++
    if (this.#seconds % SECONDS_PER_TICK === 0) this.#take(this.#autoscaler.tick(now))
  }

  /** So many instances are ready. */
  setReady(count: number): void {
    this.#take(this.#autoscaler.onPods(count, this.#clock.now()))
  }

  /** Whether a route leads there. */
  setReachability(reachability: Reachability): void {
    this.#take(this.#autoscaler.onReachability(reachability, this.#clock.now()))
  }

  /** Decides with what is known. */
  reconcile(): void {
    this.#take(this.#autoscaler.reconcile(this.#clock.now()))
  }

  #take(decision: Decision | null): void {
    if (decision === null) return
    this.#cancelRecheck()
    const { recheckAfterMs } = decision
    if (recheckAfterMs !== null)
      this.#cancelRecheck = this.#clock.after(Math.max(1, recheckAfterMs), () => this.reconcile())
    this.#onDecision(decision)
  }

  /** Decides nothing more. */
  close(): void {
    this.#cancelRecheck()
  }
}
