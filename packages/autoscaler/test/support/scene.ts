import { activatorStat } from '../../src/load-stat.ts'
import { type AutoscalerStart, type Decision, RevisionAutoscaler } from '../../src/revision-autoscaler.ts'
import type { RevisionScaling } from '../../src/revision-scaling.ts'
import { scalingWith } from './scaling.ts'

/** One second, ms. */
export const SECOND = 1000
/** When every scene begins. */
export const START = 1_700_000_000_000

/** An autoscaler with a clock that a test turns. */
export class Scene {
  readonly autoscaler: RevisionAutoscaler
  now = START
  constructor(changes: Partial<RevisionScaling> = {}, start: Partial<AutoscalerStart> = {}) {
    this.autoscaler = new RevisionAutoscaler(scalingWith(changes), { now: START, ...start })
  }
  pass(ms: number): this {
    this.now += ms
    return this
  }
  record(concurrency: number): boolean {
    return this.autoscaler.record(activatorStat(concurrency, concurrency), this.now)
  }
  tick(): Decision {
    return this.autoscaler.tick(this.now)
  }
  pods(readyPods: number | null): Decision {
    return this.autoscaler.onPods(readyPods, this.now)
  }
  /** Seconds with the same load, with a decision every other; the last one. */
  run(seconds: number, concurrency: number): Decision {
    let decision = this.autoscaler.reconcile(this.now)
    for (let second = 1; second <= seconds; second++) {
      this.pass(SECOND).record(concurrency)
      if (second % 2 === 0) decision = this.tick()
    }
    return decision
  }
}
