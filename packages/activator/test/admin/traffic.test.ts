import fc from 'fast-check'
import t from 'tap'
import { Traffic } from '../../src/admin/traffic.ts'

t.test('rates are those of the last ten seconds, the oldest second by its part', async (t) => {
  const steps = fc.array(fc.record({ pause: fc.integer({ min: 0, max: 30_000 }), isError: fc.boolean() }), {
    maxLength: 60,
    size: 'max',
  })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), steps, (start, schedule) => {
      const traffic = new Traffic()
      const counted: { second: number; isError: boolean }[] = []
      let now = start
      for (const { pause, isError } of schedule) {
        // Most requests follow each other closely.
        now += pause % 3 === 0 ? pause : pause / 30
        traffic.count(isError, now)
        counted.push({ second: Math.floor(now / 1000), isError })
        const second = Math.floor(now / 1000)
        const part = 1 - (now / 1000 - second)
        const rate = (of: typeof counted): number =>
          of.reduce((sum, one) => sum + weightOf(second - one.second, part), 0) / 10
        near(traffic.requestsPerSecond(now), rate(counted))
        near(traffic.errorsPerSecond(now), rate(counted.filter((one) => one.isError)))
      }
    }),
  )
  t.pass()
})

function weightOf(age: number, part: number): number {
  if (age < 10) return 1
  return age === 10 ? part : 0
}

function near(actual: number, expected: number): void {
  if (Math.abs(actual - expected) > 1e-6) throw new Error(`${actual} is not ${expected}`)
}
