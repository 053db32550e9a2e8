import type { Candidate } from '../candidate.ts'
import type { Policy } from '../policy.ts'

/** The first that is open: instances at the begin of the list stay full, those at its end stay free to be taken away. */
export class FirstAvailable implements Policy {
  readonly name = 'first-available'

  pick(candidates: readonly Candidate[]): Candidate | null {
    for (let index = 0; index < candidates.length; index++) {
      const candidate = candidates[index]
      if (candidate.isOpen) return candidate
    }
    return null
  }
}
