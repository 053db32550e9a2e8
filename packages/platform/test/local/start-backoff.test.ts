import fc from 'fast-check'
import t from 'tap'
import { LOCAL_PACE, StartBackoff } from '../../src/local/start-backoff.ts'

t.test('one failure is forgiven, then each start comes later than the one before', async (t) => {
  const backoff = new StartBackoff()
  backoff.onFailure(0, false)
  t.notOk(backoff.isTrouble)
  t.equal(backoff.restMs(0), 0)
  const rests = Array.from({ length: 7 }, () => {
    backoff.onFailure(0, false)
    return backoff.restMs(0)
  })
  t.strictSame(rests, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  t.ok(backoff.isTrouble)
  t.equal(backoff.restMs(29_000), 1000)
  t.equal(backoff.restMs(31_000), 0)
})

t.test('what cannot work is trouble at once', async (t) => {
  const backoff = new StartBackoff()
  backoff.onFailure(0, true)
  t.ok(backoff.isTrouble)
  t.equal(backoff.restMs(0), LOCAL_PACE.firstMs)
})

t.test('who ran for a while has started well', async (t) => {
  const backoff = new StartBackoff()
  backoff.onFailure(0, true)
  backoff.onRan(0, LOCAL_PACE.settledMs - 1)
  t.ok(backoff.isTrouble, 'not yet')
  backoff.onRan(0, LOCAL_PACE.settledMs)
  t.notOk(backoff.isTrouble)
  t.equal(backoff.failures, 0)
  t.equal(backoff.restMs(0), 0)
})

t.test('the rest is never negative, never above the longest, and never shrinks by a failure', async () => {
  fc.assert(
    fc.property(fc.array(fc.record({ after: fc.nat(60_000), isFinal: fc.boolean() })), (failures) => {
      const backoff = new StartBackoff()
      let now = 0
      let last = 0
      for (const { after, isFinal } of failures) {
        now += after
        backoff.onFailure(now, isFinal)
        const rest = backoff.restMs(now)
        if (rest < last || rest > LOCAL_PACE.maxMs) return false
        last = rest
      }
      return backoff.restMs(now + LOCAL_PACE.maxMs) === 0
    }),
  )
})
