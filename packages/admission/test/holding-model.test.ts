import fc from 'fast-check'
import t from 'tap'
import { HeldRequest } from '../src/held-request.ts'
import { HoldRefusal } from '../src/hold-refusal.ts'
import { Holding } from '../src/holding.ts'
import type { RevisionLine } from '../src/revision-line.ts'
import type { Tenant, TenantLimits } from '../src/tenant.ts'
import { Place } from '../src/waiting-line.ts'

/** What became of a request, by the model. */
type Fate = 'outside' | 'waiting' | 'running' | 'over' | 'refused' | 'evicted'

class Request extends HeldRequest {
  readonly id: number
  readonly line: Line
  readonly caller2: string
  readonly wantedUrgency: number
  fate: Fate = 'outside'
  arrival = 0

  constructor(id: number, line: Line, caller: string, urgency: number) {
    super()
    this.id = id
    this.line = line
    this.caller2 = caller
    this.wantedUrgency = urgency
  }

  override onEvicted(): void {
    this.fate = 'evicted'
  }
}

/** A revision as the activator has it: slots, a line, and the rule that nobody waits while he could go. */
class Line {
  readonly tenant: Tenant
  readonly line: RevisionLine
  slots = 0
  running = 0
  readonly dispatched: Request[] = []

  constructor(tenant: Tenant, heldMax: number, weights: Readonly<Record<string, number>>) {
    this.tenant = tenant
    this.line = tenant.line({ heldMax, heldBytesMax: Infinity, weightOf: (caller) => weights[caller] ?? 1 })
    this.line.onRoom = () => this.pump()
  }

  pump(): void {
    while (this.line.length > 0 && this.running < this.slots) {
      if (!this.tenant.mayRun) return this.line.awaitRoom()
      this.start(this.line.next() as Request)
    }
  }

  start(request: Request): void {
    request.place = Place.Running
    request.fate = 'running'
    this.running++
    this.tenant.begin()
    this.dispatched.push(request)
  }

  /** The request gives its slot back, and is over or waits again. */
  end(request: Request, fate: 'over' | 'waiting'): void {
    request.place = Place.Outside
    request.fate = fate
    this.running--
    if (fate === 'waiting') this.line.reenter(request)
    this.pump()
    this.tenant.end()
  }
}

const UNBOUNDED: TenantLimits = { weight: 1, runningMax: Infinity, heldMax: Infinity, heldBytesMax: Infinity }
const WEIGHTS = { a: 1, b: 2, c: 5 }
const HELD_MAX = 12
const LINE_MAX = 8

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      line: fc.nat(3),
      caller: fc.constantFrom('a', 'b', 'c'),
      urgency: fc.nat(7),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), pick: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), pick: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), pick: fc.nat(100) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('slots' as const), line: fc.nat(3), slots: fc.nat(4) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('limits' as const),
      tenant: fc.nat(1),
      runningMax: fc.nat(4),
      heldMax: fc.nat(9),
      weight: fc.integer({ min: 1, max: 5 }),
    }),
  },
)

t.test('over any schedule nobody is forgotten, no bound is exceeded and no slot leaks', async () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
      const holding = new Holding({ heldMax: HELD_MAX, heldBytesMax: 1000 }, UNBOUNDED)
      const tenants = [holding.tenant('one'), holding.tenant('two')]
      const lines = [0, 1, 2, 3].map((i) => new Line(tenants[i % 2], LINE_MAX, WEIGHTS))
      const requests: Request[] = []
      const limits = new Map<string, TenantLimits>()
      const having = (fate: Fate): Request[] => requests.filter((request) => request.fate === fate)
      let now = 0

      for (const step of actions) {
        now++
        if (step.do === 'arrive') {
          const line = lines[step.line]
          const request = new Request(requests.length, line, step.caller, step.urgency)
          requests.push(request)
          request.arrival = now
          if (line.line.length === 0 && line.running < line.slots && line.tenant.mayRun) line.start(request)
          else {
            request.fate = 'waiting'
            const before = holding.held
            const refusal = line.line.enter(request, step.caller, step.urgency, now)
            if (refusal !== HoldRefusal.None) request.fate = 'refused'
            if (refusal === HoldRefusal.ProcessFull && before < HELD_MAX)
              throw new Error('refused though there was room')
            line.pump()
          }
        } else if (step.do === 'slots') {
          lines[step.line].slots = step.slots
          lines[step.line].pump()
        } else if (step.do === 'limits') {
          const { runningMax, heldMax, weight } = step
          limits.set(tenants[step.tenant].name, { runningMax, heldMax, weight, heldBytesMax: Infinity })
          holding.configure(limits)
        } else {
          const among = having(step.do === 'leave' ? 'waiting' : 'running')
          const request = among[step.pick % Math.max(1, among.length)]
          if (request === undefined) continue
          if (step.do === 'leave') {
            request.line.line.leave(request)
            request.fate = 'over'
          } else request.line.end(request, step.do === 'end' ? 'over' : 'waiting')
        }
        check(holding, tenants, lines, requests)
      }
      // Everything ends, and nothing is left.
      for (const request of having('waiting')) {
        request.line.line.leave(request)
        request.fate = 'over'
      }
      for (const line of lines) line.slots = 0
      for (const request of having('running')) request.line.end(request, 'over')
      for (const { line } of lines) line.close()
      if (holding.held !== 0 || [...holding.tenants].length > 0) throw new Error('something is left')
    }),
    { numRuns: 400 },
  )
})

