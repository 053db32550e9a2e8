import fc from 'fast-check'
import t from 'tap'
import {
  CounterFamily,
  type FamilyDescription,
  GaugeFamily,
  HistogramFamily,
} from '../../src/metrics/metric-family.ts'
import { MetricRegistry } from '../../src/metrics/metric-registry.ts'
import { addProcessMetrics } from '../../src/metrics/process-metrics.ts'
import { PrometheusPage } from '../../src/metrics/prometheus-exposition.ts'
import { parsePage } from '../../../../test/metrics/support/exposition-parser.ts'
import { seeded } from './support/seed.ts'

const SCOPE = { name: 'the/scope', version: '1.2' }
const SCOPE_LABELS = { otel_scope_name: 'the/scope', otel_scope_version: '1.2', otel_scope_schema_url: '' }
const describe = (name: string, prometheusName: string, attributes: string[] = []): FamilyDescription => ({
  name,
  prometheusName,
  unit: 's',
  description: `About ${name}.`,
  scope: SCOPE,
  attributes,
})

function setUp() {
  const registry = new MetricRegistry()
  const histogram = registry.add(
    new HistogramFamily(
      describe('a.duration', 'a_duration_seconds', ['http.response.status_code']),
      [0.5, 1],
    ),
  )
  const counter = registry.add(new CounterFamily(describe('a.total', 'a_total', ['why'])))
  const gauge = registry.add(new GaugeFamily(describe('a.depth', 'a_depth')))
  return { registry, histogram, counter, gauge }
}

t.test('the page has what was counted, in Prometheus text', async (t) => {
  const { registry, histogram, counter, gauge } = setUp()
  const page = await PrometheusPage.create(registry, { 'service.name': 'it', 'k8s.pod.name': 'pod "1"\n\\' })
  for (const value of [0.5, 0.6, 3]) histogram.with(200).observe(value)
  counter.with('x').add(4)
  gauge.with().set(-2)
  const { contentType, text } = await page.exposition('')
  t.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8')
  t.ok(text.endsWith('\n'))
  const families = parsePage(text)
  const labels = { ...SCOPE_LABELS, http_response_status_code: '200' }
  t.strictSame(families.get('a_duration_seconds'), {
    name: 'a_duration_seconds',
    help: 'About a.duration.',
    type: 'histogram',
    samples: [
      { name: 'a_duration_seconds_bucket', labels: { le: '0.5', ...labels }, value: 1 },
      { name: 'a_duration_seconds_bucket', labels: { le: '1', ...labels }, value: 2 },
      { name: 'a_duration_seconds_bucket', labels: { le: '+Inf', ...labels }, value: 3 },
      { name: 'a_duration_seconds_sum', labels, value: 4.1 },
      { name: 'a_duration_seconds_count', labels, value: 3 },
    ],
  })
  t.equal(families.get('a_total')!.type, 'counter')
  t.strictSame(families.get('a_total')!.samples, [
    { name: 'a_total', labels: { ...SCOPE_LABELS, why: 'x' }, value: 4 },
  ])
  t.strictSame(families.get('a_depth')!.samples, [{ name: 'a_depth', labels: SCOPE_LABELS, value: -2 }])
  t.strictSame(families.get('target_info')!.samples, [
    { name: 'target_info', labels: { service_name: 'it', k8s_pod_name: 'pod "1"\n\\' }, value: 1 },
  ])
})

