import type { Candidate } from '../candidate.ts'
import type { Policy } from '../policy.ts'

/** One after the other, passing over those that are not open. A list that became shorter than the turn had come starts again. */
export class RoundRobin implements Policy {
  readonly name = 'round-robin'
  /** Where to look first: behind the one that was chosen last. */
  #cursor = 0

  pick(candidates: readonly Candidate[]): Candidate | null {
    const { length } = candidates
    if (this.#cursor >= length) this.#cursor = 0
    let index = this.#cursor
    for (let looked = 0; looked < length; looked++) {
      const candidate = candidates[index++]
      if (candidate.isOpen) {
        this.#cursor = index
        return candidate
      }
      if (index === length) index = 0
    }
    return null
  }
}
