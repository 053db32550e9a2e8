// @ts-check
/** @import { ColdStartRecord, ColdStartStep } from '@pilotlight/telemetry' */
import { counted, duration } from './format.js'

/**
 * A part of a cold start, named by the step that ended it.
 * @typedef {object} Phase
 * @property {string} name
 * @property {number} from ms since the first request waited; may be below zero
 * @property {number} ms how long it took
 * @property {boolean} isLongest the longest one that the request waited for
 */

/**
 * A cold start on its time axis.
 * @typedef {object} Waterfall
 * @property {number} from where the axis begins, ms; 0, or below when a step was before the first request
 * @property {number} to where it ends, ms
 * @property {readonly Phase[]} phases in the order in which they were
 * @property {string} sentence what dominated
 */

/**
 * Every step, and what lasts until it happens.
 * @type {readonly (readonly [ColdStartStep, string])[]}
 */
const UNTIL = [
  ['queued', 'ahead of the request'],
  ['woken', 'wake-up'],
  ['scheduled', 'scheduling'],
  ['process-started', 'process start'],
  ['listening', 'app start'],
  ['ready', 'readiness'],
  ['dispatched', 'dispatch'],
  ['first-byte', 'first byte'],
]

/**
 * The phases of a cold start. A step that is not known joins its phase with the next one.
 * @param {ColdStartRecord} record
 * @returns {Waterfall}
 */
export function waterfallOf(record) {
  const marks = marksOf(record)
  const phases = marks.slice(1).map((mark, index) => {
    const from = marks[index]?.at ?? 0
    return { name: mark.name, from, ms: mark.at - from, isLongest: false }
  })
  const longest = longestOf(phases)
  return {
    from: marks[0]?.at ?? 0,
    to: Math.max(marks.at(-1)?.at ?? 0, record.totalMs, 0),
    phases: phases.map((phase) => (phase === longest ? { ...phase, isLongest: true } : phase)),
    sentence: sentenceOf(record, longest),
  }
}

/**
 * @param {ColdStartRecord} record
 * @returns {{ name: string, at: number }[]} the known steps by time, and the end when no first byte was the end
 */
function marksOf(record) {
  const marks = []
  /** @type {string[]} */
  let unknown = []
  for (const [step, name] of UNTIL) {
    const at = step === 'queued' ? (record.steps[step] ?? 0) : record.steps[step]
    if (typeof at === 'number' && Number.isFinite(at)) {
      marks.push({ name: joined([...unknown, name]), at })
      unknown = []
    } else {
      unknown.push(name)
    }
  }
  marks.sort((one, other) => one.at - other.at)
  const last = marks.at(-1)?.at ?? 0
  if (record.outcome !== 'served' && record.totalMs > last) {
    marks.push({
      name: record.outcome === 'failed' ? 'until it failed' : 'until all had left',
      at: record.totalMs,
    })
  }
  return marks
}

/**
 * @param {readonly Phase[]} phases
 * @returns {Phase | undefined} the one with the largest part after the first request came
 */
function longestOf(phases) {
  /** @type {Phase | undefined} */
  let longest
  for (const phase of phases) {
    if (waited(phase) > (longest === undefined ? 0 : waited(longest))) longest = phase
  }
  return longest
}

/**
 * @param {Phase} phase
 * @returns {number} its part after the first request came, ms
 */
function waited(phase) {
  return Math.max(0, phase.from + phase.ms - Math.max(0, phase.from))
}

/**
 * @param {ColdStartRecord} record
 * @param {Phase | undefined} longest
 * @returns {string}
 */
function sentenceOf(record, longest) {
  const total = duration(record.totalMs)
  if (record.outcome === 'failed') return `No instance could be started: given up after ${total}.`
  if (record.outcome === 'abandoned') {
    const who =
      record.requests === 1
        ? 'The request that waited'
        : `All ${counted(record.requests, 'request')} that waited`
    return `${who} left or ran out of time within ${total}.`
  }
  if (longest === undefined) return `The first byte came after ${total}.`
  const part = waited(longest)
  const name = `${longest.name.charAt(0).toUpperCase()}${longest.name.slice(1)}`
  if (part * 2 >= record.totalMs) return `${name} took ${duration(part)} of ${total}.`
  return `${name} took longest: ${duration(part)} of ${total}.`
}

/**
 * @param {readonly string[]} names
 * @returns {string} `a`, `a and b`, `a, b and c`
 */
function joined(names) {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}
