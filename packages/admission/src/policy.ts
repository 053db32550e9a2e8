import type { Candidate } from './candidate.ts'
import { FirstAvailable } from './policies/first-available.ts'
import { LeastLoaded } from './policies/least-loaded.ts'
import { PowerOfTwoChoices } from './policies/power-of-two-choices.ts'
import { RoundRobin } from './policies/round-robin.ts'

/**
 * Chooses where a request goes. Each revision has its own, as some remember where they were; the list may be another one at every call.
 *
 * A pick takes no slot and makes no object. Null says that no candidate is open, so a pick among many that are full has to look at them: 1
 * to 3 ns each, 5 to 13 µs when one of 5000 is open. Where most are open it is done after the first few, but for {@link LeastLoaded}.
 */
export interface Policy {
  /** As it is configured: one of {@link POLICY_NAMES}, or what somebody else calls his own. */
  readonly name: string
  /** One that is open, or null. */
  pick(candidates: readonly Candidate[]): Candidate | null
}

/** Names of policies; `knative` chooses by containerConcurrency as Knative does. */
export const POLICY_NAMES = [
  'knative',
  'first-available',
  'round-robin',
  'power-of-two-choices',
  'least-loaded',
] as const
/** One of {@link POLICY_NAMES}. */
export type PolicyName = (typeof POLICY_NAMES)[number]

/** Up to this containerConcurrency Knative fills one instance before it turns to the next. */
const FIRST_AVAILABLE_MAX = 3

/**
 * Makes the policy Knative's activator has for this containerConcurrency, a whole number from 0, which is no limit. `random` gives
 * numbers from 0 to 1, 1 excluded.
 */
export function policyFor(containerConcurrency: number, random: () => number): Policy {
  if (containerConcurrency === 0) return new PowerOfTwoChoices(random)
  return containerConcurrency <= FIRST_AVAILABLE_MAX ? new FirstAvailable() : new RoundRobin()
}

/** Makes the policy of this name for a revision; the other arguments are those of {@link policyFor}. */
export function policyNamed(name: PolicyName, containerConcurrency: number, random: () => number): Policy {
  switch (name) {
    case 'first-available':
      return new FirstAvailable()
    case 'round-robin':
      return new RoundRobin()
    case 'power-of-two-choices':
      return new PowerOfTwoChoices(random)
    case 'least-loaded':
      return new LeastLoaded()
    default:
      return policyFor(containerConcurrency, random)
  }
}
