import type { ColdStartRecord } from './cold-start.ts'

/** What the activator is doing: `GET /status` of its admin port, and each `status` event of `GET /events`. Times are ms unless they say otherwise. */
export interface StatusReport {
  /** Grows when a field changes its meaning or goes away. */
  readonly version: 1
  /** ISO 8601. */
  readonly at: string
  readonly activator: ActivatorStatus
  /** By namespace, then by name. */
  readonly revisions: readonly RevisionStatus[]
  /** The last ones, newest first. */
  readonly coldStarts: readonly ColdStartRecord[]
}

/** The process itself. */
export interface ActivatorStatus {
  readonly version: string
  readonly pid: number
  /** `local`, `static`, … */
  readonly platform: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly isReady: boolean
  /** Whether the control plane can be reached. */
  readonly isConnected: boolean
  readonly rssBytes: number
  /** Of the last seconds. */
  readonly eventLoopDelay: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly held: number
  readonly heldBytes: number
  readonly running: number
}

/**
 * What a revision is doing: `zero`, nothing runs; `starting`, requests wait or an instance is on its way and none is ready; `ready`, at least
 * one instance takes requests; `trouble`, instances cannot be started; `ending`, it is gone and its last requests run.
 */
export type RevisionState = 'zero' | 'starting' | 'ready' | 'trouble' | 'ending'

/** One revision. */
export interface RevisionStatus {
  readonly namespace: string
  readonly name: string
  readonly service: string
  readonly state: RevisionState
  /** Why instances cannot be started; empty otherwise. */
  readonly trouble: string
  /** Which hosts lead to it, with which share of their requests, 0 to 100. A tag's host has 100. */
  readonly routes: readonly { readonly host: string; readonly percent: number; readonly tag: string }[]
  /** 0 for no limit. */
  readonly containerConcurrency: number
  /** Instances there should be; null when the platform does not say. */
  readonly wanted: number | null
  readonly isPanicking: boolean
  readonly instances: readonly InstanceStatus[]
  /** Requests that wait. */
  readonly held: number
  readonly heldBytes: number
  /** How long the oldest of them has waited; 0 for none. */
  readonly oldestHeldMs: number
  /** Requests at instances. */
  readonly running: number
  /** Over the last ten seconds. */
  readonly requestsPerSecond: number
  /** Answers with 5xx among them, refusals included, clients that left not. */
  readonly errorsPerSecond: number
  /** From the request's head to the end of its response, over the last minute or so; null when there was none. */
  readonly latency: LatencyStatus | null
  readonly lastColdStart: ColdStartRecord | null
}

/** Percentiles of durations, ms. */
export interface LatencyStatus {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** One instance of a revision. */
export interface InstanceStatus {
  /** Empty where the platform does not say. */
  readonly name: string
  /** `host:port`; empty while it is not known. */
  readonly address: string
  readonly state: 'starting' | 'ready' | 'not-ready' | 'ending'
  /** Requests there. */
  readonly running: number
  /** Requests it has room for at a time; 0 for no limit. */
  readonly slots: number
  /** Since its process was started; null when that is not known. */
  readonly ageMs: number | null
}
