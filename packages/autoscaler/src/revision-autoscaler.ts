import { ACTIVATORS_MIN, activatorsFor, initialBurstCapacity } from './burst-capacity.ts'
import { type Advice, Decider } from './decider.ts'
import { activatorStat, type LoadStat } from './load-stat.ts'
import { MetricWindows } from './metric-windows.ts'
import type { Reachability } from './reachability.ts'
import type { RevisionScaling } from './revision-scaling.ts'
import type { ActivatorPath, OrderReason } from './scale-order.ts'
import { initialStatus, nextStatus, SCALE_UNKNOWN, type ScaleStatus } from './scale-status.ts'
import { scaleOrder } from './scaler.ts'

/** Where requests should go: by way of the activator, or straight to the pods. */
export type PathMode = 'proxy' | 'serve'

/** What there is when an autoscaler begins. */
export interface AutoscalerStart {
  /** ms. */
  readonly now: number
  /** Pods that are ready; with two or more it does not scale down during the first stable window. */
  readonly readyPods?: number
  /** Unknown when it is left out. */
  readonly reachability?: Reachability
  /** What was remembered of the revision; left out for a new one. */
  readonly status?: ScaleStatus
}

/** What became of the question for the right scale. */
export type AdviceState =
  /** There is a new advice. */
  | 'given'
  /** Nothing was recorded during the stable window: the last advice holds. */
  | 'no-data'
  /** Nobody can say how many pods are ready: the last advice holds. */
  | 'pods-unknown'
  /** It was not the time to ask: the last advice holds. */
  | 'not-asked'

/** What a platform has to do, and why. */
export interface Decision {
  /** ms. */
  readonly at: number
  /** The number of pods there should be from now on, or null to leave it as it is. */
  readonly scale: number | null
  /** After how many ms to call `reconcile` if nothing else happens before; null when only an event can change something. */
  readonly recheckAfterMs: number | null
  /** Whether to find out if the activator answers at the revision's address, and to tell by `onPath`. */
  readonly wantsProbe: boolean
  /** Where requests should go from now on. */
  readonly mode: PathMode
  /** How many activators should be in the path. */
  readonly activators: number
  /** What to remember, and to show. */
  readonly status: ScaleStatus
  /** The scale that is wanted, -1 when it is not known. It may have to wait, and then `scale` is null or another. */
  readonly want: number
  /** The scale that is advised, before bounds and delays of the end; -1 before there was an advice. */
  readonly desiredScale: number
  /** Below 0 when the activator has to be in the path. */
  readonly excessBurstCapacity: number
  /** Whether the scale may not fall. */
  readonly isPanicking: boolean
  /** Whether the advice changed in a way that others want to hear of: its number, or the sign of the burst capacity. */
  readonly isNews: boolean
  /** How it came about. */
  readonly why: {
    /** The rule behind `want` and `scale`. */
    readonly order: OrderReason
    /** Whether the advice is new. */
    readonly adviceState: AdviceState
    /** The last advice with its numbers, or null before there was one. */
    readonly advice: Advice | null
  }
}

/**
 * The autoscaler of one revision: load in, number of pods out. It has no timer and does nothing by itself. Whoever
 * drives it calls
 *
 *  - {@link record} with what activators and sidecars say, once per second and source, zeros included: silence is no
 *    zero but ignorance, and after ignorance nothing is scaled down;
 *  - {@link tick} every {@link TICK_MS}, and at once when `record` returns true;
 *  - the `on…` methods when something changed, and {@link reconcile} when a decision asked for it;
 *
 * and carries out what the decisions say. A new revision is started with `scaling.initialScale` pods. Where nobody calls
 * {@link onPath}, the mode of a decision is taken as in force at once, with the activator answering.
 *
 * Times are ms on one clock; it has to be a wall clock only where the status outlives the process.
 */
export class RevisionAutoscaler {
  readonly #windows: MetricWindows
  readonly #decider: Decider
  #scaling: RevisionScaling
  #readyPods: number
  #arePodsKnown = true
  #reachability: Reachability
  #status: ScaleStatus
  #path: ActivatorPath
  #isPathTold = false
  #desiredScale = SCALE_UNKNOWN
  #excessBurstCapacity: number
  #advice: Advice | null = null

  /** Begins with nothing recorded. */
  constructor(scaling: RevisionScaling, start: AutoscalerStart) {
    const { now, readyPods = 0, reachability = 'unknown', status = initialStatus(now) } = start
    this.#windows = new MetricWindows(scaling)
    this.#decider = new Decider(scaling, readyPods, now)
    this.#scaling = scaling
    this.#readyPods = readyPods
    this.#reachability = reachability
    this.#status = status
    this.#path = { isProvisioned: true, isProxied: true, proxiedSince: now, isActivatorAnswering: true }
    this.#excessBurstCapacity = initialBurstCapacity(scaling)
  }

  /** How it scales. */
  get scaling(): RevisionScaling {
    return this.#scaling
  }

