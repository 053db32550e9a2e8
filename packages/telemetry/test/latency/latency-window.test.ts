import fc from 'fast-check'
import t from 'tap'
import { LatencyWindow } from '../../src/index.ts'
import { seeded } from '../metrics/support/seed.ts'

const HOUR = 3_600_000

t.test('a window without durations tells nothing', async (t) => {
  const window = new LatencyWindow()
  t.equal(window.percentiles(0), null)
  t.equal(window.percentiles(1e9), null)
})

t.test('one duration is every percentile', async (t) => {
  const window = new LatencyWindow()
  window.record(12.345, 5000)
  t.strictSame(window.percentiles(5000), { count: 1, p50: 12.345, p90: 12.345, p99: 12.345, max: 12.345 })
})

t.test('what is no duration is zero, and what is too long an hour', async (t) => {
  const window = new LatencyWindow()
  for (const ms of [Number.NaN, -1]) window.record(ms, 0)
  t.strictSame(window.percentiles(0), { count: 2, p50: 0, p90: 0, p99: 0, max: 0 })
  for (const ms of [Infinity, HOUR + 1]) window.record(ms, 0)
  t.equal(window.percentiles(0)!.max, HOUR)
  t.equal(window.percentiles(0)!.p99, HOUR)
})

t.test('a duration is told for 40 seconds at least and 60 at most', async (t) => {
  for (const at of [0, 1, 19_999, 20_000, 59_999, 60_000, 1e9 + 7]) {
    const window = new LatencyWindow()
    window.record(5, at)
    t.equal(window.percentiles(at + 40_000)?.count, 1, `recorded at ${at}, 40 s later`)
    t.equal(window.percentiles(at + 60_000), null, `recorded at ${at}, 60 s later`)
    t.equal(window.percentiles(at), null, 'what is too old is forgotten for good')
    window.record(7, at + 90_000)
    t.equal(window.percentiles(at + 90_000)?.max, 7, 'it goes on after a pause')
  }
})

t.test('a slice that begins anew keeps nothing of its last turn', async (t) => {
  const window = new LatencyWindow()
  window.record(1000, 0)
  for (let now = 20_000; now < 200_000; now += 10_000) window.record(1, now)
  const { count, p99, max } = window.percentiles(200_000)!
  t.equal(count, 4)
  t.ok(p99 <= 1.01)
  t.equal(max, 1)
})

t.test('percentiles are those of the durations of the last slices, within one percent', async () => {
  const events = fc.array(
    fc.record({
      pause: fc.constantFrom(0, 0, 1, 700, 9000, 21_000),
      ms: fc.oneof(fc.double({ min: 0, max: HOUR, noNaN: true }), fc.double({ min: 0, max: 2, noNaN: true })),
    }),
    { minLength: 1, maxLength: 300, size: 'max' },
  )
  fc.assert(
    fc.property(events, (events) => {
      const window = new LatencyWindow()
      let now = 12_345
      const all = events.map(({ pause, ms }) => {
        now += pause
        window.record(ms, now)
        return { slice: Math.floor(now / 20_000), ms }
      })
      const durations = all
        .filter(({ slice }) => slice > Math.floor(now / 20_000) - 3)
        .map(({ ms }) => ms)
        .toSorted((a, b) => a - b)
      const found = window.percentiles(now)!
      const isNear = (told: number, percent: number): boolean => {
        const exact = durations[Math.max(1, Math.ceil((durations.length * percent) / 100)) - 1]
        return Math.abs(told - exact) <= exact / 100 + 0.001
      }
      return (
        found.count === durations.length &&
        isNear(found.p50, 50) &&
        isNear(found.p90, 90) &&
        isNear(found.p99, 99) &&
        Math.abs(found.max - durations.at(-1)!) <= 0.0005
      )
    }),
    seeded(200),
  )
})
