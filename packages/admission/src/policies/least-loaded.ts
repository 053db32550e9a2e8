import type { Candidate } from '../candidate.ts'
import type { Policy } from '../policy.ts'

/**
 * The one with the smallest part of its capacity in use, or with the fewest requests as soon as one that is open has no limit: a part of
 * infinity says nothing. Equals have their turn one after the other. It looks at every candidate every time.
 */
export class LeastLoaded implements Policy {
  readonly name = 'least-loaded'
  /** Where to look first: behind the one that was chosen last. */
  #cursor = 0

  pick(candidates: readonly Candidate[]): Candidate | null {
    const { length } = candidates
    let index = this.#cursor < length ? this.#cursor : 0
    let hasUnlimited = false
    let leastUsed = -1
    let leastPart = Infinity
    let fewest = -1
    let fewestRunning = Infinity
    for (let looked = 0; looked < length; looked++) {
      const candidate = candidates[index]
      if (candidate.isOpen) {
        const { running, capacity } = candidate
        if (capacity === Infinity) hasUnlimited = true
        if (running < fewestRunning) {
          fewest = index
          fewestRunning = running
        }
        if (running / capacity < leastPart) {
          leastUsed = index
          leastPart = running / capacity
        }
      }
      if (++index === length) index = 0
    }
    const best = hasUnlimited ? fewest : leastUsed
    if (best < 0) return null
    this.#cursor = best + 1
    return candidates[best]
  }
}
