import fc from 'fast-check'
import t from 'tap'
import { DelayWindow } from '../src/delay-window.ts'

/** What a window of five slots says to each of the scales, recorded in these slots. */
function largest(scales: readonly number[], slotOf: (index: number) => number = (index) => index): number[] {
  const window = new DelayWindow(5000, 1000)
  return scales.map((scale, index) => window.record(slotOf(index) * 1000, scale))
}

t.test('the largest of the window counts', async (t) => {
  t.strictSame(largest([1]), [1])
  t.strictSame(largest([1, 2]), [1, 2])
  t.strictSame(largest([2, 1]), [2, 2])
  t.strictSame(largest([5, 6, 5, 5, 5, 5, 5]), [5, 6, 6, 6, 6, 6, 5])
  t.strictSame(
    largest([5, 8, 5, 7, 5, 5, 1, 4, 4, 4, 4, 9, 3, 4, 2, 1, 0]),
    [5, 8, 8, 8, 8, 8, 7, 7, 5, 5, 4, 9, 9, 9, 9, 9, 4],
  )
})

t.test('what is older than the window is forgotten, also after a gap', async (t) => {
  t.strictSame(
    largest([6, 5, 2, 1], (index) => (index >= 3 ? index + 3 : index)),
    [6, 6, 6, 2],
  )
})

t.test('of several in one slot the largest counts', async (t) => {
  t.strictSame(
    largest([1, 2, 3], () => 1),
    [1, 2, 3],
  )
  t.strictSame(
    largest([7, 6, 5], () => 1),
    [7, 7, 7],
  )
})

t.test('slots are those of the clock, and a window has as many as it begins', async (t) => {
  const window = new DelayWindow(3000, 2000)
  t.equal(window.record(1999, 9), 9)
  t.equal(window.record(3999, 1), 9)
  t.equal(window.record(4000, 1), 1)
})

t.test('it is the maximum over a list of all records', async () => {
  const step = fc.record({ gap: fc.nat(3), scale: fc.nat(20) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 100 }), (slots, steps) => {
      const window = new DelayWindow(slots * 2000, 2000)
      const all: { slot: number; scale: number }[] = []
      let now = 0
      for (const { gap, scale } of steps) {
        now += gap * 700
        const slot = Math.floor(now / 2000)
        all.push({ slot, scale })
        const expected = Math.max(...all.filter((one) => slot - one.slot < slots).map((one) => one.scale))
        if (window.record(now, scale) !== expected) throw new Error(`not ${expected}`)
      }
    }),
  )
})
