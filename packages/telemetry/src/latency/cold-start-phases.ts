import { COLD_START_STEPS, type ColdStartRecord, type ColdStartStep } from '../status/cold-start.ts'

/** One phase of a cold start: what it took from the step before to this one. */
export interface ColdStartPhase {
  /** The step that ended it. `queued`, which begins everything, ends what was done before anybody waited. */
  readonly phase: ColdStartStep
  /** When it began, ms since `queued`; negative before. */
  readonly startMs: number
  /** How long it took, ms, 0 or more. */
  readonly ms: number
}

/**
 * The phases of a cold start, in the order of time. Steps that did not happen or are not known are left out, and their
 * time belongs to the next one, so that the phases follow each other without a gap and add up to the whole.
 */
export function coldStartPhases({ steps }: Pick<ColdStartRecord, 'steps'>): readonly ColdStartPhase[] {
  const known = COLD_START_STEPS.flatMap((step) => {
    const at = steps[step]
    return at === null ? [] : [{ step, at }]
  })
  // The sort is stable: steps of the same time stay in their normal order.
  const inTime = known.toSorted((a, b) => a.at - b.at)
  return inTime.slice(1).map(({ step, at }, i) => ({
    phase: step,
    startMs: inTime[i].at,
    ms: at - inTime[i].at,
  }))
}