function check(holding: Holding, tenants: Tenant[], lines: Line[], requests: Request[]): void {
  const waiting = requests.filter(({ fate }) => fate === 'waiting')
  if (holding.held !== waiting.length) throw new Error(`${holding.held} held, ${waiting.length} wait`)
  for (const tenant of tenants) {
    const held = waiting.filter(({ line }) => line.tenant === tenant).length
    const running = requests.filter(({ fate, line }) => fate === 'running' && line.tenant === tenant).length
    if (tenant.held !== held || tenant.running !== running)
      throw new Error(
        `${tenant.name}: ${tenant.held} held, ${tenant.running} running; ${held} and ${running} really`,
      )
  }
  for (const { line, running, slots, tenant } of lines) {
    const own = waiting.filter((request) => request.line.line === line)
    if (line.length !== own.length) throw new Error('a line has lost count')
    const oldest = own.length === 0 ? Infinity : Math.min(...own.map(({ enteredAt }) => enteredAt))
    if (line.oldestEnteredAt !== oldest) throw new Error('not the age of the oldest')
    if (own.length > 0 && running < slots && tenant.mayRun)
      throw new Error('somebody waits beside a free slot')
    if (own.some(({ place }) => place !== Place.Waiting)) throw new Error('waits without a place')
  }
}

t.test('the process never holds more than it may, but for those that came back', async () => {
  const holding = new Holding({ heldMax: 3, heldBytesMax: 0 }, UNBOUNDED)
  const line = new Line(holding.tenant('n'), 100, {})
  const requests = Array.from({ length: 5 }, (_, i) => new Request(i, line, 'a', 3))
  const answers = requests.map((request) => line.line.enter(request, 'a', 3, 0))
  t.strictSame(answers, [0, 0, 0, HoldRefusal.ProcessFull, HoldRefusal.ProcessFull])
  const first = line.line.next()!
  t.equal(line.line.enter(requests[3], 'a', 3, 0), HoldRefusal.None)
  line.line.reenter(first)
  t.equal(holding.held, 4)
  t.equal(line.line.next(), first, 'before all that came after it')
})

t.test('each bound has its own refusal', async (t) => {
  const limits = { ...UNBOUNDED, heldMax: 2 }
  const holding = new Holding({ heldMax: 100, heldBytesMax: 0 }, limits)
  const one = new Line(holding.tenant('n'), 1, {})
  const two = new Line(holding.tenant('n'), 5, {})
  const enter = (line: Line) => line.line.enter(new Request(0, line, 'a', 3), 'a', 3, 0)
  t.strictSame([enter(one), enter(one)], [HoldRefusal.None, HoldRefusal.RevisionFull])
  t.strictSame([enter(two), enter(two)], [HoldRefusal.None, HoldRefusal.NamespaceFull])
})

t.test('while two callers wait, what they get stays within two turns of their weights', async () => {
  fc.assert(
    fc.property(
      fc.record({
        weightA: fc.integer({ min: 1, max: 9 }),
        weightB: fc.integer({ min: 1, max: 9 }),
        others: fc.array(fc.nat(6), { maxLength: 200, size: 'max' }),
      }),
      ({ weightA, weightB, others }) => {
        const holding = new Holding({ heldMax: 100_000, heldBytesMax: 0 }, UNBOUNDED)
        const line = new Line(holding.tenant('n'), 100_000, { A: weightA, B: weightB })
        let id = 0
        const arrive = (caller: string) => line.line.enter(new Request(id++, line, caller, 3), caller, 3, 0)
        for (let i = 0; i < 400; i++) arrive('A')
        for (let i = 0; i < 400; i++) arrive('B')
        let [gotA, gotB] = [0, 0]
        for (const other of others) {
          // Others come and go in between.
          if (other > 2) arrive(`other-${other}`)
          const served = line.line.next() as Request
          if (served.caller2 === 'A') gotA++
          if (served.caller2 === 'B') gotB++
          const difference = Math.abs(gotA / weightA - gotB / weightB)
          if (difference > 2) throw new Error(`${gotA} and ${gotB} for weights ${weightA} and ${weightB}`)
        }
      },
    ),
  )
})

