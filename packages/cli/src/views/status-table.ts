import type { RevisionState, RevisionStatus, StatusReport } from '@pilotlight/telemetry'
import { fit } from '../terminal/columns.ts'
import { plainText } from '../terminal/safe-text.ts'
import type { Paint, Style } from '../terminal/style.ts'
import { type Cell, type Column, drawTable } from '../terminal/table.ts'
import { coldStartSummary } from './cold-start-line.ts'
import { durationText, rateText } from './numbers.ts'

const COLUMNS: readonly Column[] = [
  { title: 'REVISION', side: 'left', rank: 0, shrinksTo: 12 },
  { title: 'STATE', side: 'left', rank: 1, shrinksTo: 0 },
  { title: 'INSTANCES', side: 'right', rank: 2, shrinksTo: 0 },
  { title: 'IN FLIGHT', side: 'right', rank: 3, shrinksTo: 0 },
  { title: 'WAITING', side: 'right', rank: 4, shrinksTo: 0 },
  { title: 'OLDEST', side: 'right', rank: 9, shrinksTo: 0 },
  { title: 'REQ/S', side: 'right', rank: 5, shrinksTo: 0 },
  { title: 'P50', side: 'right', rank: 7, shrinksTo: 0 },
  { title: 'P99', side: 'right', rank: 6, shrinksTo: 0 },
  { title: 'LAST COLD START', side: 'left', rank: 8, shrinksTo: 10 },
]
const STYLES: Readonly<Record<RevisionState, Style>> = {
  zero: 'dim',
  starting: 'yellow',
  ready: 'green',
  trouble: 'red',
  ending: 'dim',
}
const NOTHING = '-'

/** What runs, as lines that are never wider than `width`: a row for each revision, and below it why one is in trouble. */
export function drawStatus(report: StatusReport, width: number, paint: Paint): string[] {
  const { revisions } = report
  if (revisions.length === 0) return [fit('no revisions', width)]
  const namespaces = new Set(revisions.map(({ namespace }) => namespace))
  const rows = revisions.map((revision) => rowOf(revision, namespaces.size > 1))
  const troubles = revisions
    .filter(({ trouble }) => trouble !== '')
    .map(({ name, trouble }) => paint('red', fit(`${plainText(name)}: ${plainText(trouble)}`, width)))
  return [...drawTable(COLUMNS, rows, width, paint), ...troubles]
}

function rowOf(revision: RevisionStatus, showsNamespace: boolean): Cell[] {
  const { held, lastColdStart, latency, name, namespace, oldestHeldMs, requestsPerSecond, running, state } =
    revision
  return [
    { text: plainText(showsNamespace ? `${namespace}/${name}` : name) },
    { text: revision.isPanicking ? `${state}, panic` : state, style: STYLES[state] },
    { text: instancesText(revision) },
    { text: String(running) },
    { text: String(held), ...(held > 0 ? { style: 'yellow' } : {}) },
    { text: held > 0 ? durationText(oldestHeldMs) : NOTHING },
    { text: rateText(requestsPerSecond) },
    { text: latency === null ? NOTHING : durationText(latency.p50) },
    { text: latency === null ? NOTHING : durationText(latency.p99) },
    { text: lastColdStart === null ? NOTHING : coldStartSummary(lastColdStart) },
  ]
}

/** Those that are ready, and how many there should be. */
export function instancesText({ instances, wanted }: RevisionStatus): string {
  const ready = instances.filter(({ state }) => state === 'ready').length
  return `${ready}/${wanted ?? '?'}`
}
