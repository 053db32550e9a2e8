import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ANNOTATION_KEYS } from '../src/annotation-keys.ts'
import { AUTOSCALER_KEYS, DEPLOYMENT_KEYS } from '../src/config-keys.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/autoscaler.md'), 'utf8')

/** Rows of the table whose header begins so, as cells. */
function rowsOf(header: string): string[][] {
  const lines = page.split('\n')
  const begin = lines.findIndex((line) => cellsOf(line)[0] === header)
  const rows = lines.slice(begin + 2)
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map(cellsOf)
}
const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

t.test('every key stands in the reference with its default and range, and nothing else does', async (t) => {
  const keys = Object.entries({ ...AUTOSCALER_KEYS, ...DEPLOYMENT_KEYS })
  t.strictSame(
    rowsOf('key'),
    keys.map(([name, { fallback, range }]) => [`\`${name}\``, `\`${fallback}\``, range]),
  )
})

t.test('every annotation stands in the reference with its spellings and range', async (t) => {
  t.strictSame(
    rowsOf('annotation'),
    Object.values(ANNOTATION_KEYS).map(({ names, range }) => [
      names.map((name) => `\`${name}\``).join(', '),
      range,
    ]),
  )
})

t.test('defaults are valid, and ranges complete a sentence', async (t) => {
  for (const [name, { kind, fallback, range }] of Object.entries({
    ...AUTOSCALER_KEYS,
    ...DEPLOYMENT_KEYS,
  })) {
    t.match(range, /^[a-z].*[^.]$/, name)
    t.notMatch(range, /\|/, name)
    t.not(fallback, '', `${name} is a ${kind}`)
  }
})
