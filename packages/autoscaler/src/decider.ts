import { excessBurstCapacity } from './burst-capacity.ts'
import { DelayWindow } from './delay-window.ts'
import { toInt32 } from './go-values.ts'
import type { ObservedLoad } from './metric-windows.ts'
import type { RevisionScaling } from './revision-scaling.ts'

/** Time between two decisions in Knative, ms. */
export const TICK_MS = 2000

/** What made the advice what it is: the last rule that changed the number. */
export type AdviceRule =
  /** The average over the stable window. */
  | 'stable-window'
  /** The average over the panic window, which is larger. */
  | 'panic-window'
  /** There may only be so many times more pods than are ready. */
  | 'scale-up-rate'
  /** There must be at least this share of the pods that are ready. */
  | 'scale-down-rate'
  /** There is load, and then no fewer pods than these. */
  | 'activation-scale'
  /** In panic the number does not fall. */
  | 'panic-mode'
  /** The number was larger not long ago. */
  | 'scale-down-delay'

/** How an advice came about. */
export interface AdviceReasons {
  readonly rule: AdviceRule
  /** The metric over all pods, by either window. */
  readonly stableValue: number
  readonly panicValue: number
  /** What one pod should have of it. */
  readonly targetValue: number
  /** Pods that takes, by either window, before any bound. */
  readonly stablePods: number
  readonly panicPods: number
  /** Pods that were ready. */
  readonly readyPods: number
  /** Bounds of the change in one step. */
  readonly scaleUpMax: number
  readonly scaleDownMin: number
  /** Whether the panic window asks for so much more than is ready that it is time for panic. */
  readonly isOverPanicThreshold: boolean
}

/** How many pods there should be. */
export interface Advice {
  readonly desiredScale: number
  /** Below 0 when the activator has to be in the path. */
  readonly excessBurstCapacity: number
  readonly isPanicking: boolean
  readonly reasons: AdviceReasons
}

interface Proposal {
  readonly pods: number
  readonly rule: AdviceRule
}

/**
 * Turns what the windows saw into a number of pods, as Knative's autoscaler does: the stable window rules, until the
 * panic window asks for many times what is ready. Then the larger of both rules, and the number does not fall before
 * a whole stable window has passed without cause for panic.
 */
export class Decider {
  readonly #delay: DelayWindow | null
  #scaling: RevisionScaling
  /** When there was cause for panic last; null when there is no panic. */
  #panicAt: number | null
  #panicScale: number

  /**
   * With two or more `readyPods` it begins in panic: whoever starts anew has no history, and would at first ask for far
   * too few. Whether there is a delay is settled here, as in Knative: one that is set later has no effect.
   */
  constructor(scaling: RevisionScaling, readyPods: number, now: number) {
    this.#delay = scaling.scaleDownDelayMs > 0 ? new DelayWindow(scaling.scaleDownDelayMs, TICK_MS) : null
    this.#scaling = scaling
    this.#panicAt = readyPods > 1 ? now : null
    this.#panicScale = readyPods
  }

  /** Whether the scale may not fall. */
  get isPanicking(): boolean {
    return this.#panicAt !== null
  }

  /** Goes on with other settings. */
  update(scaling: RevisionScaling): void {
    this.#scaling = scaling
  }

  /** How many pods there should be at `now`, ms. `isReachable` says whether a route leads to the revision. */
  decide(load: ObservedLoad, readyPods: number, isReachable: boolean, now: number): Advice {
    const scaling = this.#scaling
    const reasons = measure(scaling, load, readyPods, isReachable)
    this.#panic(reasons.isOverPanicThreshold, now)
    let { pods, rule } = propose(scaling, reasons, reasons.stablePods, 'stable-window')
    if (this.isPanicking) {
      const other = propose(scaling, reasons, reasons.panicPods, 'panic-window')
      if (other.pods > pods) ({ pods, rule } = other)
      if (pods < this.#panicScale) rule = 'panic-mode'
      this.#panicScale = Math.max(this.#panicScale, pods)
      pods = this.#panicScale
    }
    if (isReachable && this.#delay !== null) {
      const largest = this.#delay.record(now, pods)
      if (largest > pods) rule = 'scale-down-delay'
      pods = largest
    }
    return {
      desiredScale: pods,
      excessBurstCapacity: excessBurstCapacity(scaling, readyPods, load.panic),
      isPanicking: this.isPanicking,
      reasons: { ...reasons, rule },
    }
  }

  /** Panic begins, goes on, or ends: not before a stable window has passed since there was cause for it. */
  #panic(hasCause: boolean, now: number): void {
    if (hasCause) {
      this.#panicAt = now
    } else if (this.#panicAt !== null && this.#panicAt + this.#scaling.stableWindowMs < now) {
      this.#panicAt = null
      this.#panicScale = 0
    }
  }
}

function measure(
  scaling: RevisionScaling,
  load: ObservedLoad,
  readyPods: number,
  isReachable: boolean,
): Omit<AdviceReasons, 'rule'> {
  // Zero pods count as one: there must be something to multiply.
  const pods = Math.max(1, readyPods)
  const panicPods = Math.ceil(load.panic / scaling.targetValue)
  return {
    stableValue: load.stable,
    panicValue: load.panic,
    targetValue: scaling.targetValue,
    stablePods: Math.ceil(load.stable / scaling.targetValue),
    panicPods,
    readyPods,
    // Rounded so that a small rate cannot keep the number where it is.
    scaleUpMax: Math.ceil(scaling.maxScaleUpRate * pods),
    scaleDownMin: isReachable ? Math.floor(pods / scaling.maxScaleDownRate) : 0,
    isOverPanicThreshold: panicPods / pods >= scaling.panicThreshold,
  }
}

/** The number of pods one window asks for, within the bounds of one step. */
function propose(
  { activationScale }: RevisionScaling,
  { scaleUpMax, scaleDownMin }: Omit<AdviceReasons, 'rule'>,
  wanted: number,
  window: 'stable-window' | 'panic-window',
): Proposal {
  const pods = toInt32(Math.min(Math.max(wanted, scaleDownMin), scaleUpMax))
  if (activationScale > 1 && wanted > 0 && activationScale > pods)
    return { pods: activationScale, rule: 'activation-scale' }
  if (pods < wanted) return { pods, rule: 'scale-up-rate' }
  return { pods, rule: pods > wanted ? 'scale-down-rate' : window }
}
