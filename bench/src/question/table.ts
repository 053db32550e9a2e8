import type { Figure } from './figure.ts'
import type { PartOutcome } from './part.ts'

/** What stands for a number that is not there. */
export const NOTHING = '-'

/** A number for a table cell. */
export function cell(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined || Number.isNaN(value) ? NOTHING : value.toFixed(digits)
}

/** One part as an aligned table, its notes and complaints below. */
export function partTable({ part, says, table, notes, complaints }: PartOutcome): string {
  const lines = [`${part}: ${says}`]
  if (table.length > 0) lines.push('', ...aligned(table))
  if (notes.length > 0) lines.push('', ...notes.map((note) => `  ${note}`))
  for (const complaint of new Set(complaints)) lines.push(`  ! ${complaint}`)
  return lines.join('\n')
}

/** A figure with its range, for people. */
export function spoken({ value, unit, lowest, highest, count }: Figure, digits = 2): string {
  const range = `${lowest.toFixed(digits)} to ${highest.toFixed(digits)} in ${count}`
  return `${value.toFixed(digits)}${unit} (${range})`
}

function aligned(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => {
    const padded = row.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i])))
    return `  ${padded.join('  ')}`
  })
}
