import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ALERTS_FILE, dashboardExpressions } from './support/expressions.ts'
import { Pair } from './support/pair.ts'

/** Runs promtool. Answers what it said, and whether it found fault. */
function promtool(args: readonly string[], input: string = ''): { isWell: boolean; said: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, {
    input,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { isWell: status === 0, said: `${stdout}${stderr}${error?.message ?? ''}` }
}

const isMissing = spawnSync('promtool', ['--version']).error !== undefined
const skip = isMissing ? "promtool is not on PATH: it is in Debian's package prometheus" : false

t.test('promtool finds the alert rules valid', { skip }, async (t) => {
  const { isWell, said } = promtool(['check', 'rules', ALERTS_FILE])
  t.ok(isWell, said)
})

t.test('each alert fires when it should, and not before', { skip }, async (t) => {
  const { isWell, said } = promtool([
    'test',
    'rules',
    join(import.meta.dirname, 'support', 'alerts.test.yaml'),
  ])
  t.ok(isWell, said)
})

t.test('promtool can read every expression of the dashboard', { skip }, async (t) => {
  const rules = dashboardExpressions().map(({ text }, i) => ({
    record: `expression_${i}`,
    expr: text.replaceAll('$__rate_interval', '5m'),
  }))
  const file = join(t.testdir(), 'expressions.yaml')
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
  const { isWell, said } = promtool(['check', 'rules', '--lint=none', file])
  t.ok(isWell, said)
})

t.test(
  'promtool can read the pages of both services, and finds no fault with the names of ours',
  { skip },
  async (t) => {
    const pair = await Pair.start(t)
    await pair.coldStart(2)
    for (const text of await pair.texts()) {
      const { said } = promtool(['check', 'metrics'], text)
      // Names of Knative and of the client for Go are as they are.
      const ours = said.split('\n').filter((line) => line.startsWith('pilotlight_') || /error/i.test(line))
      t.strictSame(ours, [])
    }
  },
)
