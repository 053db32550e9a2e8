/**
 * How many random schedules the model tests run, and where they begin. The defaults are the same on every run, so that
 * a failure is seen again; `FUZZ_RUNS=200000 FUZZ_SEED=$RANDOM` searches further.
 */
const numberFrom = (name: string, fallback: number): number => {
  const value = Number(process.env[name] ?? fallback)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} is no number: ${process.env[name]}`)
  return value
}

/** Seed of every random test. */
export const SEED: number = numberFrom('FUZZ_SEED', 20261121)

/** Runs of a test that makes `fallback` of them by default. */
export const runs = (fallback: number): number => numberFrom('FUZZ_RUNS', fallback)

/** What fast-check is told; it prints seed and path of a failure itself. */
export const bounded = (fallback: number): { seed: number; numRuns: number } => ({
  seed: SEED,
  numRuns: runs(fallback),
})

/** Random numbers from a seed (mulberry32): the same on every machine and every Node. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 to `bound`, without `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** True `percent` times in a hundred. */
  chance(percent: number): boolean {
    return this.next() * 100 < percent
  }

  /** One of them. */
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]
  }
}
