import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import * as families from '../src/observability/activator-families.ts'
import { PLATFORMS, readSettings } from '../src/settings.ts'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'docs/reference/activator.md'), 'utf8')

/** Names in code marks in the first column of every table row, by section. */
function firstColumn(heading: string): string[] {
  const [, section] = page.split(`\n## ${heading}\n`)
  const rows = section
    .split('\n## ')[0]
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  return rows.map((row) => /^\| `([^`]+)`/.exec(row)![1])
}

t.test('every variable that is read stands in the reference, and nothing else does', async (t) => {
  const asked = new Set<string>()
  for (const platform of PLATFORMS)
    readSettings(
      new Proxy<Record<string, string>>(
        {},
        {
          get: (_, name) => {
            asked.add(String(name))
            if (name === 'ACTIVATOR_PLATFORM') return platform
            // With these there is more to ask for.
            return /_(?:CERT|KEY|CA)_FILE$|ACTIVATOR_CONFIG/.test(String(name)) ? '/a' : undefined
          },
        },
      ),
    )
  const shared =
    /^OTEL_|^METRICS_PROMETHEUS_(?:HOST|TLS_.*)$|^ACTIVATOR_TLS_(?:MAX_VERSION|CIPHER_SUITES|CURVE_PREFERENCES)$/
  const own = [...asked].filter((name) => !shared.test(name))
  const described = firstColumn('Environment').filter((name) => name !== 'METRICS_PROMETHEUS_PORT')
  t.strictSame(described.toSorted(), own.toSorted())
})

t.test('every metric of ours stands in the reference, and every one of Knative is named', async (t) => {
  const names = Object.values(families).flatMap((family) =>
    'description' in family && family.scope?.name === 'pilotlight/activator' ? [family.name] : [],
  )
  t.strictSame(firstColumn('Metrics').toSorted(), names.toSorted())
  for (const family of Object.values(families))
    if ('description' in family) t.ok(page.includes(`\`${family.name}\``), family.name)
})
