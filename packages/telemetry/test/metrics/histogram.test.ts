import fc from 'fast-check'
import t from 'tap'
import { DURATION_BOUNDS, Histogram, SIZE_BOUNDS } from '../../src/metrics/histogram.ts'
import { seeded } from './support/seed.ts'

t.test('a value counts in the first bucket whose bound it does not exceed', async (t) => {
  const histogram = new Histogram([1, 2, 5])
  for (const value of [0, 1, 1.5, 2, 2.000001, 5, 6]) histogram.observe(value)
  t.strictSame(histogram.counts(), [2, 2, 2, 1])
  t.equal(histogram.count, 7)
  t.equal(histogram.sum, 17.500001)
})

t.test('what is no time counts as none and leaves the sum a number', async (t) => {
  const histogram = new Histogram([1])
  for (const value of [Number.NaN, -3, 0.5]) histogram.observe(value)
  t.strictSame(histogram.counts(), [3, 0])
  t.equal(histogram.sum, 0.5)
})

t.test('counts and sum add up, and each bucket holds what is between its bounds', async () => {
  const bounds = fc.constantFrom(DURATION_BOUNDS, SIZE_BOUNDS, [0.5], [])
  const values = fc.array(
    fc.oneof(
      fc.double({ min: 0, max: 20_000, noNaN: true }),
      fc.constantFrom(...DURATION_BOUNDS, ...SIZE_BOUNDS),
    ),
    { maxLength: 200 },
  )
  fc.assert(
    fc.property(bounds, values, (bounds, values) => {
      const histogram = new Histogram(bounds)
      for (const value of values) histogram.observe(value)
      const expected = [...bounds, Infinity].map(
        (bound, i) => values.filter((value) => value <= bound && (i === 0 || value > bounds[i - 1])).length,
      )
      const sum = values.reduce((total, value) => total + value, 0)
      return (
        histogram.count === values.length &&
        JSON.stringify(histogram.counts()) === JSON.stringify(expected) &&
        Math.abs(histogram.sum - sum) <= 1e-9 * Math.max(1, sum)
      )
    }),
    seeded(300),
  )
})
