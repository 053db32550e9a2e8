import type { Candidate } from '../candidate.ts'
import type { Policy } from '../policy.ts'

/**
 * The one with fewer requests of two that are picked at random: nearly as even as comparing all (Mitzenmacher, "The Power of Two Choices
 * in Randomized Load Balancing"), and activators that know nothing of each other do not all choose the same.
 */
export class PowerOfTwoChoices implements Policy {
  readonly name = 'power-of-two-choices'
  readonly #random: () => number

  /** `random` gives numbers from 0 to 1, 1 excluded. It is not asked where there is nothing to choose. */
  constructor(random: () => number) {
    this.#random = random
  }

  pick(candidates: readonly Candidate[]): Candidate | null {
    const { length } = candidates
    let first = 0
    let second = length - 1
    if (length > 2) {
      first = Math.floor(this.#random() * length)
      second = Math.floor(this.#random() * (length - 1))
      if (second >= first) second++
    }
    const one = nextOpen(candidates, first, null)
    const other = one === null ? null : nextOpen(candidates, second, one)
    if (one === null || other === null) return one
    if (one.running === other.running) return this.#random() < 0.5 ? one : other
    return one.running < other.running ? one : other
  }
}

/** The first open one from `start` on and round, other than `except`. */
function nextOpen(
  candidates: readonly Candidate[],
  start: number,
  except: Candidate | null,
): Candidate | null {
  const { length } = candidates
  let index = start
  for (let looked = 0; looked < length; looked++) {
    const candidate = candidates[index]
    if (candidate.isOpen && candidate !== except) return candidate
    if (++index === length) index = 0
  }
  return null
}
