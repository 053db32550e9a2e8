import fc from 'fast-check'
import t from 'tap'
import { Timed, TimerWheel, type WheelTimer } from '../src/timer-wheel.ts'
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

// ── sleeping ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A timer on a clock of its own: `pass` turns the clock on, and calls whoever is due on the way. */
class FakeTimer implements WheelTimer {
  readonly clock: Clock
  /** How often it called. */
  wakeUps = 0
  /** How late it calls, ms. */
  lateMs = 0
  #at = Infinity
  #then: () => void = () => {}

  constructor(clock: Clock) {
    this.clock = clock
  }

  set(ms: number, then: () => void): void {
    // As node does it: whole ms, and no more than 31 bits of them.
    if (!Number.isInteger(ms) || ms < 1 || ms > 0x7f_ff_ff_ff) throw new Error(`set to ${ms} ms`)
    this.#at = this.clock.ms + ms + this.lateMs
    this.#then = then
  }

  clear(): void {
    this.#at = Infinity
  }

  pass(ms: number): void {
    for (const end = this.clock.ms + ms; ;) {
      if (this.#at > end) return void (this.clock.ms = end)
      this.clock.ms = this.#at
      this.#at = Infinity
      this.wakeUps++
      this.#then()
    }
  }
}

function setUpTimed(startMs = 0) {
  const clock = new Clock()
  clock.ms = startMs
  const timer = new FakeTimer(clock)
  const wheel = new TimerWheel(TICK_MS, clock.now, timer)
  /** How often the wheel wakes up in the next `ms`. */
  const wakeUpsIn = (ms: number): number => {
    const before = timer.wakeUps
    timer.pass(ms)
    return timer.wakeUps - before
  }
  return { clock, timer, wheel, wakeUpsIn }
}

t.test('it sleeps when nothing is armed for a while, up to the deadline itself', async (t) => {
  const { wheel, clock, wakeUpsIn } = setUpTimed()
  const probe = new Probe()
  wheel.arm(probe, 90_000)
  t.ok(wakeUpsIn(1000) <= 15, 'ticks for half a second')
  t.equal(wakeUpsIn(88_999), 0, 'then not once, not even once a round')
  t.equal(probe.fired, 0)
  t.equal(wakeUpsIn(2 * TICK_MS), 1)
  t.equal(probe.fired, 1)
  t.ok(probe.firedAt >= 90_000 && probe.firedAt <= 90_100)
  t.equal(wakeUpsIn(100_000), 0, 'and with nothing armed never')
  t.equal(wheel.armed, 0)
  t.equal(clock.ms, 190_099)
})

t.test('many that were put off wake it no more often than one', async (t) => {
  const { wheel, timer, wakeUpsIn } = setUpTimed()
  const probes = Array.from({ length: 600 }, () => new Probe())
  // One in every slot of the wheel, as idle connections come to stand.
  for (const probe of probes) {
    wheel.arm(probe, timer.clock.ms + 30_000)
    timer.pass(40)
  }
  for (const probe of probes) wheel.arm(probe, timer.clock.ms + 120_000)
  timer.pass(1000)
  t.equal(wakeUpsIn(118_000), 0)
  timer.pass(2000)
  t.ok(probes.every((probe) => probe.fired === 1))
})

t.test('more deadlines than it looks at make it sleep less long, not look longer', async (t) => {
  const { wheel, timer, wakeUpsIn } = setUpTimed()
  const probes = Array.from({ length: 30_000 }, () => new Probe())
  for (const [i, probe] of probes.entries()) {
    wheel.arm(probe, timer.clock.ms + 30_000)
    if (i % 60 === 0) timer.pass(50)
  }
  for (const probe of probes) wheel.arm(probe, timer.clock.ms + 120_000)
  timer.pass(1000)
  const wakeUps = wakeUpsIn(118_000)
  t.ok(wakeUps > 0 && wakeUps < 118, `${wakeUps} times`)
  timer.pass(2000)
  t.ok(probes.every((probe) => probe.fired === 1))
})

t.test('a nearer deadline wakes it, one that is put off does not', async (t) => {
  const { wheel, clock, timer, wakeUpsIn } = setUpTimed()
  const [far, near] = [new Probe(), new Probe()]
  wheel.arm(far, 60_000)
  timer.pass(10_000)
  wheel.arm(far, 120_000)
  t.equal(wakeUpsIn(10_000), 0)
  wheel.arm(near, clock.ms + 100)
  timer.pass(200)
  t.equal(near.fired, 1)
  t.ok(near.firedAt >= 20_100 && near.firedAt <= 20_200)
  timer.pass(1000)
  t.equal(wakeUpsIn(90_000), 0)
  // Pulled in after longer than a round of the wheel.
  wheel.arm(far, clock.ms + 1000)
  timer.pass(1100)
  t.equal(far.fired, 1)
})

t.test('a request every second lets it sleep in between', async (t) => {
  const { wheel, clock, timer, wakeUpsIn } = setUpTimed()
  const [connection, exchange] = [new Probe(), new Probe()]
  wheel.arm(connection, 120_000)
  timer.pass(5000)
  const before = timer.wakeUps
  for (let i = 0; i < 600; i++) {
    wheel.arm(exchange, clock.ms + 300_000)
    timer.pass(3)
    wheel.disarm(exchange)
    wheel.arm(connection, wheel.coarseNow + 120_000)
    timer.pass(997)
  }
  const perSecond = (timer.wakeUps - before) / 600
  t.ok(perSecond < 1, `${perSecond} a second`)
  t.equal(wakeUpsIn(100_000), 0)
})

t.test('the coarse time is right while it sleeps', async (t) => {
  const { wheel, clock, timer } = setUpTimed()
  wheel.arm(new Probe(), 600_000)
  timer.pass(100_000)
  for (let i = 0; i < 20; i++) {
    t.equal(wheel.coarseNow, clock.ms)
    timer.pass(777)
  }
})

t.test('who asks for the time often gets ticks, so that asking is free again', async (t) => {
  const { wheel, clock, timer, wakeUpsIn } = setUpTimed()
  wheel.arm(new Probe(), 600_000)
  timer.pass(10_000)
  let asked = 0
  const realNow = clock.now
  t.equal(wheel.coarseNow, realNow())
  for (let i = 0; i < 1000; i++) {
    t.ok(clock.ms - wheel.coarseNow < 2 * TICK_MS)
    asked++
    timer.pass(1)
  }
  t.equal(asked, 1000)
  t.ok(timer.wakeUps > 10, 'it ticked')
  timer.pass(1000)
  t.equal(wakeUpsIn(100_000), 0, 'and sleeps again')
})

t.test('a deadline further away than a timer of node can wait', async (t) => {
  const { wheel, timer, wakeUpsIn } = setUpTimed()
  const probe = new Probe()
  const days30 = 30 * 86_400_000
  wheel.arm(probe, days30)
  timer.pass(1000)
  t.ok(wakeUpsIn(days30 - 2000) < 1000)
  t.equal(probe.fired, 0)
  timer.pass(1100)
  t.equal(probe.fired, 1)
})

const timedAction = fc.oneof(
  { weight: 4, arbitrary: arm },
  { weight: 1, arbitrary: disarm },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: delay.map(Math.abs) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ask' as const), times: fc.nat({ max: 100 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('script' as const),
      probe: probeIndex,
      script: fc.array(fc.oneof(arm, disarm), { maxLength: 4 }),
    }),
  },
)

