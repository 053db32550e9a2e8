/** The steps of a cold start, in the order in which they normally happen. */
export const COLD_START_STEPS = [
  'queued',
  'woken',
  'scheduled',
  'process-started',
  'listening',
  'ready',
  'dispatched',
  'first-byte',
] as const
/**
 * One of {@link COLD_START_STEPS}: `queued`, the first request waited; `woken`, the platform was asked for an instance; `scheduled`, it decided
 * to start one; `process-started`, the process of the app runs; `listening`, the app accepts connections; `ready`, its sidecar says that it
 * is ready; `dispatched`, the first request was sent to it; `first-byte`, its response began.
 */
export type ColdStartStep = (typeof COLD_START_STEPS)[number]

/** How a cold start ended. */
export type ColdStartOutcome =
  /** The first request got a response. */
  | 'served'
  /** Everybody who waited left, or ran out of time, before an instance was ready. */
  | 'abandoned'
  /** No instance could be started. */
  | 'failed'

/** One cold start: a revision without an instance that requests waited for. */
export interface ColdStartRecord {
  /** Never used twice by one process. */
  readonly id: string
  readonly namespace: string
  readonly revision: string
  /** Name of the first instance that became ready, or its address where it has no name; empty for none. */
  readonly instance: string
  /** Id of the request that came first. */
  readonly requestId: string
  /** When that was, ISO 8601. */
  readonly startedAt: string
  /** When each step was, ms since `queued`; null for what did not happen or is not known. A step may be before `queued`. */
  readonly steps: Readonly<Record<ColdStartStep, number | null>>
  /** Until the first byte, or until it was over without one, ms. */
  readonly totalMs: number
  /** Requests that waited. */
  readonly requests: number
  readonly outcome: ColdStartOutcome
  /** Why it failed; may be empty. */
  readonly reason: string
}

/** How one request waited for a cold start: the answer to `pilotlight explain`. */
export interface RequestTimeline {
  readonly requestId: string
  /** The cold start it waited for. */
  readonly coldStart: ColdStartRecord
  /** When it came, was sent to an instance, got its first byte and was over, ms since the cold start's `queued`; null for what did not happen. */
  readonly arrivedMs: number
  readonly dispatchedMs: number | null
  readonly firstByteMs: number | null
  readonly doneMs: number | null
  /** Of the response; 0 when there was none. */
  readonly status: number
  /** Name of the instance, or its address; empty for none. */
  readonly instance: string
}
