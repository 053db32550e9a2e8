import fc from 'fast-check'
import t from 'tap'
import { LoadMeter } from '../src/load-meter.ts'

const summary = (meter: LoadMeter, now: number) => {
  const report = meter.report(now)
  if (report === null) return null
  const { averageConcurrency, averageProxiedConcurrency, requestRate, proxiedRequestRate } = report
  return [averageConcurrency, averageProxiedConcurrency, requestRate, proxiedRequestRate]
}

t.test('nothing is reported before the first window is over', async (t) => {
  const meter = new LoadMeter(0)
  t.equal(meter.report(999), null)
  t.strictSame(summary(meter, 1000), [0, 0, 0, 0])
})

t.test('a request counts for the time it was there', async (t) => {
  for (const [from, to, average] of [
    [0, 1000, 1],
    [0, 500, 0.5],
    [0, 1, 0.001],
  ]) {
    const meter = new LoadMeter(0)
    meter.enter(from, false)
    meter.leave(to, false)
    t.strictSame(summary(meter, 1000), [average, 0, 1, 0])
  }
})

t.test('requests one after another, and at the same time', async (t) => {
  const serial = new LoadMeter(0)
  for (const [from, to] of [
    [0, 300],
    [300, 600],
    [600, 1000],
  ]) {
    serial.enter(from, false)
    serial.leave(to, false)
  }
  t.strictSame(summary(serial, 1000), [1, 0, 3, 0])
  const overlapping = new LoadMeter(0)
  overlapping.enter(0, false)
  overlapping.enter(100, false)
  overlapping.leave(600, false)
  overlapping.leave(1000, false)
  t.strictSame(summary(overlapping, 1000), [1.5, 0, 2, 0])
})

t.test('a request that spans windows counts as arrived once', async (t) => {
  const meter = new LoadMeter(0)
  meter.enter(0, false)
  t.strictSame(summary(meter, 1000), [1, 0, 1, 0])
  t.strictSame(summary(meter, 2000), [1, 0, 0, 0])
  meter.leave(2500, false)
  t.strictSame(summary(meter, 3000), [0.5, 0, 0, 0])
})

t.test('requests that came through an activator count in both series', async (t) => {
  const meter = new LoadMeter(0)
  meter.enter(0, true)
  meter.enter(0, false)
  meter.leave(500, true)
  t.strictSame(summary(meter, 1000), [1.5, 0.5, 2, 1])
})

t.test('windows nobody asked for are passed over', async (t) => {
  const meter = new LoadMeter(0)
  meter.enter(100, false)
  t.strictSame(summary(meter, 3_600_500), [1, 0, 0, 0])
  t.equal(meter.report(3_600_500)?.endedAt, 3_600_000)
  meter.leave(3_600_750, false)
  t.strictSame(summary(meter, 3_601_000), [0.75, 0, 0, 0])
})

t.test('rates are per second, averages are not, whatever the window', async (t) => {
  for (const [windowMs, rate] of [
    [1000, 39],
    [2000, 19.5],
    [10_000, 3.9],
  ]) {
    const meter = new LoadMeter(0, windowMs)
    for (let i = 0; i < 39; i++) meter.enter(0, false)
    for (let i = 0; i < 39; i++) meter.leave(windowMs / 2, false)
    const report = meter.report(windowMs)
    t.ok(Math.abs(report!.requestRate - rate) < 1e-9)
    t.equal(report!.averageConcurrency, 39 / 2)
  }
})

t.test('time that goes backwards is no time', async (t) => {
  const meter = new LoadMeter(0)
  meter.enter(500, false)
  meter.enter(400, false)
  meter.leave(450, false)
  meter.leave(1000, false)
  t.strictSame(summary(meter, 1000), [0.5, 0, 2, 0])
})

t.test('every window says what integrating by hand says', async () => {
  const schedule = fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 9999 }),
      ms: fc.integer({ min: 0, max: 4000 }),
      proxied: fc.boolean(),
    }),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(schedule, fc.array(fc.integer({ min: 0, max: 11_999 })), (requests, questions) => {
      const meter = new LoadMeter(0)
      const events = [
        ...requests.map(({ at, proxied }) => ({ at, act: () => meter.enter(at, proxied) })),
        ...requests.map(({ at, ms, proxied }) => ({ at: at + ms, act: () => meter.leave(at + ms, proxied) })),
        ...questions.map((at) => ({ at, act: () => check(at) })),
      ].toSorted((a, b) => a.at - b.at)
      const check = (at: number): void => {
        const end = Math.floor(at / 1000) * 1000
        if (end === 0) return
        const inWindow = ({ at: from, ms }: { at: number; ms: number }) =>
          Math.max(0, Math.min(end, from + ms) - Math.max(end - 1000, from)) / 1000
        const sum = (all: typeof requests) => all.reduce((total, one) => total + inWindow(one), 0)
        const came = (all: typeof requests) =>
          all.filter((one) => one.at >= end - 1000 && one.at < end).length
        const proxied = requests.filter((one) => one.proxied)
        const expected = [sum(requests), sum(proxied), came(requests), came(proxied)]
        const got = summary(meter, at)
        if (got === null || got.some((value, i) => Math.abs(value - expected[i]) > 1e-9))
          throw new Error(`at ${at}: ${JSON.stringify(got)} instead of ${JSON.stringify(expected)}`)
      }
      for (const { act } of events) act()
      check(13_000)
    }),
  )
})