t.test('across sleeps no deadline fires early, or more than two ticks late', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.array(timedAction, { maxLength: 80 }),
      (startMs, actions) => {
        const { clock, timer, wheel } = setUpTimed(startMs)
        const probes = Array.from({ length: PROBES }, () => new Probe())
        const due: number[] = probes.map(() => Infinity)
        const faults: string[] = []
        const set = ({ kind, probe, ms }: { kind: string; probe: number; ms: number }): void => {
          due[probe] = kind === 'arm' ? Math.max(clock.ms, clock.ms + ms) : Infinity
          if (kind === 'arm') wheel.arm(probes[probe], clock.ms + ms)
          else wheel.disarm(probes[probe])
        }
        const onFired = (i: number, script: readonly unknown[]): void => {
          if (clock.ms < due[i]) faults.push(`probe ${i} is ${due[i] - clock.ms} ms early`)
          due[i] = Infinity
          for (const action of script) set(action as never)
        }
        for (const [i, probe] of probes.entries()) probe.whenFired = () => onFired(i, [])
        for (const action of actions) {
          if (action.kind === 'script')
            probes[action.probe].whenFired = () => onFired(action.probe, action.script)
          else if (action.kind === 'ask') for (let i = 0; i < action.times; i++) void wheel.coarseNow
          else if (action.kind !== 'pass') set(action as never)
          else {
            // In steps, so that lateness shows itself when it is there.
            for (let left = action.ms; left > 0; left -= 997) {
              timer.pass(Math.min(left, 997))
              for (const [i, at] of due.entries())
                if (clock.ms - at > 2 * TICK_MS + 2) faults.push(`probe ${i} is ${clock.ms - at} ms late`)
            }
          }
          if (clock.ms - wheel.coarseNow > TICK_MS + 1) faults.push('the coarse time is old')
        }
        if (faults.length > 0) throw new Error(faults.slice(0, 5).join('\n'))
      },
    ),
    bounded(1000),
  )
  t.pass('no schedule broke a promise')
})
