import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { differences } from './differences.ts'
import { groups } from './groups.ts'

const DOC = join(import.meta.dirname, '..', '..', 'docs', 'reference', 'conformance.md')

t.test('docs/reference/conformance.md has a row for every difference, and no other', async (t) => {
  const rows = readFileSync(DOC, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  t.strictSame(
    rows,
    Object.entries(differences).map(([id, { knative, ours, reason }]) => [
      `\`${id}\``,
      knative,
      ours,
      reason,
    ]),
  )
})

t.test('every difference is shown by a scenario, and expected to be one', async (t) => {
  const scenarios = groups.flatMap((group) => group.scenarios)
  const shown = new Set<string>(scenarios.flatMap(({ difference }) => difference ?? []))
  t.strictSame([...shown].toSorted(), Object.keys(differences).toSorted())
  for (const { name, expected, difference } of scenarios) {
    const areEqual = expectation(expected.knative) === expectation(expected.ours)
    t.equal(areEqual, difference === null, name)
  }
})

t.test('names of groups and of the scenarios in one are used once', async (t) => {
  const repeated = (names: readonly string[]): string[] =>
    names.filter((name, index) => names.indexOf(name) !== index)
  t.strictSame(repeated(groups.map(({ name }) => name)), [])
  for (const group of groups) t.strictSame(repeated(group.scenarios.map(({ name }) => name)), [], group.name)
})

/** What is expected, as a text to compare. */
function expectation(expected: unknown): string | undefined {
  return JSON.stringify(expected, (_, value: unknown) => (value instanceof RegExp ? String(value) : value))
}
