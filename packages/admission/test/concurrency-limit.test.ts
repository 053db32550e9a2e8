import fc from 'fast-check'
import t from 'tap'
import { Admission, ConcurrencyLimit, type Overflow } from '../src/concurrency-limit.ts'
import { Place, Waiter } from '../src/waiting-line.ts'

class Caller extends Waiter {
  readonly heard: string[] = []
  onceGranted: (() => void) | null = null
  override onGranted(): void {
    this.heard.push('granted')
    this.onceGranted?.()
  }
  override onEvicted(): void {
    this.heard.push('evicted')
  }
}

const callers = (count: number): Caller[] => Array.from({ length: count }, () => new Caller())

t.test('one runs, ten wait, the twelfth is refused', async (t) => {
  const limit = new ConcurrencyLimit(1, 10)
  const answers = callers(12).map((caller) => limit.enter(caller))
  t.strictSame(answers, [
    Admission.Granted,
    ...Array.from({ length: 10 }, () => Admission.Waiting),
    Admission.Refused,
  ])
  t.equal(limit.pending, 11)
})

t.test('slots are granted in the order of arrival, each once', async (t) => {
  const limit = new ConcurrencyLimit(2, 10)
  const [a, b, c, d] = callers(4)
  for (const caller of [a, b, c, d]) limit.enter(caller)
  limit.leave(b)
  t.strictSame([c.heard, d.heard], [['granted'], []])
  limit.leave(a)
  t.strictSame(d.heard, ['granted'])
  limit.leave(a)
  t.equal(limit.running, 2, 'leaving twice gives nothing back')
})

t.test('whoever leaves the line gives the place to others', async (t) => {
  const limit = new ConcurrencyLimit(1, 2)
  const [a, b, c, d, e] = callers(5)
  for (const caller of [a, b, c]) limit.enter(caller)
  t.equal(limit.enter(d), Admission.Refused)
  limit.leave(b)
  limit.leave(c)
  t.equal(limit.enter(d), Admission.Waiting)
  t.equal(limit.enter(e), Admission.Waiting)
  limit.leave(a)
  t.strictSame([b.heard, c.heard, d.heard], [[], [], ['granted']])
})

t.test('without capacity everybody waits; capacity lets them run one by one', async (t) => {
  const limit = new ConcurrencyLimit(0, 3)
  const all = callers(3)
  for (const caller of all) t.equal(limit.enter(caller), Admission.Waiting)
  limit.setCapacity(1)
  t.strictSame(
    all.map((caller) => caller.heard.length),
    [1, 0, 0],
  )
  limit.setCapacity(3)
  t.strictSame(
    all.map((caller) => caller.heard.length),
    [1, 1, 1],
  )
  limit.setCapacity(1)
  t.equal(limit.running, 3, 'those who run go on')
  t.equal(limit.free, 0)
  limit.leave(all[0])
  const late = new Caller()
  t.equal(limit.enter(late), Admission.Waiting, 'two still run where one may')
})

t.test('who may not wait is refused although the line has room', async (t) => {
  const limit = new ConcurrencyLimit(1, 10)
  const [a, b] = callers(2)
  t.equal(limit.enter(a, false), Admission.Granted)
  t.equal(limit.enter(b, false), Admission.Refused)
  t.equal(limit.waiting, 0)
})

t.test('the oldest makes room when that is wanted', async (t) => {
  const limit = new ConcurrencyLimit(1, 2, 'refuse-oldest')
  const [a, b, c, d] = callers(4)
  for (const caller of [a, b, c]) limit.enter(caller)
  t.equal(limit.enter(d), Admission.Waiting)
  t.strictSame([b.heard, b.place], [['evicted'], Place.Outside])
  t.equal(limit.waiting, 2)
  limit.leave(a)
  t.strictSame([c.heard, d.heard], [['granted'], []])
  const without = new ConcurrencyLimit(1, 0, 'refuse-oldest')
  without.enter(a)
  t.equal(without.enter(b), Admission.Refused, 'where nobody may wait there is nobody to turn away')
})

