import {
  type ColdStartPhase,
  type ColdStartRecord,
  coldStartPhases,
  type RequestTimeline,
} from '@pilotlight/telemetry'
import { columnsOf, fit, pad } from '../terminal/columns.ts'
import { plainText } from '../terminal/safe-text.ts'
import type { Paint } from '../terminal/style.ts'
import { wrap } from '../terminal/wrap.ts'
import { countText, durationText } from './numbers.ts'
import { PHASE_TEXTS } from './phases.ts'

const BAR_MAX = 60
const BAR_MIN = 8
const LABEL_MAX = 28

interface Row {
  readonly label: string
  readonly startMs: number
  readonly durationMs: number
}

/** A cold start as lines that are never wider than `width`: one per phase with its offset, its duration and a bar, then what dominated. */
export function drawColdStart(record: ColdStartRecord, width: number, paint: Paint): string[] {
  const phases = coldStartPhases(record)
  return [
    ...headOf(record, width, paint),
    '',
    ...drawRows(phaseRows(phases), width, paint),
    '',
    ...wrapped(verdictOf(record, phases), width),
  ]
}

/** How one request waited for a cold start: the same, with the request's own way below. */
export function drawTimeline(timeline: RequestTimeline, width: number, paint: Paint): string[] {
  const { coldStart, instance, requestId, status } = timeline
  const phases = coldStartPhases(coldStart)
  const end = status === 0 ? 'had no response' : `had status ${status}`
  const at = instance === '' ? '' : ` from ${plainText(instance)}`
  return [
    fit(`request ${plainText(requestId)} ${end}${at}`, width),
    ...headOf(coldStart, width, paint),
    '',
    ...drawRows([...phaseRows(phases), ...requestRows(timeline)], width, paint),
    '',
    ...wrapped(verdictOf(coldStart, phases), width),
  ]
}

function phaseRows(phases: readonly ColdStartPhase[]): Row[] {
  return phases.map(({ ms, phase, startMs }) => ({
    label: PHASE_TEXTS[phase].label,
    startMs,
    durationMs: ms,
  }))
}

function requestRows({ arrivedMs, dispatchedMs, doneMs, firstByteMs }: RequestTimeline): Row[] {
  const rows: Row[] = []
  let from = arrivedMs
  const steps: readonly (readonly [string, number | null])[] = [
    ['this request: waited', dispatchedMs],
    ['this request: first byte', firstByteMs],
    ['this request: the rest', doneMs],
  ]
  for (const [label, at] of steps) {
    if (at === null) continue
    rows.push({ label, startMs: from, durationMs: Math.max(0, at - from) })
    from = Math.max(from, at)
  }
  return rows
}

function headOf(record: ColdStartRecord, width: number, paint: Paint): string[] {
  const { instance, outcome, requests, revision, startedAt, totalMs } = record
  const start = instance === '' ? '' : `, first instance ${plainText(instance)}`
  return [
    paint('bold', fit(`cold start of ${plainText(revision)}: ${durationText(totalMs)}, ${outcome}`, width)),
    fit(`at ${plainText(startedAt)}, ${countText(requests, 'request')} waited${start}`, width),
  ]
}

function drawRows(rows: readonly Row[], width: number, paint: Paint): string[] {
  const first = Math.min(...rows.map(({ startMs }) => startMs))
  const end = Math.max(...rows.map(({ durationMs, startMs }) => startMs + durationMs)) - first
  const texts = rows.map(({ durationMs, startMs }) => [
    `${startMs < 0 ? '' : '+'}${durationText(startMs)}`,
    durationText(durationMs),
  ])
  const offsetWidth = Math.max(0, ...texts.map(([offset]) => columnsOf(offset)))
  const durationWidth = Math.max(0, ...texts.map(([, duration]) => columnsOf(duration)))
  const labelWidth = Math.min(LABEL_MAX, Math.max(0, ...rows.map(({ label }) => columnsOf(label))))
  const room = Math.min(BAR_MAX, width - labelWidth - offsetWidth - durationWidth - 6)
  return rows.map((row, i) => {
    const [offset, duration] = texts[i]
    const numbers = `${pad(offset, offsetWidth, 'right')}  ${pad(duration, durationWidth, 'right')}`
    const text = fit(`${pad(row.label, labelWidth, 'left')}  ${numbers}`, width)
    return room < BAR_MIN
      ? text
      : `${text}  ${paint('cyan', barOf({ ...row, startMs: row.startMs - first }, end, room))}`.trimEnd()
  })
}

function barOf({ durationMs, startMs }: Row, end: number, room: number): string {
  if (end <= 0) return ''
  const from = Math.min(room - 1, Math.max(0, Math.floor((startMs / end) * room)))
  const to = Math.min(room, Math.max(from + 1, Math.round(((startMs + durationMs) / end) * room)))
  return `${' '.repeat(from)}${durationMs > 0 ? '█'.repeat(to - from) : '▏'}`
}

/** What took longest, and what helps. */
export function verdictOf(record: ColdStartRecord, phases: readonly ColdStartPhase[]): string {
  const { outcome, reason } = record
  if (outcome === 'failed')
    return `No instance could be started${reason === '' ? '' : `: ${plainText(reason)}`}. The log of the service says more.`
  const longest = phases.toSorted((a, b) => b.ms - a.ms).at(0)
  if (longest === undefined || longest.ms === 0)
    return 'Of this cold start no step is known, so nothing can be said about it.'
  const { advice, cause } = PHASE_TEXTS[longest.phase]
  const sum = phases.reduce((all, { ms }) => all + ms, 0)
  const part = Math.round((longest.ms / sum) * 100)
  const amount = part > 50 ? 'Most of the time' : 'The largest part of the time'
  return `${amount}, ${durationText(longest.ms)} or ${part} %, ${cause}. ${advice}`
}

function wrapped(text: string, width: number): string[] {
  return wrap(text, Math.max(1, width)).map((line) => fit(line, width))
}
