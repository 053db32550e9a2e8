const DIGITS = '[0-9](?:_?[0-9])*'
const NUMBER = new RegExp(`^[+-]?(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?$`)
const COUNT = /^[+-]?[0-9]+$/
const DURATION = /^([+-]?)((?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const DURATION_PART = /([0-9]*)\.?([0-9]*)(ns|us|µs|μs|ms|s|m|h)/g
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

/** Nanoseconds of the units of a duration; both letters that look like a mu are one. */
const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}
const NS_PER_MS = 1e6
/** Go counts the nanoseconds of a duration in 64 bits. */
const DURATION_NS_MAX = 2 ** 63
const INT32_MIN = -(2 ** 31)

/** The largest scale there can be: Kubernetes and Knative count replicas in 32 bits. */
export const INT32_MAX: number = 2 ** 31 - 1

/** A number as Go's `ParseFloat` reads it, but neither hexadecimal nor infinite; NaN for a text that is none. */
export function parseNumber(text: string): number {
  if (!NUMBER.test(text)) return Number.NaN
  const number = Number(text.replaceAll('_', ''))
  return Number.isFinite(number) ? number : Number.NaN
}

/** A whole number as Go's `ParseInt` with base 10 and 32 bits reads it; NaN for a text that is none. */
export function parseCount(text: string): number {
  if (!COUNT.test(text)) return Number.NaN
  const number = Number(text)
  return number >= INT32_MIN && number <= INT32_MAX ? number : Number.NaN
}

/** ms of a duration as Go's `ParseDuration` reads it, such as `1m30s`, `1.5h` or `0`; NaN for a text that is none. */
export function parseDurationMs(text: string): number {
  if (/^[+-]?0$/.test(text)) return 0
  const [, sign, parts] = DURATION.exec(text) ?? []
  if (parts === undefined) return Number.NaN
  let ns = 0
  for (const [, whole, fraction, unit] of parts.matchAll(DURATION_PART))
    ns +=
      Number(whole) * UNIT_NS[unit] + Math.trunc(Number(fraction) * (UNIT_NS[unit] / 10 ** fraction.length))
  if (ns >= DURATION_NS_MAX) return Number.NaN
  return (sign === '-' ? -ns : ns) / NS_PER_MS
}

/** A flag as Go's `ParseBool` reads it; undefined for a text that is none. */
export function parseFlag(text: string): boolean | undefined {
  if (TRUE.has(text)) return true
  return FALSE.has(text) ? false : undefined
}

/** The whole part of a number in 32 bits. What does not fit becomes the nearest that does: Go leaves that case open. */
export function toInt32(value: number): number {
  return Math.max(INT32_MIN, Math.min(INT32_MAX, value)) | 0
}
