import type { LoadStat } from './load-stat.ts'
import type { Aggregation, RevisionScaling, ScalingMetric } from './revision-scaling.ts'
import { TimeWindow } from './time-window.ts'

/** The metric as the two windows see it, over all pods. */
export interface ObservedLoad {
  readonly stable: number
  readonly panic: number
}

interface WindowPair {
  readonly stable: TimeWindow
  readonly panic: TimeWindow
}

/** What is known of a revision's load: a long and a short window for each metric. */
export class MetricWindows {
  readonly #aggregation: Aggregation
  readonly #pairs: Readonly<Record<ScalingMetric, WindowPair>>

  /** The aggregation cannot change later, as in Knative. */
  constructor(scaling: RevisionScaling) {
    this.#aggregation = scaling.aggregation
    this.#pairs = { concurrency: pairOf(scaling), rps: pairOf(scaling) }
  }

  /**
   * Adds what a source says of the second of `time`, ms; what several say of the same second adds up. The part that came
   * through an activator is left out, because the activator says it too. What is not a finite number is dropped, since
   * it would stay in the sums for ever.
   */
  record(stat: LoadStat, time: number): void {
    const concurrency = stat.averageConcurrency - stat.averageProxiedConcurrency
    const rate = stat.requestRate - stat.proxiedRequestRate
    if (!Number.isFinite(concurrency) || !Number.isFinite(rate)) return
    recordIn(this.#pairs.concurrency, time, concurrency)
    recordIn(this.#pairs.rps, time, rate)
  }

  /** Takes the lengths of the windows from `scaling`. */
  resize(scaling: RevisionScaling, now: number): void {
    for (const { stable, panic } of [this.#pairs.concurrency, this.#pairs.rps]) {
      stable.resize(scaling.stableWindowMs, now)
      panic.resize(scaling.panicWindowMs, now)
    }
  }

  /**
   * The metric at `now`, or null when nothing was recorded during the stable window. With `isSilenceZero` that is no
   * load instead: where all requests come through an activator, nobody asks the pods.
   */
  read(metric: ScalingMetric, now: number, isSilenceZero: boolean): ObservedLoad | null {
    const { stable, panic } = this.#pairs[metric]
    if (stable.isEmpty(now) && !isSilenceZero) return null
    return this.#aggregation === 'linear'
      ? { stable: stable.average(now), panic: panic.average(now) }
      : { stable: stable.weightedAverage(now), panic: panic.weightedAverage(now) }
  }
}

function pairOf(scaling: RevisionScaling): WindowPair {
  return { stable: new TimeWindow(scaling.stableWindowMs), panic: new TimeWindow(scaling.panicWindowMs) }
}

function recordIn({ stable, panic }: WindowPair, time: number, value: number): void {
  stable.record(time, value)
  panic.record(time, value)
}
