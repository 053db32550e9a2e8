import type { Reachability } from './reachability.ts'
import type { ScaleStatus } from './scale-status.ts'

/** How requests reach a revision, in Knative the state of its ServerlessService. */
export interface ActivatorPath {
  /** Whether the revision has an address at all. */
  readonly isProvisioned: boolean
  /** Whether all requests are meant to go by way of the activator. */
  readonly isProxied: boolean
  /** Since when they do, ms; null when they do not. */
  readonly proxiedSince: number | null
  /** Whether the activator answered at the revision's address; null when nobody has asked. */
  readonly isActivatorAnswering: boolean | null
}

/** Why an order is what it is. */
export type OrderReason =
  /** The revision has no address yet. */
  | 'not-provisioned'
  /** There are no numbers to judge by yet. */
  | 'scale-unknown'
  /** What is desired, within the bounds. */
  | 'desired'
  | 'min-scale'
  | 'max-scale'
  /** Nothing is wanted, and that is not allowed. */
  | 'scale-to-zero-disabled'
  /** The first pod is on its way and may still come. */
  | 'activating'
  /** It did not come within its deadline. */
  | 'activation-timed-out'
  /** Active for less than a stable window. */
  | 'recently-active'
  /** Not wanted any more, and the activator has to come into the path. */
  | 'deactivating'
  /** The activator does not answer yet. */
  | 'activator-not-in-path'
  /** The last pod is kept for a while. */
  | 'pod-retention'
  /** The activator has to be in the path for a while. */
  | 'grace-period'
  /** Nothing is wanted, and nothing speaks against it. */
  | 'idle'

/** What is to be done about the number of pods. */
export interface ScaleOrder {
  /** The scale that is wanted, -1 when it is not known. */
  readonly want: number
  /** Whether the number of pods is to be made that now. */
  readonly isApplied: boolean
  /** After how many ms to look again, whatever happens; null when only an event can change something. */
  readonly recheckAfterMs: number | null
  /** Whether somebody has to find out if the activator answers at the revision's address. */
  readonly wantsProbe: boolean
  readonly reason: OrderReason
}

/** What an order follows from. */
export interface OrderFacts {
  /** What the autoscaler advises, -1 before it did. */
  readonly desiredScale: number
  readonly reachability: Reachability
  readonly status: ScaleStatus
  readonly path: ActivatorPath
  readonly now: number
}

/** Makes the number of pods `want`. */
export function apply(want: number, reason: OrderReason, recheckAfterMs: number | null = null): ScaleOrder {
  return { want, isApplied: true, recheckAfterMs, wantsProbe: false, reason }
}

/** Leaves the number of pods as it is. */
export function keep(want: number, reason: OrderReason, recheckAfterMs: number | null = null): ScaleOrder {
  return { want, isApplied: false, recheckAfterMs, wantsProbe: false, reason }
}
