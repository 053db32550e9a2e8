import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dashboard, dashboardExpressions, type Expression, rules } from './support/expressions.ts'
import { type Page, Pair } from './support/pair.ts'
import { namesIn } from './support/promql.ts'

/** Labels that Prometheus puts on every series of a target. */
const OF_TARGETS = ['job', 'instance']
/** What a histogram's name has behind it, by series. */
const ENDINGS = /_(?:bucket|sum|count)$/

/** Labels of every metric of the pages, by the name of its series. */
function labelsOf(pages: readonly Page[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const family of pages.flatMap((page) => [...page.values()]))
    for (const { name, labels } of family.samples) {
      const known = found.get(name) ?? new Set(OF_TARGETS)
      for (const label of Object.keys(labels)) known.add(label)
      found.set(name, known)
    }
  return found
}

/** What is named and not exported; nothing when all is well. */
function missing({ place, text }: Expression, exported: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const { metrics, labels, made } = namesIn(text)
  const problems: string[] = []
  if (metrics.size === 0) problems.push(`${place} names no metric`)
  const anywhere = new Set(made)
  for (const [metric, selected] of metrics) {
    const known = exported.get(metric)
    if (known === undefined) {
      problems.push(`${place} names ${metric}, which is not exported`)
      continue
    }
    for (const label of known) anywhere.add(label)
    for (const label of selected)
      if (!known.has(label)) problems.push(`${place} names the label ${label}, which ${metric} does not have`)
  }
  for (const label of labels)
    if (!anywhere.has(label)) problems.push(`${place} groups by ${label}, which no metric of it has`)
  return problems
}

t.test('metrics, labels and what is neither are told apart', async (t) => {
  const { metrics, labels, made } = namesIn(
    'sum by (a, class) (label_replace(rate(x_total{b=~"y_total{", c!="1"}[5m]), "class", "${1}xx", "d", "(.).*"))' +
      ' / on (job) group_left (e) (z{} offset 1h) > 0.5 and bool w unless absent(x_total{f="$g"})',
  )
  t.strictSame(
    Array.from(metrics, ([name, own]) => [name, [...own]]),
    [
      ['x_total', ['b', 'c', 'f']],
      ['z', []],
      ['w', []],
    ],
  )
  t.strictSame([...labels], ['a', 'class', 'job', 'e'])
  t.strictSame([...made], ['class'])
  const exported = new Map([['x_total', new Set(['a'])]])
  const problems = (text: string): number => missing({ place: '', text }, exported).length
  t.strictSame(
    ['sum by (a) (x_total{a="1"})', 'x_total{b="1"}', 'sum by (b) (x_total)', 'y_total', '1'].map(problems),
    [0, 1, 1, 1, 1],
  )
})

t.test('everything that the dashboard and the alerts name is exported by a running pair', async (t) => {
  const pair = await Pair.start(t)
  await pair.coldStart(3)
  const exported = labelsOf(await pair.pages())
  for (const expression of dashboardExpressions()) t.strictSame(missing(expression, exported), [])
  for (const { alert, expr } of rules()) t.strictSame(missing({ place: alert, text: expr }, exported), [])

  const pages = ['metrics.md', 'activator.md'].map((name) =>
    readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', name), 'utf8'),
  )
  const described = new Set(
    pages.flatMap((page) => [...page.matchAll(/`([a-z][\w.]*)`/g)].map(([, name]) => nameOnPage(name))),
  )
  for (const name of exported.keys()) {
    const family = name.replace(ENDINGS, '')
    t.ok(
      family === 'target_info' || described.has(bare(name)) || described.has(bare(family)),
      `${name} stands in the reference`,
    )
  }
})

/** A name of OpenTelemetry as it begins on the page. */
function nameOnPage(name: string): string {
  return bare(name.replaceAll('.', '_'))
}

/** Without what the page puts behind a name: the unit, and `_total` for a counter. */
function bare(name: string): string {
  return name.replace(/_total$/, '').replace(/_(?:seconds|bytes)$/, '')
}

t.test('the dashboard can be loaded', async (t) => {
  t.ok(dashboard.schemaVersion >= 39)
  const ids = dashboard.panels.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length, 'no id stands twice')
  const taken = new Set<string>()
  for (const { title, type, datasource, gridPos, targets } of dashboard.panels) {
    t.ok(gridPos.x + gridPos.w <= 24, `${title} is within the width`)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        if (taken.has(`${x} ${y}`)) t.fail(`${title} covers another panel`)
        taken.add(`${x} ${y}`)
      }
    if (type === 'row') continue
    t.equal(datasource?.uid, '${datasource}', `${title} asks the chosen data source`)
    t.ok(targets !== undefined && targets.length > 0, `${title} asks something`)
  }
})

t.test('every alert says what it is and what to do', async (t) => {
  for (const { alert, annotations } of rules()) {
    t.ok(annotations['summary'] !== undefined && annotations['summary'] !== '', `${alert} has a summary`)
    t.ok((annotations['description'] ?? '').length > 80, `${alert} says what to do`)
  }
})
