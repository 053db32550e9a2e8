/**
 * How many random inputs the property and fuzz tests use, and where they begin. The defaults are the same on every
 * run, so that a failure is seen again; `FUZZ_RUNS=200000 FUZZ_SEED=$RANDOM` searches further.
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
export const bounded = (
  fallback: number,
): { seed: number; numRuns: number; interruptAfterTimeLimit?: number } => ({
  seed: SEED,
  numRuns: runs(fallback),
})
