import type { Reachability } from './reachability.ts'
import type { RevisionScaling } from './revision-scaling.ts'

/** How far a revision is: pods are there and wanted, are on their way, or are not wanted. */
export type ActivityState = 'active' | 'activating' | 'inactive'

/** A state with the words Knative has for it in the condition Active of a PodAutoscaler. */
export interface Activity {
  readonly state: ActivityState
  /** Empty when active, and in the beginning. */
  readonly reason: '' | 'Queued' | 'NoTraffic' | 'TimedOut'
  readonly message: string
  /** Since when state, reason and message have been these, ms. */
  readonly since: number
}

/** What is remembered of a revision's scaling, as in the status of Knative's PodAutoscaler. */
export interface ScaleStatus {
  readonly activity: Activity
  /** Whether it had the pods it starts with, once. */
  readonly isInitialized: boolean
  /** The scale wanted last, -1 before there was one. */
  readonly desiredScale: number
  /** Pods that are ready. */
  readonly actualScale: number
}

/** What the status follows from. */
export interface StatusFacts {
  /** The scale that is wanted now, -1 when it is not known. */
  readonly want: number
  readonly readyPods: number
  readonly reachability: Reachability
  /** Whether the revision has an address yet. */
  readonly isProvisioned: boolean
  readonly now: number
}

/** The scale is not known: there are no numbers to judge by yet. */
export const SCALE_UNKNOWN = -1

type Words = Pick<Activity, 'state' | 'reason' | 'message'>

const ACTIVE: Words = { state: 'active', reason: '', message: '' }
const QUEUED: Words = {
  state: 'activating',
  reason: 'Queued',
  message: 'Requests to the target are being buffered as resources are provisioned.',
}
const NO_TRAFFIC: Words = {
  state: 'inactive',
  reason: 'NoTraffic',
  message: 'The target is not receiving traffic.',
}
const TIMED_OUT: Words = {
  state: 'inactive',
  reason: 'TimedOut',
  message: 'The target could not be activated.',
}

/** The status of a revision that was just made: on its way, without a word on it yet. */
export function initialStatus(now: number): ScaleStatus {
  return {
    activity: { state: 'activating', reason: '', message: '', since: now },
    isInitialized: false,
    desiredScale: SCALE_UNKNOWN,
    actualScale: 0,
  }
}

/** The scale below which nothing goes. A revision that no route leads to has no minimum. */
export function minScaleOf(scaling: RevisionScaling, reachability: Reachability): number {
  return reachability === 'unreachable' ? 0 : scaling.minScale
}

/** The status after the scale that is wanted and the pods that are ready have been looked at. */
export function nextStatus(scaling: RevisionScaling, status: ScaleStatus, facts: StatusFacts): ScaleStatus {
  const { want, readyPods, now } = facts
  const least = leastReady(scaling, status, facts.reachability)
  const words = wordsFor(status.activity, want, readyPods, least)
  return {
    activity: isSame(status.activity, words) ? status.activity : { ...words, since: now },
    isInitialized: status.isInitialized || (readyPods >= least && facts.isProvisioned),
    // A start without numbers says nothing about what is wanted.
    desiredScale: want === SCALE_UNKNOWN ? status.desiredScale : want,
    actualScale: readyPods,
  }
}

/** Ready pods that make a revision active: at first as many as it is to start with. */
function leastReady(scaling: RevisionScaling, status: ScaleStatus, reachability: Reachability): number {
  return Math.max(minScaleOf(scaling, reachability), status.isInitialized ? 1 : scaling.initialScale)
}

function wordsFor(activity: Activity, want: number, readyPods: number, least: number): Words {
  if (want === 0 || least === 0)
    // Nothing but a deadline that has passed scales to zero while the first pod is on its way.
    return activity.state === 'activating' && least > 0 ? TIMED_OUT : NO_TRAFFIC
  const isWanted = want > 0 || activity.state !== 'inactive'
  if (readyPods < least) return isWanted ? QUEUED : NO_TRAFFIC
  return isWanted ? ACTIVE : activity
}

function isSame(a: Words, b: Words): boolean {
  return a.state === b.state && a.reason === b.reason && a.message === b.message
}
