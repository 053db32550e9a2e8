import fc from 'fast-check'
import t from 'tap'
import { COLD_START_STEPS } from '@pilotlight/telemetry'
import { waterfallOf } from '../../src/admin/page/waterfall.js'
import { coldStart } from './reports.ts'

const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

t.test('a phase lasts from one step to the next, and the sentence names the longest', async (t) => {
  const { from, to, phases, sentence } = waterfallOf(coldStart('1'))
  t.strictSame([from, to], [0, 1_391])
  t.strictSame(
    phases.map(({ name, ms }) => [name, Math.round(ms)]),
    [
      ['wake-up', 1],
      ['scheduling', 13],
      ['process start', 34],
      ['app start', 1_192],
      ['readiness', 22],
      ['dispatch', 1],
      ['first byte', 128],
    ],
  )
  t.strictSame(
    phases.filter(({ isLongest }) => isLongest).map(({ name }) => name),
    ['app start'],
  )
  t.equal(plain(sentence), 'App start took 1.19 s of 1.39 s.')
})

t.test('where no phase has half of it, the sentence says so', async (t) => {
  const { sentence } = waterfallOf(
    coldStart('1', {
      totalMs: 236,
      steps: { listening: 96, ready: 171, dispatched: 172, 'first-byte': 236 },
    }),
  )
  t.equal(plain(sentence), 'Readiness took longest: 75 ms of 236 ms.')
})

t.test('a step that is not known joins two phases', async (t) => {
  const { phases } = waterfallOf(coldStart('1', { steps: { woken: null, scheduled: null, listening: null } }))
  t.strictSame(
    phases.map(({ name }) => name),
    ['wake-up, scheduling and process start', 'app start and readiness', 'dispatch', 'first byte'],
  )
})

t.test('what was before the first request begins the axis, and does not count as its wait', async (t) => {
  const { from, phases, sentence } = waterfallOf(
    coldStart('1', {
      totalMs: 100,
      steps: {
        scheduled: -900,
        'process-started': -800,
        listening: 60,
        ready: 70,
        dispatched: 71,
        'first-byte': 100,
      },
    }),
  )
  t.equal(from, -900)
  t.equal(phases[0]?.name, 'process start')
  t.equal(phases.find(({ isLongest }) => isLongest)?.name, 'app start')
  t.match(plain(sentence), /^App start took \d+(\.\d)? ms of 100 ms\.$/)
})

t.test('one that failed and one that was abandoned end where they ended', async (t) => {
  const steps = { listening: null, ready: null, dispatched: null, 'first-byte': null }
  const failed = waterfallOf(coldStart('1', { outcome: 'failed', totalMs: 412, steps }))
  t.strictSame(failed.phases.at(-1), { name: 'until it failed', from: 48, ms: 364, isLongest: true })
  t.equal(plain(failed.sentence), 'No instance could be started: given up after 412 ms.')
  const abandoned = waterfallOf(
    coldStart('1', { outcome: 'abandoned', requests: 41, totalMs: 30_000, steps }),
  )
  t.equal(abandoned.phases.at(-1)?.name, 'until all had left')
  t.equal(plain(abandoned.sentence), 'All 41 requests that waited left or ran out of time within 30 s.')
})

t.test('phases follow each other without gaps, inside the axis, whatever is known', async () => {
  const at = fc.option(fc.integer({ min: -5_000, max: 60_000 }), { nil: null })
  const steps = fc.record(Object.fromEntries(COLD_START_STEPS.map((step) => [step, at])))
  const outcome = fc.constantFrom('served' as const, 'failed' as const, 'abandoned' as const)
  fc.assert(
    fc.property(steps, outcome, fc.integer({ min: 0, max: 60_000 }), (steps, outcome, totalMs) => {
      const { from, to, phases } = waterfallOf(coldStart('1', { steps, outcome, totalMs }))
      let end = from
      for (const phase of phases) {
        if (phase.from !== end || phase.ms < 0) return false
        end = phase.from + phase.ms
      }
      return end <= to && phases.filter(({ isLongest }) => isLongest).length <= 1
    }),
  )
})
