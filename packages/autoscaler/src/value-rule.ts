import { parseCount, parseDurationMs, parseFlag, parseNumber } from './go-values.ts'

/** How a value of a ConfigMap or an annotation is written: as Go reads the type of the same meaning. */
export type ValueKind = 'number' | 'count' | 'duration' | 'flag' | 'text'

/** What a value may be. */
export interface ValueRule {
  readonly kind: ValueKind
  /** What is valid, as it stands after "it must be" in a problem and in the table of the reference. */
  readonly range: string
  /** Whether a number, a count or the ms of a duration is in range. Not asked about flags and texts. */
  readonly isValid: (value: number) => boolean
}

const PARSERS: Readonly<Record<'number' | 'count' | 'duration', (text: string) => number>> = {
  number: parseNumber,
  count: parseCount,
  duration: parseDurationMs,
}

/** Reads a number, a count or the ms of a duration; appends to `problems` and is undefined when that is not possible. */
export function readValue(
  rule: ValueRule,
  name: string,
  text: string,
  problems: string[],
): number | undefined {
  const value = rule.kind === 'flag' || rule.kind === 'text' ? Number.NaN : PARSERS[rule.kind](text)
  if (!Number.isNaN(value) && rule.isValid(value)) return value
  problems.push(problemOf(name, text, rule.range))
  return undefined
}

/** Reads a flag; appends to `problems` and is undefined when that is not possible. */
export function readFlag(
  rule: ValueRule,
  name: string,
  text: string,
  problems: string[],
): boolean | undefined {
  const value = parseFlag(text)
  if (value === undefined) problems.push(problemOf(name, text, rule.range))
  return value
}

/** The sentence about a value that cannot be. */
export function problemOf(name: string, text: string, range: string): string {
  return `${name} is ${JSON.stringify(text)}: it must be ${range}`
}
