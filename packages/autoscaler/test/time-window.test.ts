import fc from 'fast-check'
import t from 'tap'
import { TimeWindow } from '../src/time-window.ts'

const SECOND = 1000
/** A moment within a second, as in reality. */
const START = 1_700_000_000_321

/** A window that is told seconds since the start. */
class Seconds {
  readonly window: TimeWindow
  constructor(seconds: number, bucket = 1) {
    this.window = new TimeWindow(seconds * SECOND, bucket * SECOND)
  }
  record(second: number, ...values: number[]): this {
    values.forEach((value, index) => this.window.record(START + (second + index) * SECOND, value))
    return this
  }
  average(second: number): number {
    return this.window.average(START + second * SECOND)
  }
  weighted(second: number): number {
    return this.window.weightedAverage(START + second * SECOND)
  }
  isEmpty(second: number): boolean {
    return this.window.isEmpty(START + second * SECOND)
  }
  resize(seconds: number, second: number): void {
    this.window.resize(seconds * SECOND, START + second * SECOND)
  }
}

t.test('what is recorded for the same bucket adds up', async (t) => {
  t.equal(new Seconds(120).record(0, 1).record(0.1, 10).average(0), 11)
  const coarse = new Seconds(120, 5)
  coarse.record(0, 1).record(3, 11).record(6, 1)
  t.equal(coarse.average(6), 13 / 2)
})

t.test('a window that is not full yet is divided by the buckets since the first record', async (t) => {
  t.equal(new Seconds(5).record(0, 1).average(0), 1)
  t.equal(new Seconds(60).record(0, 1, 2, 3).average(2), 2)
  t.equal(new Seconds(5).record(0, 1, 2, 3, 4, 5).average(4), 3)
})

t.test('silence at the end is left out, as long as it is shorter than the window', async (t) => {
  const window = new Seconds(5).record(0, 1, 2, 3, 4, 5)
  t.equal(window.average(3.6), 3, 'now may lag behind')
  t.equal(window.average(6), (15 - 1 - 2) / 3)
  t.equal(window.average(8), 5)
  t.equal(window.average(9), 0)
  t.equal(window.average(10), 0)
})

t.test('silence in between counts as zeros', async (t) => {
  const window = new Seconds(5).record(0, 1, 2, 3, 4, 5).record(6, 91)
  t.equal(window.average(6), (3 + 4 + 5 + 91) / 5)
  t.equal(new Seconds(5).record(0, 1, 2, 3, 4, 5).record(8, 2).average(8), (5 + 2) / 5)
})

t.test('a silence of a whole window begins anew', async (t) => {
  t.equal(new Seconds(5).record(0, 1, 2).record(61, 1984).average(61), 1984)
  t.equal(new Seconds(5).record(0, 10).record(5, 3).average(5), 3, 'exactly one window')
  t.equal(new Seconds(5).record(0, 10).record(4, 3).average(4), 13 / 5, 'a second less')
})

t.test('late records count where they belong, up to a window back', async (t) => {
  const window = new Seconds(5).record(60, 1984).record(57, 4)
  t.equal(window.average(60), (4 + 1984) / 4)
  window.record(61, 5)
  t.equal(window.average(61), (4 + 1984 + 5) / 5)
  window.record(58, 10)
  t.equal(window.average(61), (4 + 10 + 1984 + 5) / 5)
  window.record(55, 100).record(56, 100)
  t.equal(window.average(61), (4 + 10 + 1984 + 5) / 5, 'older ones are dropped')
})

t.test('records that come backwards fill the window', async (t) => {
  const window = new Seconds(5)
  for (let second = 8; second >= 0; second--) window.record(second, 5)
  t.equal(window.average(5), 5)
})

t.test('averages have six decimals, halves away from zero', async (t) => {
  t.equal(new Seconds(5).record(0, 1, 0, 0).average(2), 0.333333)
  t.equal(new Seconds(5).record(0, 2, 0, 0).average(2), 0.666667)
  t.equal(new Seconds(5).record(0, -2, 0, 0).average(2), -0.666667)
  t.equal(new Seconds(5).record(0, 0.0000005).average(0), 0.000001)
  t.equal(new Seconds(5).record(0, -0.0000005).average(0), -0.000001)
  const left = new Seconds(5).record(0, 0.1).record(0, 0.2).record(0, -0.3).average(0)
  t.ok(left === 0, 'what should add up to nothing does')
})

t.test('a window is empty when nothing came for longer than it', async (t) => {
  t.equal(new Seconds(5).isEmpty(0), true)
  const window = new Seconds(5).record(0, 0)
  t.strictSame(
    [0, 5, 6].map((second) => window.isEmpty(second)),
    [false, false, true],
  )
  t.equal(new Seconds(5).average(0), 0)
})