t.test('grants that end at once do not nest', async (t) => {
  const limit = new ConcurrencyLimit(1, 100_000)
  const first = new Caller()
  limit.enter(first)
  const all = callers(100_000)
  for (const caller of all) {
    caller.onceGranted = () => limit.leave(caller)
    limit.enter(caller)
  }
  limit.leave(first)
  t.ok(all.every((caller) => caller.heard.length === 1))
  t.equal(limit.pending, 0)
})

t.test('impossible bounds and double entries are errors', async (t) => {
  t.throws(() => new ConcurrencyLimit(-1, 1), /capacity is -1/)
  t.throws(() => new ConcurrencyLimit(1, 1.5), /depth is 1\.5/)
  t.throws(() => new ConcurrencyLimit(1, 1).setCapacity(Number.NaN), /capacity is NaN/)
  const limit = new ConcurrencyLimit(1, 1)
  const [a, b] = callers(2)
  limit.enter(a)
  t.throws(() => limit.enter(a), /once/)
  limit.enter(b)
  t.throws(() => limit.enter(b), /once/)
})

/** The same, told as plainly as possible: arrays of who runs and who waits. */
class Model {
  running: Caller[] = []
  waiting: Caller[] = []
  capacity: number
  readonly depth: number
  readonly overflow: Overflow
  constructor(capacity: number, depth: number, overflow: Overflow) {
    this.capacity = capacity
    this.depth = depth
    this.overflow = overflow
  }
  enter(caller: Caller, mayWait: boolean): Admission {
    if (this.running.length < this.capacity && this.waiting.length === 0) {
      this.running.push(caller)
      return Admission.Granted
    }
    const isFull = this.waiting.length >= this.depth
    if (!mayWait || (isFull && (this.overflow === 'refuse-newest' || this.depth === 0)))
      return Admission.Refused
    if (isFull) this.waiting.shift()
    this.waiting.push(caller)
    return Admission.Waiting
  }
  leave(caller: Caller): void {
    this.running = this.running.filter((one) => one !== caller)
    this.waiting = this.waiting.filter((one) => one !== caller)
    this.grant()
  }
  grant(): void {
    while (this.running.length < this.capacity && this.waiting.length > 0)
      this.running.push(this.waiting.shift()!)
  }
}

t.test('random schedules keep the invariants', async () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('enter' as const), who: fc.nat(19), mayWait: fc.boolean() }),
    },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('leave' as const), who: fc.nat(19) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('resize' as const), capacity: fc.nat(6) }) },
  )
  fc.assert(
    fc.property(
      fc.nat(5),
      fc.nat(6),
      fc.constantFrom<Overflow>('refuse-newest', 'refuse-oldest'),
      fc.array(step, { maxLength: 200 }),
      (capacity, depth, overflow, steps) => {
        const limit = new ConcurrencyLimit(capacity, depth, overflow)
        const model = new Model(capacity, depth, overflow)
        const all = callers(20)
        for (const step of steps) {
          if (step.kind === 'resize') {
            limit.setCapacity(step.capacity)
            model.capacity = step.capacity
            model.grant()
          } else if (step.kind === 'leave') {
            limit.leave(all[step.who])
            model.leave(all[step.who])
          } else if (all[step.who].place === Place.Outside) {
            const expected = model.enter(all[step.who], step.mayWait)
            if (limit.enter(all[step.who], step.mayWait) !== expected) throw new Error('another answer')
          }
          for (const caller of all) {
            const expected = model.running.includes(caller)
              ? Place.Running
              : model.waiting.includes(caller)
                ? Place.Waiting
                : Place.Outside
            if (caller.place !== expected) throw new Error(`place ${caller.place} instead of ${expected}`)
          }
          if (limit.running !== model.running.length || limit.waiting !== model.waiting.length)
            throw new Error('counts differ')
          if (limit.waiting > 0 && limit.free > 0) throw new Error('somebody waits beside a free slot')
        }
      },
    ),
  )
})
