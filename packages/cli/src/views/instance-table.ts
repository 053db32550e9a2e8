import type { StatusReport } from '@pilotlight/telemetry'
import { plainText } from '../terminal/safe-text.ts'
import type { Paint } from '../terminal/style.ts'
import { type Cell, type Column, drawTable } from '../terminal/table.ts'
import { durationText } from './numbers.ts'

const COLUMNS: readonly Column[] = [
  { title: 'INSTANCE', side: 'left', rank: 0, shrinksTo: 12 },
  { title: 'STATE', side: 'left', rank: 1, shrinksTo: 0 },
  { title: 'IN FLIGHT', side: 'right', rank: 2, shrinksTo: 0 },
  { title: 'AGE', side: 'right', rank: 3, shrinksTo: 0 },
  { title: 'ADDRESS', side: 'left', rank: 4, shrinksTo: 0 },
]

/** Every instance, as lines that are never wider than `width`; none when nothing runs. */
export function drawInstances({ revisions }: StatusReport, width: number, paint: Paint): string[] {
  const rows = revisions.flatMap(({ instances }) =>
    instances.map(({ address, ageMs, name, running, slots, state }): Cell[] => [
      { text: plainText(name || address) },
      { text: state, style: state === 'ready' ? 'green' : 'yellow' },
      { text: slots === 0 ? String(running) : `${running}/${slots}` },
      { text: ageMs === null ? '-' : durationText(ageMs) },
      { text: plainText(address) },
    ]),
  )
  return rows.length === 0 ? [] : drawTable(COLUMNS, rows, width, paint)
}
