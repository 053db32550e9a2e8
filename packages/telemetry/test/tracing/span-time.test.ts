import t from 'tap'
import { hrTime, spanTime } from '../../src/tracing/span-time.ts'

t.test('it is the time since 1970, and never runs back', async (t) => {
  const before = Date.now()
  const times = Array.from({ length: 1000 }, () => spanTime())
  t.ok(times.every((time, index) => index === 0 || time >= times[index - 1]))
  t.ok(times[0] > before - 1500 && times[999] < Date.now() + 1500)
})

t.test('it follows a wall clock that is set', async (t) => {
  const { now } = Date
  t.teardown(() => (Date.now = now))
  // The clock of the machine is not a test's to set.
  Date.now = () => now() + 3_600_000
  t.ok(spanTime() - now() > 3_500_000)
  Date.now = now
  t.ok(Math.abs(spanTime() - now()) < 2000)
})

t.test('seconds and nanoseconds', async (t) => {
  t.strictSame(hrTime(1_700_000_000_123.5), [1_700_000_000, 123_500_000])
  t.strictSame(hrTime(0), [0, 0])
})
