/** Seed and runs of a property test: the same on every run, others by FUZZ_SEED and FUZZ_RUNS. */
export const seeded = (fallback: number): { seed: number; numRuns: number } => ({
  seed: Number(process.env['FUZZ_SEED'] ?? 20261121),
  numRuns: Number(process.env['FUZZ_RUNS'] ?? fallback),
})
