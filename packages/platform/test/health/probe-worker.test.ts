import fc from 'fast-check'
import t from 'tap'
import { ProbeWorker, type ProbeTiming } from '../../src/local/health/probe-worker.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { passSlowly, plannedAttempt, type Planned } from '../support/health-scene.ts'

/** What happened at which time after the start. */
type Entry = readonly [at: number, what: string]

const PERIOD_DEFAULT = 10_000

/** What kubelet does with these outcomes, worked out without timers. */
function expected(timing: ProbeTiming, outcomes: readonly Planned[], until: number): Entry[] {
  const entries: Entry[] = []
  const period = timing.periodMs > 0 ? timing.periodMs : PERIOD_DEFAULT
  const firstPeriodEnds = timing.initialDelayMs + period
  const counted: boolean[] = []
  let at = timing.initialDelayMs
  for (const { kind, tookMs } of outcomes) {
    entries.push([at, 'attempt'])
    const end = at + tookMs
    if (kind === 'refused' && end < firstPeriodEnds) {
      at = Math.min(end + 50, firstPeriodEnds)
      continue
    }
    counted.push(kind === 'ok')
    const same = counted.length - 1 - counted.lastIndexOf(kind !== 'ok')
    const needed = Math.max(1, kind === 'ok' ? timing.successThreshold : timing.failureThreshold)
    if (same >= needed) entries.push([end, `${kind === 'ok'} ${same}`])
    at = Math.max(end, at + period)
  }
  return entries.filter(([when]) => when < until)
}

const timings = fc.record({
  initialDelayMs: fc.constantFrom(0, 0, 7, 40),
  periodMs: fc.integer({ min: 1, max: 120 }),
  successThreshold: fc.integer({ min: 0, max: 3 }),
  failureThreshold: fc.integer({ min: 0, max: 3 }),
})
const planned: fc.Arbitrary<Planned> = fc.record({
  kind: fc.constantFrom('ok', 'failed', 'refused'),
  tookMs: fc.integer({ min: 0, max: 60 }),
})

t.test('asks when kubelet would, and counts as it does, whatever the outcomes', async () => {
  await fc.assert(
    fc.asyncProperty(
      timings,
      fc.array(planned, { minLength: 20, maxLength: 20 }),
      async (timing, outcomes) => {
        const until = 400
        const clock = new FakeClock()
        const startedAt = clock.now()
        const entries: Entry[] = []
        let asked = 0
        let inFlight = 0
        const worker = new ProbeWorker({
          clock,
          timing,
          startedAt,
          start: () => {
            if (++inFlight > 1) throw new Error('two attempts at once')
            entries.push([clock.now() - startedAt, 'attempt'])
            return plannedAttempt(clock, outcomes[asked++ % outcomes.length], () => inFlight--)
          },
          onVerdict: (isSuccess, count) => entries.push([clock.now() - startedAt, `${isSuccess} ${count}`]),
        })
        worker.begin()
        await passSlowly(clock, until)
        worker.close()
        const many = Array.from({ length: 500 }, (_, index) => outcomes[index % outcomes.length])
        const byTime = entries.filter(([at]) => at < until)
        const wanted = expected(timing, many, until)
        if (JSON.stringify(byTime) !== JSON.stringify(wanted))
          throw new Error(`${JSON.stringify(byTime)}\nis not\n${JSON.stringify(wanted)}`)
        return clock.waiting === 0
      },
    ),
    { numRuns: 200 },
  )
})

t.test('a probe that names no period has 10 s; a late beginning does not delay it twice', async (t) => {
  const clock = new FakeClock()
  const startedAt = clock.now()
  const begun: number[] = []
  const worker = new ProbeWorker({
    clock,
    timing: { initialDelayMs: 5000, periodMs: 0, successThreshold: 1, failureThreshold: 1 },
    startedAt,
    start: () => {
      begun.push(clock.now() - startedAt)
      return { outcome: Promise.resolve(null), cancel: () => {} }
    },
    onVerdict: () => {},
  })
  clock.pass(3000)
  worker.begin()
  for (let i = 0; i < 30; i++) {
    clock.pass(1000)
    await settle()
  }
  worker.close()
  t.strictSame(begun, [5000, 15_000, 25_000])
  t.equal(clock.waiting, 0)
})

t.test('close gives up what runs, and what it says then is not heard', async (t) => {
  const clock = new FakeClock()
  const { promise, resolve } = Promise.withResolvers<null>()
  let cancelled = 0
  const worker = new ProbeWorker({
    clock,
    timing: { initialDelayMs: 0, periodMs: 10, successThreshold: 1, failureThreshold: 1 },
    startedAt: clock.now(),
    start: () => ({ outcome: promise, cancel: () => cancelled++ }),
    onVerdict: () => t.fail('it is closed'),
  })
  worker.begin()
  clock.pass(1)
  worker.close()
  resolve(null)
  await settle()
  t.equal(cancelled, 1)
  t.equal(clock.waiting, 0)
})

t.test('times beyond what a timer can be set to are as long as that', async (t) => {
  const asked: number[] = []
  const worker = new ProbeWorker({
    clock: { now: () => 0, after: (ms) => (asked.push(ms), () => {}) },
    timing: { initialDelayMs: 2 ** 40, periodMs: 1, successThreshold: 1, failureThreshold: 1 },
    startedAt: 0,
    start: () => ({ outcome: Promise.resolve(null), cancel: () => {} }),
    onVerdict: () => {},
  })
  worker.begin()
  t.strictSame(asked, [2 ** 31 - 1])
})
