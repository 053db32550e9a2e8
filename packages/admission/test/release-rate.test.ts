import t from 'tap'
import { ReleaseRate } from '../src/release-rate.ts'

t.test('without anything to judge by it is a second', async (t) => {
  const rate = new ReleaseRate()
  t.equal(rate.secondsUntil(1000, 0, 60), 1)
  rate.record(0)
  t.equal(rate.secondsUntil(1000, 0, 60), 1)
})

t.test('it follows the rate, within its bounds', async (t) => {
  const rate = new ReleaseRate()
  for (let now = 0; now <= 10_000; now += 500) rate.record(now)
  t.equal(rate.secondsUntil(1, 10_000, 60), 1)
  t.equal(rate.secondsUntil(10, 10_000, 60), 5)
  t.equal(rate.secondsUntil(1000, 10_000, 60), 60)
})

t.test('a rate that stopped is not believed', async (t) => {
  const rate = new ReleaseRate()
  for (let now = 0; now <= 100; now += 10) rate.record(now)
  t.equal(rate.secondsUntil(10, 100, 60), 1)
  t.equal(rate.secondsUntil(10, 3100, 60), 30)
})