  /** What is remembered; give it to the next one that begins for the same revision. */
  get status(): ScaleStatus {
    return this.#status
  }

  /** The scale that is advised, -1 before there was an advice. */
  get desiredScale(): number {
    return this.#desiredScale
  }

  /**
   * Takes what a source says of the second of `time`, which may be late. Returns true when there is load and nothing is
   * wanted yet: then `tick` should not wait for its time. Knative does not hurry before the first advice; we do.
   */
  record(stat: LoadStat, time: number): boolean {
    this.#windows.record(stat, time)
    return stat.averageConcurrency !== 0 && this.#desiredScale <= 0
  }

  /**
   * A request came for a revision that had none: records it, and decides at once when nothing is wanted yet; null
   * otherwise. For callers that wake a revision without a report; the activator's first report does the same.
   */
  poke(now: number): Decision | null {
    return this.record(activatorStat(1, 1), now) ? this.tick(now) : null
  }

  /** Asks for the right scale, and decides. */
  tick(now: number): Decision {
    const before = { desiredScale: this.#desiredScale, excessBurstCapacity: this.#excessBurstCapacity }
    const adviceState = this.#ask(now)
    // As in Knative, 0 has the sign of a number above it.
    const isNews =
      before.desiredScale !== this.#desiredScale ||
      before.excessBurstCapacity < 0 !== this.#excessBurstCapacity < 0
    return this.#decide(now, adviceState, isNews)
  }

  /** Decides anew with the advice there is. */
  reconcile(now: number): Decision {
    return this.#decide(now, 'not-asked', false)
  }

  /** So many pods are ready now; null when nobody can say. */
  onPods(readyPods: number | null, now: number): Decision {
    this.#arePodsKnown = readyPods !== null
    this.#readyPods = readyPods ?? this.#readyPods
    return this.reconcile(now)
  }

  /** A route leads to the revision now, or none does any more. */
  onReachability(reachability: Reachability, now: number): Decision {
    this.#reachability = reachability
    return this.reconcile(now)
  }

  /** How requests reach the revision. Once told, nothing about it is taken for granted any more. */
  onPath(path: ActivatorPath, now: number): Decision {
    this.#path = path
    this.#isPathTold = true
    return this.reconcile(now)
  }

  /** Goes on with other settings. Metric windows are cut or grown; the aggregation and whether there is a delay stay. */
  update(scaling: RevisionScaling, now: number): Decision {
    this.#scaling = scaling
    this.#windows.resize(scaling, now)
    this.#decider.update(scaling)
    return this.reconcile(now)
  }

  #ask(now: number): AdviceState {
    const { metric, targetBurstCapacity } = this.#scaling
    if (!this.#arePodsKnown) return 'pods-unknown'
    const load = this.#windows.read(metric, now, targetBurstCapacity === -1)
    if (load === null) return 'no-data'
    const isReachable = this.#reachability !== 'unreachable'
    this.#advice = this.#decider.decide(load, this.#readyPods, isReachable, now)
    this.#desiredScale = this.#advice.desiredScale
    this.#excessBurstCapacity = this.#advice.excessBurstCapacity
    return 'given'
  }

  #decide(now: number, adviceState: AdviceState, isNews: boolean): Decision {
    const path = this.#path
    const reachability = this.#reachability
    const readyPods = path.isProvisioned ? this.#readyPods : 0
    const facts = { desiredScale: this.#desiredScale, reachability, status: this.#status, path, now }
    const order = scaleOrder(this.#scaling, facts)
    const { want, recheckAfterMs, wantsProbe } = order
    const mode = want > 0 && this.#excessBurstCapacity >= 0 ? 'serve' : 'proxy'
    const { isProvisioned } = path
    this.#status = nextStatus(this.#scaling, this.#status, {
      want,
      readyPods,
      reachability,
      isProvisioned,
      now,
    })
    if (!this.#isPathTold) this.#followPath(mode, readyPods, now)
    return {
      at: now,
      scale: order.isApplied ? want : null,
      recheckAfterMs,
      wantsProbe,
      mode,
      activators: isProvisioned ? activatorsFor(this.#scaling, readyPods) : ACTIVATORS_MIN,
      status: this.#status,
      want,
      desiredScale: this.#desiredScale,
      excessBurstCapacity: this.#excessBurstCapacity,
      isPanicking: this.#decider.isPanicking,
      isNews,
      why: { order: order.reason, adviceState, advice: this.#advice },
    }
  }

  /** The path as it is when what is decided is in force at once. Without pods everything goes to the activator. */
  #followPath(mode: PathMode, readyPods: number, now: number): void {
    const isProxied = mode === 'proxy'
    const proxiedSince = isProxied || readyPods === 0 ? (this.#path.proxiedSince ?? now) : null
    this.#path = { isProvisioned: true, isProxied, proxiedSince, isActivatorAnswering: true }
  }
}
