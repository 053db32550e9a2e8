/** Clocks that differ by this much, ms, differ because somebody set one of them, or because the machine slept. */
const SET_MS = 1000

/** What has to be added to the monotonic clock for the time since 1970, ms; not a number as long as nobody asked. */
let offset = Number.NaN

/**
 * The time since 1970 in ms, with fractions, by which spans of this process can be compared to a microsecond. OpenTelemetry's SDK takes the start
 * of a span from the wall clock, which counts whole milliseconds, and its length from another one: then a span may end after the one around it.
 */
export function spanTime(): number {
  const now = performance.now()
  const wall = Date.now()
  if (!(Math.abs(wall - offset - now) <= SET_MS)) offset = wall - now
  return offset + now
}

/** A time in ms as OpenTelemetry takes it, in seconds and nanoseconds: a plain number may be taken for one of another clock. */
export function hrTime(ms: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}
