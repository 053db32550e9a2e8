import { addProcessMetrics, DURATION_BOUNDS, MetricRegistry } from '@pilotlight/telemetry'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { KNOWN_METHODS } from '@pilotlight/service'
import { REFUSAL_REASONS, RequestMetrics } from '../src/request-metrics.ts'

const root = join(import.meta.dirname, '../../..')
const pageOf = (name: string): string => readFileSync(join(root, 'docs/reference', name), 'utf8')
const sourceOf = (name: string, folder = 'queue-proxy'): string =>
  readFileSync(join(root, 'packages', folder, 'src', name), 'utf8')

/** Rows of the tables whose header begins so, as cells. */
function rowsOf(page: string, header: string): string[][] {
  const rows: string[][] = []
  let isInside = false
  for (const line of page.split('\n')) {
    if (!line.startsWith('|')) isInside = false
    else if (isInside && !line.startsWith('| -')) rows.push(cellsOf(line))
    else if (cellsOf(line)[0] === header) isInside = true
  }
  return rows
}
const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
const codeIn = (cell: string): string[] => Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code)

const metricsPage = pageOf('metrics.md')
const tracesPage = pageOf('traces.md')
const figures = {
  pending: 0,
  slotsUsed: 0,
  slotsFree: 0,
  waiting: 0,
  inFlight: 0,
  appProtocol: '',
  drainState: 'idle',
} as const

function families() {
  const registry = new MetricRegistry()
  const metrics = new RequestMetrics(registry, 8080, () => figures)
  t.ok(metrics)
  addProcessMetrics(registry)
  return registry.collect()
}

t.test('every metric stands in the reference, and nothing else does', async (t) => {
  const attributes = rowsOf(metricsPage, 'attribute')
  const table = (column: number): string[] =>
    attributes.filter((cells) => cells[column] === 'yes').flatMap(([name]) => codeIn(name))
  const described = rowsOf(metricsPage, 'metric').map(([names, kind, unit, attributes]) => ({
    names: codeIn(names),
    kind,
    unit: codeIn(unit)[0],
    attributes: attributes.includes('server')
      ? table(1)
      : attributes.includes('client')
        ? table(2)
        : codeIn(attributes),
  }))
  const exported = families().map(({ kind, description }) => ({
    names: [description.name, description.prometheusName],
    kind,
    unit: description.unit,
    attributes: description.attributes,
  }))
  const byName = <T extends { names: readonly string[] }>(list: readonly T[]): T[] =>
    list.toSorted((a, b) => (a.names[0] < b.names[0] ? -1 : 1))
  t.strictSame(byName(described), byName(exported))
})

t.test('names are those of Prometheus for their kind and unit', async (t) => {
  const pattern: Record<string, RegExp> = { s: /_seconds(?:_total)?$/, By: /_bytes(?:_total)?$/ }
  for (const { kind, description } of families()) {
    const { prometheusName, unit } = description
    t.match(prometheusName, /^[a-z][a-z0-9_]*$/)
    t.equal(prometheusName.endsWith('_total'), kind === 'counter', prometheusName)
    if (unit in pattern) t.match(prometheusName, pattern[unit])
  }
})

t.test('the values of labels stand in the reference', async (t) => {
  const [refusals] = rowsOf(metricsPage, 'metric').filter(([names]) => names.includes('pilotlight.refusals'))
  t.strictSame(codeIn(refusals[4]), REFUSAL_REASONS)
  const [method] = rowsOf(metricsPage, 'attribute').filter(([name]) => name === '`http.request.method`')
  t.strictSame(codeIn(method[3]), KNOWN_METHODS)
  const milliseconds = /Durations have the bounds (.*?) and (\d+) ms, (.*?) and (\d+) s;/.exec(
    metricsPage.replaceAll('\n', ' '),
  )!
  const numbers = (text: string): number[] => text.split(', ').map(Number)
  t.strictSame(
    [
      ...numbers(`${milliseconds[1]}, ${milliseconds[2]}`).map((ms) => ms / 1000),
      ...numbers(`${milliseconds[3]}, ${milliseconds[4]}`),
    ],
    DURATION_BOUNDS,
  )
})

t.test('every attribute of the resource stands in the reference, and nothing else does', async (t) => {
  const [, table] = metricsPage.split('### Resource')
  const described = rowsOf(table, 'attribute').flatMap(([names]) => codeIn(names))
  const used = Array.from(
    sourceOf('own-attributes.ts').matchAll(/^ {4}'([a-z0-9.]+)':/gm),
    ([, name]) => name,
  )
  t.strictSame(described.toSorted(), used.toSorted())
})

t.test('every span and attribute of traces stands in the reference, and nothing else does', async (t) => {
  const source = sourceOf('request-spans.ts') + sourceOf('server-span.ts', 'service')
  const attributes = Array.from(source.matchAll(/'((?:[a-z]+[._])+[a-z_]+)'(?=\]|:|,)/g), ([, name]) => name)
  const used = new Set(attributes.filter((name) => !name.startsWith('kn.queueproxy.')))
  const described = rowsOf(tracesPage, 'attribute').flatMap(([name]) => codeIn(name))
  t.strictSame(described.toSorted(), [...used].toSorted())
  const spans = rowsOf(tracesPage, 'span').flatMap(([name]) => codeIn(name))
  t.strictSame(spans, ['<method>', 'kn.queueproxy.proxy', 'kn.queueproxy.wait', 'HTTP <method>'])
  for (const name of spans.filter((one) => one.startsWith('kn.'))) t.ok(source.includes(`'${name}'`), name)
})

t.test('every variable that is read stands in the reference, and nothing else does', async (t) => {
  const shared = [
    'observability-config',
    'export-endpoint',
    'trace-sampling',
    'resource-attributes',
    'tls-rules',
  ]
  const sources = [
    sourceOf('own-attributes.ts'),
    ...shared.map((name) => sourceOf(`${name}.ts`, 'service')),
  ].join('\n')
  const read = new Set(
    Array.from(
      sources.matchAll(/'((?:OTEL|POD|HOSTNAME)[A-Z_]*|METRICS_PROMETHEUS_(?:HOST|PORT))'/g),
      ([, name]) => name,
    ),
  )
  for (const signal of ['METRICS', 'TRACES']) read.add(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`)
  for (const [, name] of sources.matchAll(/\$\{prefix\}([A-Z_]+)/g))
    read.add(`METRICS_PROMETHEUS_TLS_${name}`)
  const pages = [metricsPage, tracesPage].flatMap((page) => rowsOf(page, 'variable'))
  const described = new Set(
    pages.flatMap(([names]) => codeIn(names)).filter((name) => !name.startsWith('SERVING_')),
  )
  t.strictSame([...described].toSorted(), [...read].toSorted())
})
