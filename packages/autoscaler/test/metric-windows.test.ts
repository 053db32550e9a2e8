import t from 'tap'
import type { LoadStat } from '../src/load-stat.ts'
import { MetricWindows } from '../src/metric-windows.ts'
import { scalingWith } from './support/scaling.ts'

const START = 1_700_000_000_000

function statOf(concurrency: number, proxied = 0, rate = 0, proxiedRate = 0): LoadStat {
  return {
    averageConcurrency: concurrency,
    averageProxiedConcurrency: proxied,
    requestRate: rate,
    proxiedRequestRate: proxiedRate,
  }
}

t.test('what came through an activator is counted once', async (t) => {
  const windows = new MetricWindows(scalingWith())
  windows.record(statOf(10, 8, 30, 25), START)
  t.strictSame(windows.read('concurrency', START, false), { stable: 2, panic: 2 })
  t.strictSame(windows.read('rps', START, false), { stable: 5, panic: 5 })
  windows.record(statOf(8, 0, 25), START + 999)
  t.strictSame(windows.read('concurrency', START, false), { stable: 10, panic: 10 })
  t.strictSame(windows.read('rps', START, false), { stable: 30, panic: 30 })
})

t.test('the panic window sees the last seconds, the stable one more', async (t) => {
  const windows = new MetricWindows(scalingWith({ stableWindowMs: 10_000, panicWindowMs: 2000 }))
  for (let second = 0; second < 10; second++)
    windows.record(statOf(second < 8 ? 0 : 10), START + second * 1000)
  t.strictSame(windows.read('concurrency', START + 9000, false), { stable: 2, panic: 10 })
})

t.test('silence is no load only where nobody asks the pods', async (t) => {
  const windows = new MetricWindows(scalingWith({ stableWindowMs: 6000, panicWindowMs: 1000 }))
  t.equal(windows.read('concurrency', START, false), null)
  t.strictSame(windows.read('concurrency', START, true), { stable: 0, panic: 0 })
  windows.record(statOf(3), START)
  t.strictSame(windows.read('concurrency', START + 5000, false), { stable: 3, panic: 0 })
  t.strictSame(
    windows.read('concurrency', START + 6000, false),
    { stable: 0, panic: 0 },
    'known, and nothing',
  )
  t.equal(windows.read('concurrency', START + 7000, false), null)
})

t.test('what is not a number does not stay in the sums', async (t) => {
  const windows = new MetricWindows(scalingWith())
  windows.record(statOf(1), START)
  for (const wrong of [Number.NaN, Infinity, -Infinity]) {
    windows.record(statOf(wrong), START)
    windows.record(statOf(1, 0, wrong), START)
    windows.record(statOf(1, wrong), START)
  }
  t.strictSame(windows.read('concurrency', START, false), { stable: 1, panic: 1 })
})

t.test('windows weigh as the settings say, and change their length with them', async (t) => {
  const weighted = scalingWith({ aggregation: 'weighted-exponential' })
  const windows = new MetricWindows(weighted)
  windows.record(statOf(10), START)
  t.strictSame(windows.read('concurrency', START, false)?.stable, 2)
  windows.resize({ ...weighted, stableWindowMs: 6000, aggregation: 'linear' }, START)
  const stable = windows.read('concurrency', START, false)?.stable ?? 0
  t.ok(Math.abs(stable - 7.845565) < 1e-6, `${stable}: a shorter window that still weighs`)
})
