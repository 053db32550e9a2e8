import fc from 'fast-check'
import t from 'tap'
import { COLD_START_STEPS, coldStartPhases, type ColdStartStep } from '../../src/index.ts'
import { seeded } from '../metrics/support/seed.ts'

type Steps = Record<ColdStartStep, number | null>
const NONE = Object.fromEntries(COLD_START_STEPS.map((step) => [step, null])) as Steps

t.test('each phase is from the step before to the one it is named by', async (t) => {
  const steps: Steps = {
    queued: 0,
    woken: 1,
    scheduled: 3,
    'process-started': 10,
    listening: 200,
    ready: 210,
    dispatched: 211,
    'first-byte': 250,
  }
  t.strictSame(
    coldStartPhases({ steps }).map(({ phase, startMs, ms }) => [phase, startMs, ms]),
    [
      ['woken', 0, 1],
      ['scheduled', 1, 2],
      ['process-started', 3, 7],
      ['listening', 10, 190],
      ['ready', 200, 10],
      ['dispatched', 210, 1],
      ['first-byte', 211, 39],
    ],
  )
})

t.test('what is not known belongs to the next step', async (t) => {
  const phases = coldStartPhases({ steps: { ...NONE, queued: 0, woken: 1, ready: 100 } })
  t.strictSame(
    phases.map(({ phase, ms }) => [phase, ms]),
    [
      ['woken', 1],
      ['ready', 99],
    ],
  )
  t.strictSame(coldStartPhases({ steps: { ...NONE, queued: 0 } }), [])
  t.strictSame(coldStartPhases({ steps: NONE }), [])
})

t.test('what was done before anybody waited is the phase of queued', async (t) => {
  const phases = coldStartPhases({ steps: { ...NONE, 'process-started': -500, queued: 0, ready: 20 } })
  t.strictSame(phases, [
    { phase: 'queued', startMs: -500, ms: 500 },
    { phase: 'ready', startMs: 0, ms: 20 },
  ])
})

t.test('phases follow each other without a gap, whatever is known', async () => {
  const at = fc.option(fc.integer({ min: -1000, max: 100_000 }))
  const steps = fc.record(
    Object.fromEntries(COLD_START_STEPS.map((step) => [step, at])),
  ) as fc.Arbitrary<Steps>
  fc.assert(
    fc.property(steps, (steps) => {
      const phases = coldStartPhases({ steps })
      const known = Object.values(steps).filter((one) => one !== null)
      const whole = known.length === 0 ? 0 : Math.max(...known) - Math.min(...known)
      return (
        phases.length === Math.max(0, known.length - 1) &&
        phases.every(({ ms }) => ms >= 0) &&
        phases.every(
          ({ startMs, ms }, i) => i + 1 === phases.length || phases[i + 1].startMs === startMs + ms,
        ) &&
        phases.reduce((sum, { ms }) => sum + ms, 0) === whole
      )
    }),
    seeded(300),
  )
})
