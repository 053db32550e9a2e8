import { columnsOf, fit, pad } from './columns.ts'
import type { Paint, Style } from './style.ts'

/** One column of a table. */
export interface Column {
  readonly title: string
  readonly side: 'left' | 'right'
  /** Columns with a higher number are left out first when the width is too small. */
  readonly rank: number
  /** The least that is of use; it is made narrower than its texts, down to this, before columns are left out. 0 for never. */
  readonly shrinksTo: number
}

/** A text in a table. */
export interface Cell {
  readonly text: string
  readonly style?: Style
}

const GAP = 2

/** Draws a table as lines that are never wider than `width`. Every row has as many cells as there are columns. */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
  paint: Paint,
): string[] {
  const widths = widthsOf(columns, rows, width)
  const head = columns.map(({ title }): Cell => ({ text: title, style: 'dim' }))
  return [head, ...rows].map((row) => drawRow(columns, row, widths, paint))
}

/** Width of each column; 0 for those that are left out. */
function widthsOf(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number): number[] {
  const widths = columns.map(({ title }, i) =>
    Math.max(columnsOf(title), ...rows.map((row) => columnsOf(row[i].text))),
  )
  const ranked = columns.map((_, i) => i).toSorted((a, b) => columns[b].rank - columns[a].rank)
  for (const i of ranked) {
    shrink(columns, widths, width)
    if (total(widths) <= width) break
    // The first column says what the row is about: it stays, cut to the width.
    if (columns[i].rank === 0) widths[i] = Math.min(widths[i], Math.max(0, width))
    else widths[i] = 0
  }
  return widths
}

function shrink(columns: readonly Column[], widths: number[], width: number): void {
  for (const [i, { shrinksTo }] of columns.entries()) {
    const over = total(widths) - width
    if (shrinksTo === 0 || widths[i] === 0 || over <= 0) continue
    widths[i] = Math.max(Math.min(widths[i], shrinksTo), widths[i] - over)
  }
}

function total(widths: readonly number[]): number {
  const shown = widths.filter((width) => width > 0)
  return shown.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, shown.length - 1)
}

function drawRow(
  columns: readonly Column[],
  row: readonly Cell[],
  widths: readonly number[],
  paint: Paint,
): string {
  const shown = columns.map((_, i) => i).filter((i) => widths[i] > 0)
  const last = shown.at(-1)
  const parts = shown.map((i) => {
    const { style, text } = row[i]
    const isOpen = i === last && columns[i].side === 'left'
    const padded = isOpen ? fit(text, widths[i]) : pad(text, widths[i], columns[i].side)
    return style === undefined ? padded : paint(style, padded)
  })
  return parts.join(' '.repeat(GAP)).trimEnd()
}