t.test('a caller gains nothing by leaving and coming again', async (t) => {
  const holding = new Holding({ heldMax: 1000, heldBytesMax: 0 }, UNBOUNDED)
  const line = new Line(holding.tenant('n'), 1000, {})
  const enter = (caller: string): Request => {
    const request = new Request(0, line, caller, 3)
    line.line.enter(request, caller, 3, 0)
    return request
  }
  for (const caller of ['a', 'b', 'c']) for (let i = 0; i < 50; i++) enter(caller)
  const served: Record<string, number> = { a: 0, b: 0, c: 0, again: 0 }
  let mine = enter('again')
  for (let i = 0; i < 80; i++) {
    const next = line.line.next() as Request
    served[next.caller2]++
    if (next === mine) mine = enter('again')
    else if (i % 3 === 0) {
      line.line.leave(mine)
      mine = enter('again')
    }
  }
  t.ok(served['again'] <= 21, `${served['again']} of 80 with four callers`)
})

t.test('inside a caller the more urgent goes first, then the oldest', async () => {
  fc.assert(
    fc.property(fc.array(fc.nat(7), { minLength: 1, maxLength: 40, size: 'max' }), (urgencies) => {
      const holding = new Holding({ heldMax: 1000, heldBytesMax: 0 }, UNBOUNDED)
      const line = new Line(holding.tenant('n'), 1000, {})
      const all = urgencies.map((urgency, i) => new Request(i, line, 'a', urgency))
      for (const request of all) line.line.enter(request, 'a', request.wantedUrgency, 0)
      const expected = all.toSorted((a, b) => a.wantedUrgency - b.wantedUrgency || a.id - b.id)
      for (const request of expected) if (line.line.next() !== request) throw new Error('out of order')
    }),
  )
})

t.test('a full process makes room for a namespace below its share, by its weight', async (t) => {
  const holding = new Holding({ heldMax: 10, heldBytesMax: 0 }, UNBOUNDED)
  holding.configure(new Map([['heavy', { ...UNBOUNDED, weight: 3 }]]))
  const greedy = new Line(holding.tenant('greedy'), 100, {})
  const heavy = new Line(holding.tenant('heavy'), 100, {})
  const greedyOnes: Request[] = []
  const enter = (line: Line, into?: Request[]): HoldRefusal => {
    const request = new Request(into?.length ?? 0, line, 'a', 3)
    const refusal = line.line.enter(request, 'a', 3, 0)
    if (refusal === HoldRefusal.None) into?.push(request)
    return refusal
  }
  for (let i = 0; i < 10; i++) t.equal(enter(greedy, greedyOnes), HoldRefusal.None)
  t.equal(enter(greedy), HoldRefusal.ProcessFull, 'nobody has less than it')
  for (let i = 0; i < 8; i++) t.equal(enter(heavy), HoldRefusal.None, `place ${i + 1}`)
  t.equal(enter(heavy), HoldRefusal.ProcessFull, 'three quarters are its share')
  t.strictSame([greedy.line.length, heavy.line.length], [2, 8])
  t.strictSame(
    greedyOnes.map(({ fate }) => fate),
    [...Array<string>(2).fill('outside'), ...Array<string>(8).fill('evicted')],
    'the newest were turned away',
  )
})

t.test('a namespace takes no more than its share, though another has more', async (t) => {
  const holding = new Holding({ heldMax: 10, heldBytesMax: 0 }, UNBOUNDED)
  const [most, some, few] = ['most', 'some', 'few'].map((name) => new Line(holding.tenant(name), 100, {}))
  const enter = (line: Line): HoldRefusal => line.line.enter(new Request(0, line, 'a', 3), 'a', 3, 0)
  for (let i = 0; i < 6; i++) enter(most)
  for (let i = 0; i < 3; i++) enter(some)
  enter(few)
  t.strictSame([enter(some), enter(some)], [HoldRefusal.None, HoldRefusal.ProcessFull], 'a third of ten')
  t.strictSame([most.line.length, some.line.length, few.line.length], [5, 4, 1])
})

t.test('bytes are taken from every budget of the chain, and only if all have them', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ line: fc.nat(2), least: fc.nat(40), more: fc.nat(60), gives: fc.boolean() }), {
        maxLength: 60,
        size: 'max',
      }),
      (steps) => {
        const holding = new Holding({ heldMax: 10, heldBytesMax: 200 }, { ...UNBOUNDED, heldBytesMax: 150 })
        const lines = ['x', 'x', 'y'].map((name) =>
          holding.tenant(name).line({ heldMax: 1, heldBytesMax: 100, weightOf: () => 1 }),
        )
        const taken: number[][] = [[], [], []]
        const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0)
        for (const { line, least, more, gives } of steps) {
          if (gives && taken[line].length > 0) lines[line].bytes.release(taken[line].pop()!)
          else {
            const granted = lines[line].bytes.reserve(least, least + more)
            const used = [sum(taken[line]), sum(taken[0]) + sum(taken[1]), sum(taken.flat())]
            const left = Math.min(
              100 - used[0],
              line < 2 ? 150 - used[1] : 150 - sum(taken[2]),
              200 - used[2],
            )
            const expected = Math.min(least + more, left) < least ? -1 : Math.min(least + more, left)
            if (granted !== expected) throw new Error(`${granted} instead of ${expected}`)
            if (granted >= 0) taken[line].push(granted)
          }
          if (holding.bytes.used !== sum(taken.flat())) throw new Error('the process has lost count')
        }
      },
    ),
  )
})
