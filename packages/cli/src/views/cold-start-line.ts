import { type ColdStartRecord, coldStartPhases } from '@pilotlight/telemetry'
import { plainText } from '../terminal/safe-text.ts'
import { countText, durationText } from './numbers.ts'
import { PHASE_TEXTS } from './phases.ts'

/** Phases shorter than this part of the whole are left out of a short text. */
const PART_MIN = 0.05

/** A cold start in a line of a log. */
export function coldStartLine(record: ColdStartRecord): string {
  const { outcome, reason, requests, revision, totalMs } = record
  const waited = `${countText(requests, 'request')} waited`
  const name = plainText(revision)
  switch (outcome) {
    case 'served':
      return `cold start of ${name} took ${coldStartSummary(record)}; ${waited}`
    case 'abandoned':
      return `cold start of ${name}: nobody waited any more after ${durationText(totalMs)}; ${waited}`
    default:
      return `cold start of ${name} failed after ${durationText(totalMs)}; ${waited}${reason === '' ? '' : `: ${plainText(reason)}`}`
  }
}

/** How long it took and where most of it went: `1.24 s (process 80 ms, app 1.1 s)`. */
export function coldStartSummary(record: ColdStartRecord): string {
  const { outcome, totalMs } = record
  const phases = coldStartPhases(record)
    .filter(({ ms }) => ms > 0 && ms >= totalMs * PART_MIN)
    .map(({ ms, phase }) => `${PHASE_TEXTS[phase].short} ${durationText(ms)}`)
  const parts = phases.length === 0 ? '' : ` (${phases.join(', ')})`
  return `${durationText(totalMs)}${outcome === 'served' ? '' : ` ${outcome}`}${parts}`
}