t.test(
  'OpenMetrics names a counter without its ending, writes bounds as floats and ends with EOF',
  async (t) => {
    const { registry, histogram, counter } = setUp()
    const page = await PrometheusPage.create(registry, {})
    histogram.with(200).observe(0.7)
    counter.with('x').add(4)
    for (let scrape = 0; scrape < 2; scrape++) {
      const { contentType, text } = await page.exposition('application/openmetrics-text; version=1.0.0')
      t.equal(contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8')
      t.ok(text.endsWith('\n# EOF\n'))
      t.notMatch(text, /\n\n/)
      const families = parsePage(text)
      t.equal(families.get('a')!.type, 'counter')
      t.strictSame(families.get('a')!.samples, [
        { name: 'a_total', labels: { ...SCOPE_LABELS, why: 'x' }, value: 4 },
      ])
      t.strictSame(
        families
          .get('a_duration_seconds')!
          .samples.filter(({ name }) => name.endsWith('_bucket'))
          .map(({ labels }) => labels['le']),
        ['0.5', '1.0', '+Inf'],
      )
      t.match((await page.exposition('')).text, /\na_total\{/, 'the other format is as it was')
    }
  },
)

t.test('the format is the one that the client prefers', async (t) => {
  const { registry } = setUp()
  const page = await PrometheusPage.create(registry, {})
  const isOpenMetrics = async (accept: string): Promise<boolean> =>
    (await page.exposition(accept)).contentType.startsWith('application/openmetrics-text')
  const prometheus =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1'
  t.ok(await isOpenMetrics(prometheus))
  t.ok(await isOpenMetrics('Application/OpenMetrics-Text'))
  for (const accept of [
    '',
    '*/*',
    'text/plain',
    'application/openmetrics-text;q=0',
    'application/openmetrics-text;q=0.2, text/plain;q=0.9',
    'application/openmetrics-text; version=9.0.0',
    'application/openmetrics-text;q=high',
    ',;=,',
  ])
    t.notOk(await isOpenMetrics(accept), accept)
})

t.test('whatever an attribute holds, the page says it again', async () => {
  const text = fc
    .string({ unit: 'grapheme', maxLength: 12 })
    .filter((one) => one !== '' && !/[\0\r\u2028\u2029]/.test(one))
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(text, fc.nat(1e6)), { selector: ([tag]) => tag }),
      async (counted) => {
        const { registry, counter } = setUp()
        const page = await PrometheusPage.create(registry, {})
        for (const [tag, amount] of counted) counter.with(tag).add(amount)
        const samples = parsePage((await page.exposition('')).text).get('a_total')!.samples
        return (
          JSON.stringify(samples.map(({ labels, value }) => [labels['why'], value])) ===
          JSON.stringify(counted)
        )
      },
    ),
    seeded(100),
  )
})

t.test('the process is on the page under the names of the client for Go', async (t) => {
  const registry = new MetricRegistry()
  addProcessMetrics(registry)
  const page = await PrometheusPage.create(registry, {})
  const families = parsePage((await page.exposition('')).text)
  const value = (name: string): number => families.get(name)!.samples[0].value
  t.ok(value('process_cpu_seconds_total') > 0)
  t.ok(Math.abs(value('process_start_time_seconds') * 1000 - performance.timeOrigin) < 1)
  t.ok(value('process_resident_memory_bytes') > 1e7)
  t.match(families.get('nodejs_version_info')!.samples[0].labels, { version: process.version })
  t.ok(value('nodejs_heap_size_used_bytes') <= value('nodejs_heap_size_total_bytes'))
  const states = families.get('nodejs_eventloop_time_seconds_total')!.samples
  t.strictSame(
    states.map(({ labels }) => labels['nodejs_eventloop_state']),
    ['active', 'idle'],
  )
})

t.test('what the kernel tells is on the page', { skip: process.platform !== 'linux' }, async (t) => {
  const registry = new MetricRegistry()
  addProcessMetrics(registry)
  const page = await PrometheusPage.create(registry, {})
  const families = parsePage((await page.exposition('')).text)
  const value = (name: string): number => families.get(name)!.samples[0].value
  t.ok(value('process_virtual_memory_bytes') > value('process_resident_memory_bytes'))
  t.ok(value('process_virtual_memory_max_bytes') >= value('process_virtual_memory_bytes'))
  t.ok(value('process_open_fds') >= 3)
  t.ok(value('process_max_fds') >= value('process_open_fds'))
  for (const direction of ['receive', 'transmit'])
    t.ok(value(`process_network_${direction}_bytes_total`) >= 0)
})
