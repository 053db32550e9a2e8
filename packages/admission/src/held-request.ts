import type { CallerLine } from './caller-line.ts'
import type { HoldRefusal } from './hold-refusal.ts'
import { Queued } from './waiting-line.ts'

/** Urgency of a request that does not say (RFC 9218 section 4.1). */
export const DEFAULT_URGENCY = 3

/** One request that waits to be dispatched. The service extends it; all fields belong to the line it stands in. */
export abstract class HeldRequest extends Queued {
  /** Place in the order of arrival over the whole process; 0 before it waited first. */
  sequence = 0
  /** When it came to wait first, ms on the caller's clock. */
  enteredAt = 0
  /** How urgent it is among those of its caller, 0 for the most urgent to 7 (RFC 9218). */
  urgency: number = DEFAULT_URGENCY
  /** Whose it is. */
  callerName = ''
  /** Where it stands among those of its caller; null while it does not wait. */
  caller: CallerLine | null = null
  /** The next one by arrival, whoever its caller is. */
  younger: HeldRequest | null = null
  /** The one before by arrival. */
  older: HeldRequest | null = null

  /** It waited and was turned away, so that another namespace gets its share. */
  abstract onEvicted(reason: HoldRefusal): void
}
