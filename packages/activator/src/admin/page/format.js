// @ts-check

/** A number and its unit stay in one line. */
const NBSP = '\u00a0'

/** Stands where a number is not known. */
export const UNKNOWN = '–'

const KIB = 1024
const MIB = KIB * 1024
const GIB = MIB * 1024

/**
 * A duration with three figures at most, and a no-break space before its unit: `0 ms`, `0.4 ms`, `12 ms`, `1.25 s`, `12.4 s`, `3 min 5 s`, `2 h 4 min`, `3 d 2 h`.
 * @param {number} ms Not a number, or infinite, is {@link UNKNOWN}.
 * @returns {string}
 */
export function duration(ms) {
  if (!Number.isFinite(ms)) return UNKNOWN
  if (ms < 0) return `−${duration(-ms)}`
  if (ms === 0) return `0${NBSP}ms`
  if (ms < 0.1) return `<0.1${NBSP}ms`
  if (ms < 9.95) return `${trimmed(ms, 1)}${NBSP}ms`
  if (ms < 999.5) return `${Math.round(ms)}${NBSP}ms`
  if (ms < 9_995) return `${trimmed(ms / 1000, 2)}${NBSP}s`
  if (ms < 59_950) return `${trimmed(ms / 1000, 1)}${NBSP}s`
  return span(ms)
}

/**
 * An age in whole units, which does not flicker when it is shown every second: `0 s`, `12 s`, `3 min 5 s`, `2 h 4 min`.
 * @param {number} ms Below zero, when two clocks differ, is 0.
 * @returns {string}
 */
export function age(ms) {
  if (!Number.isFinite(ms)) return UNKNOWN
  return span(Math.max(0, ms))
}

/**
 * How long ago something was, in its largest unit, so that it seldom changes: `12 s ago`, `3 min ago`, `2 h ago`.
 * @param {number} ms
 * @returns {string}
 */
export function ago(ms) {
  return Number.isFinite(ms) ? `${age(ms).split(' ')[0]} ago` : UNKNOWN
}

/**
 * @param {number} size bytes
 * @returns {string} `512 B`, `1.5 KiB`, `84 MiB`, `1.25 GiB`
 */
export function bytes(size) {
  if (!Number.isFinite(size)) return UNKNOWN
  if (size < KIB) return `${Math.round(size)}${NBSP}B`
  if (size < MIB) return `${trimmed(size / KIB, 1)}${NBSP}KiB`
  if (size < GIB) return `${size < 10 * MIB ? trimmed(size / MIB, 1) : Math.round(size / MIB)}${NBSP}MiB`
  return `${trimmed(size / GIB, 2)}${NBSP}GiB`
}

/**
 * @param {number} perSecond
 * @returns {string} `0`, `<0.1`, `0.5`, `12`, `12,400`
 */
export function rate(perSecond) {
  if (!Number.isFinite(perSecond)) return UNKNOWN
  if (perSecond > 0 && perSecond < 0.1) return '<0.1'
  return perSecond < 9.95 ? trimmed(perSecond, 1) : whole(perSecond)
}

/**
 * @param {number} value
 * @returns {string} `12,400`
 */
export function whole(value) {
  if (!Number.isFinite(value)) return UNKNOWN
  return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many] by default `one` with an s
 * @returns {string} `1 request`, `1,200 requests`
 */
export function counted(count, one, many = `${one}s`) {
  return `${whole(count)} ${count === 1 ? one : many}`
}

/**
 * The time of day where the reader is: `14:02:11`.
 * @param {Date} date
 * @returns {string}
 */
export function clock(date) {
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}

/**
 * @param {number} ms
 * @returns {string} the two largest units
 */
function span(ms) {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds}${NBSP}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}${NBSP}min ${seconds % 60}${NBSP}s`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours}${NBSP}h ${minutes % 60}${NBSP}min`
  return `${whole(Math.floor(hours / 24))}${NBSP}d ${hours % 24}${NBSP}h`
}

/**
 * @param {number} value
 * @param {number} digits
 * @returns {string} without zeros at the end of its fraction
 */
function trimmed(value, digits) {
  return String(Number(value.toFixed(digits)))
}
