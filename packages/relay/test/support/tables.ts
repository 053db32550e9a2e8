import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')

/** A table of a document: its rows as texts of cells, by the text of the first one. Code marks are dropped. */
export type Table = ReadonlyMap<string, readonly string[]>

/** The tables of a Markdown file under docs/, by the heading above them. */
export function readDocTables(file: string): Map<string, Table> {
  const tables = new Map<string, Map<string, readonly string[]>>()
  let heading = ''
  for (const line of readFileSync(join(ROOT, 'docs', file), 'utf8').split('\n')) {
    const title = /^#+ (.*)$/.exec(line)
    if (title !== null) heading = title[1]!
    if (!line.startsWith('|')) continue
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '').replaceAll('\\|', '|'))
    if (cells.every((cell) => /^:?-+:?$/.test(cell))) continue
    const table = tables.get(heading)
    // The first row of a table is its head.
    if (table === undefined) tables.set(heading, new Map())
    else if (table.has(cells[0])) throw new Error(`${file} has two rows for ${cells[0]}`)
    else table.set(cells[0], cells)
  }
  return tables
}
