import {
  type ActivatorPath,
  type Decision,
  readAutoscalerConfig,
  readRevisionScaling,
  RevisionAutoscaler,
  type RevisionScaling,
} from '@pilotlight/autoscaler'

/** Two ConfigMaps and a revision. */
export interface Reading {
  readonly config: Readonly<Record<string, string>>
  readonly deployment: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly containerConcurrency: number
}

/** Knative's spelling of reachability; empty is unknown. */
export type ReachabilityText = '' | 'Reachable' | 'Unreachable'

/** What there is at the beginning of a trace. */
export interface TraceStart extends Reading {
  readonly at: number
  readonly readyPods: number
  /** What the deployment asks for. */
  readonly replicas: number
  readonly reachability: ReachabilityText
}

/** Something that happens: its kind, when (ms since the beginning), and what. */
export type TraceEvent =
  /** A report: by how many ms it is late, average concurrency, its proxied part, rate, its proxied part. */
  | readonly ['stat', number, number, number, number, number, number]
  | readonly ['tick', number]
  | readonly ['reconcile', number]
  /** Ready pods, or null when they cannot be counted. */
  | readonly ['pods', number, number | null]
  /** Is provisioned, is proxied, for how many ms (null: not at all), is the activator answering. */
  | readonly ['path', number, boolean, boolean, number | null, boolean]
  | readonly ['reach', number, ReachabilityText]
  | readonly ['update', number, Reading]

/** What happens to one revision. */
export interface Trace {
  readonly name: string
  readonly start: TraceStart
  readonly events: readonly TraceEvent[]
}

/** Advice: scale, excess burst capacity, panic, stable and panic value, whether others hear of it. Empty: there is none. */
type AdviceRow = [] | [number, number, boolean, number, number, boolean]
/**
 * Scale of the deployment if it was changed, ms until the next look, whether a probe is wanted, mode, activators; then
 * the status: Active, reason, since when, whether initialized, desired and actual scale.
 */
type OrderRow = [
  number | null,
  number | null,
  boolean,
  'Proxy' | 'Serve',
  number,
  'True' | 'False' | 'Unknown',
  string,
  number,
  boolean,
  number,
  number,
]
/** Number of the event (-1 is the beginning), advice if it was asked for, and what is done. */
export type DecisionRow = [number, AdviceRow | null, OrderRow]

/** Midnight UTC of 2000-01-01, where the clock of the oracle begins. */
const BEGIN = 946_684_800_000
const REACHABILITY = { '': 'unknown', Reachable: 'reachable', Unreachable: 'unreachable' } as const
const CONDITION = { active: 'True', inactive: 'False', activating: 'Unknown' } as const

/** Runs our autoscaler on a trace, step by step. */
export class Replay {
  readonly autoscaler: RevisionAutoscaler
  readonly rows: DecisionRow[] = []
  /** The last decision. */
  decision: Decision
  /** What the deployment asks for. */
  replicas: number

  constructor(start: TraceStart) {
    const now = BEGIN + start.at
    this.replicas = start.replicas
    this.autoscaler = new RevisionAutoscaler(scalingOf(start), {
      now,
      readyPods: start.readyPods,
      reachability: REACHABILITY[start.reachability],
    })
    this.decision = this.autoscaler.reconcile(now)
    this.#keep(-1, this.decision)
  }

  /** Lets the event with this number happen. */
  step(number: number, event: TraceEvent): void {
    const decision = this.#handle(event)
    if (decision !== null) this.#keep(number, decision)
  }

  #handle(event: TraceEvent): Decision | null {
    const { autoscaler } = this
    const now = BEGIN + event[1]
    switch (event[0]) {
      case 'stat': {
        const [, , late, averageConcurrency, averageProxiedConcurrency, requestRate, proxiedRequestRate] =
          event
        const stat = { averageConcurrency, averageProxiedConcurrency, requestRate, proxiedRequestRate }
        const isPoke = autoscaler.record(stat, now - late)
        // Knative does not hurry before the first advice.
        return isPoke && autoscaler.desiredScale === 0 ? autoscaler.tick(now) : null
      }
      case 'tick':
        return autoscaler.tick(now)
      case 'reconcile':
        return autoscaler.reconcile(now)
      case 'pods':
        return autoscaler.onPods(event[2], now)
      case 'path':
        return autoscaler.onPath(pathOf(event, now), now)
      case 'reach':
        return autoscaler.onReachability(REACHABILITY[event[2]], now)
      case 'update':
        return autoscaler.update(scalingOf(event[2]), now)
      default:
        return event satisfies never
    }
  }

  #keep(number: number, decision: Decision): void {
    this.decision = decision
    const isChanged = decision.scale !== null && decision.scale !== this.replicas
    this.replicas = decision.scale ?? this.replicas
    this.rows.push([number, adviceRow(decision), orderRow(decision, isChanged)])
  }
}

/** What our autoscaler makes of a trace. */
export function replay(trace: Trace): DecisionRow[] {
  const run = new Replay(trace.start)
  for (const [number, event] of trace.events.entries()) run.step(number, event)
  return run.rows
}

/** The settings a reading comes to. Throws when the ConfigMaps are wrong. */
export function scalingOf(reading: Reading): RevisionScaling {
  const { config, problems } = readAutoscalerConfig(reading.config, reading.deployment)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return readRevisionScaling(reading, config).scaling
}

function pathOf(event: Extract<TraceEvent, readonly ['path', ...unknown[]]>, now: number): ActivatorPath {
  const [, , isProvisioned, isProxied, proxiedFor, isActivatorAnswering] = event
  return {
    isProvisioned,
    isProxied,
    proxiedSince: proxiedFor === null ? null : now - proxiedFor,
    isActivatorAnswering,
  }
}

function adviceRow(decision: Decision): AdviceRow | null {
  const { adviceState, advice } = decision.why
  if (adviceState === 'not-asked') return null
  if (adviceState !== 'given' || advice === null) return []
  const { desiredScale, excessBurstCapacity, isPanicking, reasons } = advice
  return [
    desiredScale,
    excessBurstCapacity,
    isPanicking,
    reasons.stableValue,
    reasons.panicValue,
    decision.isNews,
  ]
}

function orderRow(decision: Decision, isChanged: boolean): OrderRow {
  const { status, wantsProbe, mode } = decision
  const { activity } = status
  return [
    isChanged ? decision.scale : null,
    // Knative looks again when its own probes are over.
    wantsProbe ? null : decision.recheckAfterMs,
    wantsProbe,
    mode === 'proxy' ? 'Proxy' : 'Serve',
    decision.activators,
    CONDITION[activity.state],
    activity.reason,
    activity.since - BEGIN,
    status.isInitialized,
    status.desiredScale,
    status.actualScale,
  ]
}
