import fc from 'fast-check'
import t from 'tap'
import { Timed, TimerWheel } from '../src/timer-wheel.ts'
import { bounded } from './support/model-settings.ts'
import { within } from './support/within.ts'

const TICK_MS = 50

class Clock {
  ms = 0
  readonly now = (): number => this.ms
}

/** Counts what the wheel does to it, and does something itself when it fires. */
class Probe extends Timed {
  fired = 0
  firedAt = -1
  whenFired: (now: number) => void = () => {}

  override onDeadline(now: number): void {
    this.fired++
    this.firedAt = now
    this.whenFired(now)
  }
}

/** A wheel with its clock; `pass` turns the clock on tick by tick, as the interval would. */
function setUp(startMs = 0) {
  const clock = new Clock()
  clock.ms = startMs
  const wheel = new TimerWheel(TICK_MS, clock.now)
  const pass = (ms: number): void => {
    for (const end = clock.ms + ms; clock.ms < end;) {
      clock.ms = Math.min(end, clock.ms + TICK_MS)
      wheel.advance()
    }
  }
  return { clock, wheel, pass }
}

t.test('fires once, never early, and at most two ticks late', async (t) => {
  for (const startMs of [0, 7, 12_345.6]) {
    for (const delayMs of [1, 49, 50, 51, 100, 1000, 25_599, 25_600, 60_000, 300_000]) {
      const { clock, wheel, pass } = setUp(startMs)
      const probe = new Probe()
      wheel.arm(probe, clock.ms + delayMs)
      pass(delayMs + 2 * TICK_MS)
      t.equal(probe.fired, 1, `${delayMs} ms from ${startMs}`)
      t.ok(probe.firedAt >= startMs + delayMs && probe.firedAt <= startMs + delayMs + 2 * TICK_MS)
      pass(60_000)
      t.equal(probe.fired, 1, 'and not again')
      t.equal(wheel.armed, 0)
    }
  }
})

t.test('a deadline in the past fires on the next tick', async (t) => {
  const { wheel, pass } = setUp(10_000)
  const probe = new Probe()
  wheel.arm(probe, 1)
  t.equal(probe.fired, 0, 'not while it is armed')
  pass(TICK_MS)
  t.equal(probe.fired, 1)
})

t.test('putting a deadline off or pulling it in moves it', async (t) => {
  const { clock, wheel, pass } = setUp()
  const later = new Probe()
  const earlier = new Probe()
  wheel.arm(later, 200)
  wheel.arm(later, 5000)
  wheel.arm(earlier, 5000)
  wheel.arm(earlier, 200)
  t.equal(wheel.armed, 2, 'each counts once')
  pass(300)
  t.equal(earlier.fired, 1)
  t.equal(later.fired, 0)
  pass(5000)
  t.equal(later.fired, 1)
  t.ok(later.firedAt >= 5000 && later.firedAt <= 5100)
  t.equal(clock.ms, 5300)
})

t.test('what is disarmed does not fire, and disarming twice counts once', async (t) => {
  const { wheel, pass } = setUp()
  const [one, two] = [new Probe(), new Probe()]
  wheel.arm(one, 100)
  wheel.arm(two, 100)
  wheel.disarm(one)
  wheel.disarm(one)
  t.equal(wheel.armed, 1)
  pass(1000)
  t.equal(one.fired, 0)
  t.equal(two.fired, 1)
})

t.test('an object that fires may disarm, arm and pull in others of its slot, and arm itself', async (t) => {
  const { clock, wheel, pass } = setUp()
  const probes = Array.from({ length: 6 }, () => new Probe())
  for (const probe of probes) wheel.arm(probe, 100)
  probes[0].whenFired = () => {
    wheel.disarm(probes[1]) // the next one
    wheel.disarm(probes[5]) // the last one
    wheel.arm(probes[3], 1000)
    wheel.arm(probes[4], clock.ms)
  }
  probes[2].whenFired = () => wheel.arm(probes[2], clock.ms + 1000)
  pass(200)
  t.strictSame(
    probes.map((probe) => probe.fired),
    [1, 0, 1, 0, 1, 0],
  )
  t.equal(wheel.armed, 2)
  pass(1100)
  t.strictSame(
    probes.map((probe) => probe.fired),
    [1, 0, 2, 1, 1, 0],
  )
})

t.test(
  'the coarse time is that of the last tick while something is armed, else the time itself',
  async (t) => {
    const { clock, wheel } = setUp()
    clock.ms = 1234
    t.equal(wheel.coarseNow, 1234)
    const probe = new Probe()
    wheel.arm(probe, 10_000)
    t.equal(wheel.coarseNow, 1234)
    clock.ms = 1270
    t.equal(wheel.coarseNow, 1234)
    wheel.advance()
    t.equal(wheel.coarseNow, 1270)
    wheel.disarm(probe)
    clock.ms = 1300
    t.equal(wheel.coarseNow, 1300)
  },
)

t.test('on the real clock it ticks by itself while something is armed', async (t) => {
  const wheel = new TimerWheel(5)
  const probe = new Probe()
  const startedAt = wheel.now()
  const keepsProcessAlive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(keepsProcessAlive))
  await within(
    'the wheel fires',
    new Promise<void>((resolve) => {
      probe.whenFired = () => resolve()
      wheel.arm(probe, startedAt + 20)
    }),
  )
  t.ok(probe.firedAt - startedAt >= 20, 'not early')
  t.equal(wheel.armed, 0)
})

