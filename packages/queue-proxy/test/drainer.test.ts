import fc from 'fast-check'
import t from 'tap'
import { Drainer } from '../src/drainer.ts'
import { FakeClock } from './support/fake-clock.ts'

const started = () => {
  const timers = new FakeClock()
  const drainer = new Drainer(30_000, timers)
  const ended: string[] = []
  const drain = (name: string) => void drainer.drain().then(() => ended.push(name))
  return { timers, drainer, ended, drain }
}

t.test('it ends after the quiet period, for everybody who waits', async (t) => {
  const { timers, drainer, ended, drain } = started()
  t.equal(drainer.isDraining, false)
  drain('a')
  drain('b')
  t.equal(drainer.isDraining, true)
  await timers.advance(29_999)
  t.strictSame(ended, [])
  await timers.advance(1)
  t.strictSame(ended, ['a', 'b'])
  drain('c')
  await timers.advance(0)
  t.strictSame(ended, ['a', 'b', 'c'], 'later callers need not wait')
  t.equal(drainer.isDraining, true)
})

t.test('every request puts the end off', async (t) => {
  const { timers, drainer, ended, drain } = started()
  drain('a')
  for (let i = 0; i < 5; i++) {
    await timers.advance(20_000)
    drainer.onRequest()
    drainer.onDone()
  }
  t.strictSame(ended, [])
  await timers.advance(29_999)
  t.strictSame(ended, [])
  await timers.advance(1)
  t.strictSame(ended, ['a'])
  t.equal(timers.pending, 0)
})

t.test('requests do not reach back from before the drain', async (t) => {
  const { timers, drainer, ended, drain } = started()
  drainer.onRequest()
  drainer.onDone()
  await timers.advance(100_000)
  drain('a')
  await timers.advance(30_000)
  t.strictSame(ended, ['a'])
})

t.test('reset releases everybody and lets a whole new drain begin', async (t) => {
  const { timers, drainer, ended, drain } = started()
  drainer.reset()
  drain('a')
  await timers.advance(10_000)
  drainer.reset()
  drainer.reset()
  await timers.advance(0)
  t.strictSame(ended, ['a'])
  t.equal(drainer.isDraining, false)
  t.equal(timers.pending, 0)
  drain('b')
  await timers.advance(29_999)
  t.strictSame(ended, ['a'])
  await timers.advance(1)
  t.strictSame(ended, ['a', 'b'])
  drainer.reset()
  t.equal(drainer.isDraining, false, 'also after the end')
})

t.test('a quiet period of none ends at once', async (t) => {
  const timers = new FakeClock()
  const drainer = new Drainer(0, timers)
  let isEnded = false
  void drainer.drain().then(() => (isEnded = true))
  await timers.advance(0)
  t.equal(isEnded, true)
})

t.test('it does not end while a request is under way, and then at once', async (t) => {
  const { timers, drainer, ended, drain } = started()
  drainer.onRequest()
  drain('a')
  await timers.advance(40_000)
  t.strictSame([ended, drainer.state, timers.pending], [[], 'draining', 0])
  drainer.onDone()
  await timers.advance(0)
  t.strictSame([ended, drainer.state], [['a'], 'drained'])
})

t.test('the quiet period alone is over while a request is under way', async (t) => {
  const { timers, drainer, ended, drain } = started()
  drainer.onRequest()
  void drainer.becomeQuiet().then(() => ended.push('quiet'))
  drain('drained')
  await timers.advance(30_000)
  t.strictSame([ended, drainer.isDraining], [['quiet'], true])
  drainer.onDone()
  await drainer.becomeQuiet()
  t.strictSame(ended, ['quiet', 'drained'], 'and later callers need not wait for it')
})

t.test('a reset releases whoever waits for requests that are under way', async (t) => {
  const { timers, drainer, ended, drain } = started()
  drainer.onRequest()
  drain('a')
  await timers.advance(40_000)
  drainer.reset()
  drainer.onDone()
  await timers.advance(0)
  t.strictSame([ended, drainer.state], [['a'], 'idle'])
})

t.test('it ends exactly one quiet period after the last request, whatever the schedule', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 29_999 }), { maxLength: 20 }), async (gaps) => {
      const { timers, drainer, ended, drain } = started()
      drain('a')
      for (const gap of gaps) {
        await timers.advance(gap)
        drainer.onRequest()
        drainer.onDone()
      }
      await timers.advance(29_999)
      if (ended.length > 0) throw new Error('too early')
      await timers.advance(1)
      if (ended.length !== 1 || timers.pending > 0) throw new Error('too late')
    }),
    { numRuns: 50 },
  )
})