t.test('a weighted average of a steady load comes near it, the faster the shorter the window', async (t) => {
  const after = (seconds: number): number => {
    const window = new Seconds(seconds)
    return window.record(0, ...Array.from({ length: seconds }, () => 1)).weighted(seconds - 1)
  }
  // The share of the newest is 0.2, 0.20567 and 0.78456.
  for (const [seconds, share] of [
    [60, 0.2],
    [40, 0.2056717],
    [6, 0.7845565],
  ]) {
    const first = new Seconds(seconds).record(0, 1).weighted(0)
    t.ok(Math.abs(first - share) < 1e-6, `${seconds} s: ${first}`)
    const sum = 1 - (1 - share) ** seconds
    t.ok(Math.abs(after(seconds) - sum) < 1e-6, `${seconds} s: ${after(seconds)}`)
    t.ok(after(seconds) >= 0.9998)
  }
})

t.test('in a weighted average every second of silence takes its share', async (t) => {
  const window = new Seconds(5).record(0, 2)
  const share = window.weighted(0) / 2
  t.ok(Math.abs(share - (1 - 0.0001 ** (1 / 5))) < 1e-12)
  t.equal(window.weighted(1), 2 * share * (1 - share))
  window.record(1, 2)
  t.equal(window.weighted(1), 2 * share + 2 * share * (1 - share))
  window.record(2, 2, 3, 4, 5, 6)
  const rest = 1 - share
  const expected = share * (6 + 5 * rest + 4 * rest ** 2 + 3 * rest ** 3 + 2 * rest ** 4)
  t.ok(Math.abs(window.weighted(6) - expected) < 1e-12)
  t.equal(window.weighted(16), 0)
})

t.test('a longer window keeps what it has', async (t) => {
  const window = new Seconds(5).record(0, 1, 2, 3, 4, 5, 6)
  window.resize(10, 5)
  t.equal(window.average(5), 20 / 5)
  window.record(6, 7)
  t.equal(window.average(6), 4.5)
  window.resize(4, 6)
  t.equal(window.average(6), (4 + 5 + 6 + 7) / 4, 'a shorter one the newest')
  window.resize(4, 6)
  t.equal(window.average(6), (4 + 5 + 6 + 7) / 4)
})

t.test('a window whose time is over begins anew when it is resized', async (t) => {
  const window = new Seconds(5).record(0, 20)
  window.resize(10, 6)
  t.equal(window.average(6), 0)
  window.record(7, 3)
  t.equal(window.average(7), 3)
  const kept = new Seconds(5).record(0, 20)
  kept.resize(10, 5)
  t.equal(kept.average(5), 20 / 5)
})

t.test('a resized window weighs anew', async (t) => {
  const window = new Seconds(5).record(0, 1)
  window.resize(60, 0)
  t.equal(window.weighted(0), 0.2)
})

t.test('a window may be no multiple of its buckets, and time may begin at zero', async (t) => {
  const window = new TimeWindow(5000, 3000)
  for (const [time, value] of [
    [0, 10],
    [1000, 2],
    [3000, 4],
    [6000, 7],
  ])
    window.record(time, value)
  t.equal(window.average(6000), (4 + 7) / 2)
  window.resize(10_000, 6000)
  window.record(9300, 42)
  t.equal(window.average(9300), 17.666667)
  window.resize(4000, 9300)
  t.equal(window.average(9300), (7 + 42) / 2)
  const young = new TimeWindow(60_000)
  young.record(2000, 5)
  young.resize(30_000, 3000)
  t.equal(young.average(3000), 0.172414, '5 / 29: buckets before time zero are empty')
})

/** The same, told as plainly as possible: a list of everything that was recorded. */
class Naive {
  readonly seconds: number
  records: { second: number; value: number }[] = []
  last = -Infinity
  constructor(seconds: number) {
    this.seconds = seconds
  }
  record(second: number, value: number): void {
    if (second <= this.last - this.seconds) return
    if (second >= this.last + this.seconds) this.records = []
    this.last = Math.max(this.last, second)
    this.records.push({ second, value })
  }
  average(now: number): number {
    if (now - this.last >= this.seconds) return 0
    const end = Math.max(now, this.last)
    const inside = this.records.filter(({ second }) => second > end - this.seconds)
    const sum = inside.reduce((total, { value }) => total + value, 0)
    const first = Math.min(...this.records.map(({ second }) => second))
    const buckets = Math.min(this.last - first + 1, this.seconds - (end - this.last))
    return Math.round((sum / buckets) * 1e6) / 1e6
  }
}

t.test('averages are those of a list of all records', async () => {
  const step = fc.record({
    gap: fc.oneof({ weight: 8, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(30) }),
    late: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(20) }),
    value: fc.nat(1000),
    silence: fc.nat(20),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 15 }), fc.array(step, { maxLength: 120 }), (seconds, steps) => {
      const window = new TimeWindow(seconds * SECOND)
      const naive = new Naive(seconds)
      let now = 1000
      for (const { gap, late, value, silence } of steps) {
        now += gap
        window.record((now - late) * SECOND, value)
        naive.record(now - late, value)
        for (const at of [now, now - 1, now + silence]) {
          const average = window.average(at * SECOND)
          if (average !== naive.average(at)) throw new Error(`${average}, not ${naive.average(at)} at ${at}`)
          if (window.isEmpty(at * SECOND) !== at - naive.last > seconds) throw new Error('empty or not')
        }
      }
    }),
  )
})
