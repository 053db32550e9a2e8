import t from 'tap'
import {
  CounterFamily,
  type FamilyDescription,
  GaugeFamily,
  HistogramFamily,
  points,
} from '../../src/metrics/metric-family.ts'
import { MetricRegistry } from '../../src/metrics/metric-registry.ts'

const description = (name: string, attributes: string[] = []): FamilyDescription => ({
  name,
  prometheusName: name.replaceAll('.', '_'),
  unit: '1',
  description: name,
  scope: null,
  attributes,
})

t.test('the same values give the same instrument', async (t) => {
  const family = new CounterFamily(description('a.b', ['method', 'status']))
  t.equal(family.with('GET', 200), family.with('GET', 200))
  t.not(family.with('GET', 200), family.with('GET', 201))
  t.not(family.with('GET', 200), family.with('HEAD', 200))
})

t.test('an attribute with an empty value is not there', async (t) => {
  const family = new CounterFamily(description('a.b', ['status', 'error']))
  family.with(200, '').add(1)
  family.with('', 'timeout').add(2)
  t.strictSame(
    points(family).map(({ attributes, instrument }) => [attributes, instrument.value]),
    [
      [{ status: 200 }, 1],
      [{ error: 'timeout' }, 2],
    ],
  )
})

t.test('series above the bound are counted together', async (t) => {
  const family = new HistogramFamily(description('a.b', ['tag']), [1], 3)
  for (let i = 0; i < 10; i++) family.with(`tag ${i}`).observe(2)
  family.with('tag 1').observe(2)
  const found = points(family)
  t.equal(found.length, 4)
  t.strictSame(found[3].attributes, { 'otel.metric.overflow': true })
  t.strictSame(
    found.map(({ instrument }) => instrument.count),
    [1, 2, 1, 7],
  )
})

t.test('a gauge without a value is left out', async (t) => {
  const family = new GaugeFamily(description('a.b', ['x']))
  family.with('never set')
  family.with('zero').set(0)
  family.with('taken back').set(1)
  family.with('taken back').set(Number.NaN)
  t.strictSame(
    points(family).map(({ attributes }) => attributes),
    [{ x: 'zero' }],
  )
})

t.test('two families cannot have one name', async (t) => {
  const registry = new MetricRegistry()
  registry.add(new GaugeFamily(description('a.b')))
  t.throws(() => registry.add(new CounterFamily(description('a.b'))), /a.b/)
  t.throws(() => registry.add(new CounterFamily({ ...description('other'), prometheusName: 'a_b' })), /a_b/)
})

t.test('what is asked at a collection is asked at every one', async (t) => {
  const registry = new MetricRegistry()
  const gauge = registry.add(new GaugeFamily(description('a.b'))).with()
  let value = 0
  registry.beforeCollection(() => gauge.set(++value))
  registry.collect()
  registry.collect()
  t.equal(gauge.value, 2)
})

t.test('what is removed is gone from the page, and makes room', async (t) => {
  const family = new CounterFamily(description('a.b', ['namespace', 'revision', 'method']), 3)
  const gone = family.with('a', 'one', 'GET')
  family.with('a', 'one', 'PUT')
  family.with('b', 'one', 'GET')
  family.remove({ namespace: 'a', revision: 'one' })
  gone.add(1)
  t.strictSame(
    Array.from(family.series(), ({ values }) => values),
    [['b', 'one', 'GET']],
  )
  t.not(family.with('a', 'one', 'GET'), gone, 'it begins anew')
  t.equal(family.overflow, null)
  family.remove({ unknown: 'x' })
  t.equal(Array.from(family.series()).length, 2, 'an attribute that it does not have')
})