// ── the model ─────────────────────────────────────────────────────────────────────────────────────────────────────

const PROBES = 12

type Action =
  | { readonly kind: 'arm'; readonly probe: number; readonly ms: number }
  | { readonly kind: 'disarm'; readonly probe: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'script'; readonly probe: number; readonly script: readonly Action[] }

const probeIndex = fc.nat({ max: PROBES - 1 })
const delay = fc.oneof(
  fc.integer({ min: -200, max: 200 }),
  fc.integer({ min: 0, max: 3000 }),
  fc.integer({ min: 20_000, max: 30_000 }),
  fc.integer({ min: 0, max: 200_000 }),
)
const arm = fc.record({ kind: fc.constant('arm' as const), probe: probeIndex, ms: delay })
const disarm = fc.record({ kind: fc.constant('disarm' as const), probe: probeIndex })
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: arm },
  { weight: 2, arbitrary: disarm },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      ms: fc.oneof(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 0, max: 100_000 }),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('script' as const),
      probe: probeIndex,
      script: fc.array(fc.oneof(arm, disarm), { maxLength: 4 }),
    }),
  },
)

/** What must hold, said as plainly as possible: a deadline per probe, and nothing else. */
class Model {
  readonly clock = new Clock()
  readonly wheel = new TimerWheel(TICK_MS, this.clock.now)
  readonly probes = Array.from({ length: PROBES }, () => new Probe())
  /** Deadline of each probe, or null. */
  readonly deadlines: (number | null)[] = this.probes.map(() => null)
  /** When each deadline was set: one that lies in the past then fires late by that much. */
  readonly armedAt: number[] = this.probes.map(() => 0)
  readonly faults: string[] = []

  constructor(startMs: number) {
    this.clock.ms = startMs
    this.wheel = new TimerWheel(TICK_MS, this.clock.now)
    for (const [i, probe] of this.probes.entries()) probe.whenFired = (now) => this.#onFired(i, now, [])
  }

  #onFired(i: number, now: number, script: readonly Action[]): void {
    const deadline = this.deadlines[i]!
    if (deadline === null) this.faults.push(`probe ${i} fired without a deadline`)
    else if (deadline > now) this.faults.push(`probe ${i} fired ${deadline - now} ms early`)
    this.deadlines[i] = null
    if (this.probes[i].timerTick >= 0) this.faults.push(`probe ${i} is still linked when it fires`)
    for (const action of script) this.apply(action)
  }

  apply(action: Action): void {
    switch (action.kind) {
      case 'arm':
        this.deadlines[action.probe] = this.clock.ms + action.ms
        this.armedAt[action.probe] = this.clock.ms
        this.wheel.arm(this.probes[action.probe], this.clock.ms + action.ms)
        break
      case 'disarm':
        this.deadlines[action.probe] = null
        this.wheel.disarm(this.probes[action.probe])
        break
      case 'advance':
        this.clock.ms += action.ms
        this.wheel.advance()
        this.#checkNoneLate()
        break
      case 'script':
        this.probes[action.probe].whenFired = (now) => this.#onFired(action.probe, now, action.script)
    }
    this.#checkCount()
  }

  /** After a look at the clock nothing may be overdue by two ticks, but for what was armed since the last one. */
  #checkNoneLate(): void {
    for (const [i, deadline] of this.deadlines.entries()) {
      if (deadline === null) continue
      const due = Math.max(deadline, this.armedAt[i])
      if (due + 2 * TICK_MS <= this.clock.ms) this.faults.push(`probe ${i} is ${this.clock.ms - due} ms late`)
    }
  }

  #checkCount(): void {
    const expected = this.deadlines.filter((deadline) => deadline !== null).length
    if (this.wheel.armed !== expected)
      this.faults.push(`${this.wheel.armed} are armed, ${expected} should be`)
    for (const [i, deadline] of this.deadlines.entries()) {
      const probe = this.probes[i]
      if (deadline !== null && probe.deadline !== deadline)
        this.faults.push(`probe ${i} has another deadline`)
      if (deadline === null && (probe.timerNext !== null || probe.timerPrevious !== null)) {
        this.faults.push(`probe ${i} is linked without a deadline`)
      }
      if (probe.timerNext !== null && probe.timerNext.timerPrevious !== probe)
        this.faults.push(`next of ${i} is torn`)
    }
  }

  /** Lets everything run out. */
  finish(): void {
    for (const [i, probe] of this.probes.entries()) probe.whenFired = (now) => this.#onFired(i, now, [])
    for (let turn = 0; turn < 20; turn++) this.apply({ kind: 'advance', ms: 20_000 })
    if (this.wheel.armed !== 0) this.faults.push(`${this.wheel.armed} never fired`)
  }
}

t.test('any order of arming, disarming and time, also from within, keeps the promises', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.array(action, { maxLength: 120 }),
      (startMs, actions) => {
        const model = new Model(startMs)
        for (const action of actions) model.apply(action)
        model.finish()
        if (model.faults.length > 0) throw new Error(model.faults.slice(0, 5).join('\n'))
      },
    ),
    bounded(1500),
  )
  t.pass('no schedule broke one')
})
