import type { DecisionRow, Trace } from './trace.ts'
import { replay } from './trace.ts'
import type { DecidedTrace } from './oracle.ts'

/**
 * Go's and our power function may differ in the last bit, and weighted averages are made of powers. Everything else has
 * to be the same number.
 */
const TOLERANCE = 1e-12

/** Where our decisions differ from Knative's first, as text; empty when they do not. */
export function firstDifference(trace: DecidedTrace): string {
  const ours = replay(trace)
  const index = ours.findIndex((row, i) => !isSame(row, trace.decisions[i]))
  if (index < 0 && ours.length === trace.decisions.length) return ''
  return describe(trace, index < 0 ? ours.length : index, ours, trace.decisions)
}

function describe(
  trace: Trace,
  index: number,
  ours: readonly DecisionRow[],
  theirs: readonly DecisionRow[],
): string {
  const number = (ours[index] ?? theirs[index])?.[0] ?? -1
  return [
    `${trace.name}, event ${number}: ${JSON.stringify(trace.events[number] ?? 'start')}`,
    `before:  ${JSON.stringify(theirs[index - 1])}`,
    `Knative: ${JSON.stringify(theirs[index])}`,
    `ours:    ${JSON.stringify(ours[index])}`,
    `start:   ${JSON.stringify(trace.start)}`,
  ].join('\n')
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return a === b || Math.abs(a - b) <= TOLERANCE * Math.abs(b)
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => isSame(one, b[i]))
  return a === b
}
