import type { Instance } from './instance.ts'

/**
 * Whether a request may go to an instance now, and to which. This is all that dispatching knows of balancing, so that slots which the
 * sidecars grant can take the place of those counted here.
 */
export interface Slots {
  /** Whether there is an instance at all that could have a slot, free or not. */
  readonly hasInstances: boolean
  /** Takes a slot. `except` gets it only when nobody else has one. Null when none is free. */
  take(except: Instance | null): Instance | null
  /** Gives a slot back. */
  giveBack(instance: Instance): void
}
