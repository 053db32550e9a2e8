import fc from 'fast-check'
import t from 'tap'
import { Candidate } from '../src/candidate.ts'
import { FirstAvailable } from '../src/policies/first-available.ts'
import { LeastLoaded } from '../src/policies/least-loaded.ts'
import { PowerOfTwoChoices } from '../src/policies/power-of-two-choices.ts'
import { RoundRobin } from '../src/policies/round-robin.ts'
import { type Policy, policyFor, policyNamed, POLICY_NAMES } from '../src/policy.ts'

class Instance extends Candidate {
  constructor(address: string, capacity: number, running = 0) {
    super(address)
    this.capacity = capacity
    this.running = running
  }
}

const instances = (count: number, capacity: number): Instance[] =>
  Array.from({ length: count }, (_, i) => new Instance(`10.0.0.${i}:8012`, capacity))

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
}

const notRandom = (): number => {
  throw new Error('there is nothing to choose')
}

/** Picks one and takes a slot there. Answers its place in the list, -1 for none. */
const take = (policy: Policy, list: readonly Candidate[]): number => {
  const picked = policy.pick(list)
  if (picked === null) return -1
  picked.running++
  return list.indexOf(picked)
}

const takeMany = (policy: Policy, list: readonly Candidate[], count: number): number[] =>
  Array.from({ length: count }, () => take(policy, list))

const loads = (list: readonly Candidate[]): number[] => list.map((one) => one.running)

t.test('a candidate is open while it has a free slot and is not avoided', async (t) => {
  const one = new Instance('10.0.0.1:8012', 2)
  t.strictSame([one.isOpen, one.free], [true, 2])
  one.running = 2
  t.strictSame([one.isOpen, one.free], [false, 0])
  one.capacity = 1
  t.strictSame([one.isOpen, one.free], [false, 0], 'a lowered capacity leaves no fewer than none')
  one.capacity = 3
  one.isAvoided = true
  t.strictSame([one.isOpen, one.free], [false, 1], 'an avoided one has its slots for who asks for it')
  const unlimited = new Instance('10.0.0.1:8012', Infinity, 1000)
  t.strictSame([unlimited.isOpen, unlimited.free], [true, Infinity])
})

t.test('the policy is chosen by containerConcurrency as in Knative', async (t) => {
  const nameFor = (containerConcurrency: number) => policyFor(containerConcurrency, notRandom).name
  t.equal(nameFor(0), 'power-of-two-choices')
  for (const containerConcurrency of [1, 2, 3]) t.equal(nameFor(containerConcurrency), 'first-available')
  for (const containerConcurrency of [4, 5, 10, 1000]) t.equal(nameFor(containerConcurrency), 'round-robin')
})

t.test(
  'a configured policy counts for every containerConcurrency, and knative is the choice of Knative',
  async (t) => {
    for (const containerConcurrency of [0, 1, 3, 4]) {
      const names = POLICY_NAMES.map((name) => policyNamed(name, containerConcurrency, notRandom).name)
      const knatives = policyFor(containerConcurrency, notRandom).name
      t.strictSame(names, [
        knatives,
        'first-available',
        'round-robin',
        'power-of-two-choices',
        'least-loaded',
      ])
    }
  },
)

t.test('two revisions do not share a turn', async (t) => {
  const list = instances(3, 10)
  t.equal(take(policyNamed('round-robin', 10, notRandom), list), 0)
  t.equal(take(policyNamed('round-robin', 10, notRandom), list), 0)
})

t.test('nobody is picked from an empty list, from full ones, and from avoided ones', async (t) => {
  for (const name of POLICY_NAMES) {
    for (const containerConcurrency of [0, 1, 10]) {
      const policy = policyNamed(name, containerConcurrency, seeded(1))
      t.equal(policy.pick([]), null, name)
      t.equal(
        policy.pick([new Instance('a:1', 2, 2), new Instance('b:1', 0), new Instance('c:1', 1, 3)]),
        null,
      )
      const avoided = instances(3, Infinity)
      for (const one of avoided) one.isAvoided = true
      t.equal(policy.pick(avoided), null, name)
    }
  }
})

t.test('a pick takes no slot', async (t) => {
  for (const name of POLICY_NAMES) {
    const list = instances(3, 5)
    policyNamed(name, 5, seeded(1)).pick(list)
    t.strictSame(loads(list), [0, 0, 0], name)
  }
})

t.test('first-available: one after the other is filled, then there is none', async (t) => {
  const policy = new FirstAvailable()
  const list = instances(3, 2)
  t.strictSame(takeMany(policy, list, 8), [0, 0, 1, 1, 2, 2, -1, -1])
  list[1].running--
  t.strictSame(takeMany(policy, list, 2), [1, -1])
})

t.test(
  'first-available: with containerConcurrency 3 three requests are all at the first of five',
  async (t) => {
    t.strictSame(takeMany(policyFor(3, notRandom), instances(5, 3), 4), [0, 0, 0, 1])
  },
)

t.test('round-robin: with containerConcurrency 5 requests are spread over all', async (t) => {
  t.strictSame(takeMany(policyFor(5, notRandom), instances(3, 5), 6), [0, 1, 2, 0, 1, 2])
})

t.test(
  'round-robin: full ones are passed over, and the turn goes on behind the one that was picked',
  async (t) => {
    const policy = new RoundRobin()
    const list = instances(4, 1)
    list[1].running = 1
    t.strictSame(takeMany(policy, list, 4), [0, 2, 3, -1])
    list[0].running = 0
    list[3].running = 0
    t.strictSame(takeMany(policy, list, 3), [0, 3, -1])
    list[1].running = 0
    list[2].running = 0
    t.strictSame(takeMany(policy, list, 3), [1, 2, -1], 'a pick that found none leaves the turn where it was')
  },
)

t.test('round-robin: a list that became shorter than the turn had come starts again', async (t) => {
  const policy = new RoundRobin()
  const list = instances(5, 10)
  t.strictSame(takeMany(policy, list, 4), [0, 1, 2, 3])
  t.equal(take(policy, list.slice(0, 3)), 0)
  t.equal(take(policy, list.slice(0, 1)), 0)
  t.strictSame(takeMany(policy, list, 2), [1, 2], 'and goes on from there when it grows')
})

t.test('round-robin: behind the last one comes a new one, if there is one', async (t) => {
  const policy = new RoundRobin()
  const list = instances(4, 10)
  t.strictSame(takeMany(policy, list.slice(0, 3), 3), [0, 1, 2])
  t.strictSame(takeMany(policy, list, 2), [3, 0])
})

t.test('power-of-two-choices: one is taken without a choice', async (t) => {
  const policy = new PowerOfTwoChoices(notRandom)
  const list = instances(1, Infinity)
  t.strictSame(takeMany(policy, list, 2), [0, 0])
  t.strictSame(loads(list), [2])
  list[0].running--
  t.equal(take(policy, list), 0)
  t.strictSame(loads(list), [2])
})

t.test('power-of-two-choices: of two the less busy is taken; only a tie is left to chance', async (t) => {
  const list = instances(2, Infinity)
  list[0].running = 1
  t.equal(take(new PowerOfTwoChoices(notRandom), list), 1)
  list[1].running = 5
  t.equal(take(new PowerOfTwoChoices(notRandom), list), 0)
  t.throws(() => new PowerOfTwoChoices(notRandom).pick(instances(2, Infinity)), /nothing to choose/)
})

t.test('power-of-two-choices: requests that stay alternate between two', async (t) => {
  const policy = new PowerOfTwoChoices(seeded(7))
  const list = instances(2, Infinity)
  for (let pair = 1; pair <= 20; pair++) {
    const [one, other] = takeMany(policy, list, 2)
    t.equal(other, 1 - one)
    t.strictSame(loads(list), [pair, pair])
  }
})

t.test('power-of-two-choices: ties are split evenly', async (t) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const policy = new PowerOfTwoChoices(seeded(seed))
    const list = instances(2, Infinity)
    const picked = [0, 0]
    for (let i = 0; i < 100; i++) picked[list.indexOf(policy.pick(list) as Instance)]++
    t.ok(Math.min(...picked) >= 35, `seed ${seed}: ${picked.join(' and ')}`)
  }
})

t.test('power-of-two-choices: of many, any two are as likely to be compared as any others', async (t) => {
  for (const order of [(i: number) => i, (i: number) => 5 - i]) {
    // Each has another load, so the one that is picked tells which pairs it was in: one with i requests wins over the 5 - i above it.
    const list = instances(6, Infinity)
    for (const [i, one] of list.entries()) one.running = order(i)
    const policy = new PowerOfTwoChoices(seeded(11))
    const picked = [0, 0, 0, 0, 0, 0]
    const rounds = 15_000
    for (let i = 0; i < rounds; i++) picked[policy.pick(list)!.running]++
    for (const [i, count] of picked.entries()) {
      const share = (5 - i) / 15
      t.ok(Math.abs(count / rounds - share) < 0.02, `${i}: ${count / rounds} instead of ${share}`)
    }
    t.equal(picked[5], 0, 'the busiest is never picked')
  }
})

t.test('power-of-two-choices: those that are closed leave the choice to two that are open', async (t) => {
  const list = instances(50, Infinity)
  for (const one of list) one.isAvoided = true
  list[10].isAvoided = false
  list[40].isAvoided = false
  list[10].running = 3
  for (let seed = 0; seed < 20; seed++) t.equal(new PowerOfTwoChoices(seeded(seed)).pick(list), list[40])
  list[40].running = 4
  for (let seed = 0; seed < 20; seed++) t.equal(new PowerOfTwoChoices(seeded(seed)).pick(list), list[10])
  list[10].isAvoided = true
  t.equal(new PowerOfTwoChoices(seeded(1)).pick(list), list[40], 'or to one')
})

t.test('least-loaded: the smallest part in use is taken, not the fewest requests', async (t) => {
  const list = [new Instance('a:1', 10, 4), new Instance('b:1', 2, 1), new Instance('c:1', 100, 30)]
  const policy = new LeastLoaded()
  t.equal(take(policy, list), 2)
  list[2].running = 60
  t.equal(take(policy, list), 0)
})

t.test('least-loaded: equals have their turn', async (t) => {
  const policy = new LeastLoaded()
  const even = instances(3, 10)
  t.strictSame(takeMany(policy, even, 7), [0, 1, 2, 0, 1, 2, 0])
  const idle = instances(3, 10)
  const order = Array.from({ length: 6 }, () => idle.indexOf(policy.pick(idle) as Instance))
  t.strictSame(order, [1, 2, 0, 1, 2, 0], 'also when each request is over before the next comes')
  t.equal(policy.pick(idle.slice(0, 1)), idle[0], 'a list that became shorter starts again')
})

t.test('least-loaded: where one has no limit, requests are counted', async (t) => {
  const policy = new LeastLoaded()
  t.strictSame(takeMany(policy, instances(2, Infinity), 4), [0, 1, 0, 1])
  const list = [new Instance('a:1', Infinity, 500), new Instance('b:1', 100, 20)]
  t.equal(take(policy, list), 1, 'a few of a hundred are less than many of infinity')
  const limited = [new Instance('a:1', Infinity, 9), new Instance('b:1', 10, 8), new Instance('c:1', 100, 30)]
  t.equal(take(policy, limited), 1)
  limited[0].isAvoided = true
  t.equal(take(policy, limited), 2, 'one that is not open does not matter')
})

type Step =
  | { readonly kind: 'arrive' }
  | { readonly kind: 'depart'; readonly which: number }
  | { readonly kind: 'replace'; readonly list: readonly number[] }
  | { readonly kind: 'resize'; readonly which: number; readonly capacity: number }
  | { readonly kind: 'avoid'; readonly which: number }

const POOL = 8
const capacity = fc.oneof(fc.nat(4), fc.constant(Infinity))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('arrive' as const) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('depart' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('replace' as const),
      list: fc.uniqueArray(fc.nat(POOL - 1), { maxLength: POOL }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('resize' as const), which: fc.nat(POOL - 1), capacity }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('avoid' as const), which: fc.nat(POOL - 1) }) },
)

/** Why `picked` is wrong, or nothing. */
type Rule = (list: readonly Candidate[], picked: Candidate | null) => string | undefined

/** Plays arrivals, ends and changes of the list. `rule` must hold for every pick, beside the one of all policies. */
function play(policy: Policy, capacities: readonly number[], steps: readonly Step[], rule: Rule): void {
  const pool = capacities.map((slots, i) => new Instance(`10.0.0.${i}:8012`, slots))
  const running: Candidate[] = []
  let list: readonly Candidate[] = pool
  for (const step of steps) {
    if (step.kind === 'depart') {
      if (running.length > 0) running.splice(step.which % running.length, 1)[0].running--
    } else if (step.kind === 'replace') list = step.list.map((i) => pool[i])
    else if (step.kind === 'resize') pool[step.which].capacity = step.capacity
    else if (step.kind === 'avoid') pool[step.which].isAvoided = !pool[step.which].isAvoided
    else {
      const picked = policy.pick(list)
      const wrong = wrongWith(list, picked) ?? rule(list, picked)
      if (wrong !== undefined) throw new Error(`${policy.name}: ${wrong}`)
      if (picked === null) continue
      picked.running++
      running.push(picked)
    }
  }
}

const wrongWith: Rule = (list, picked) => {
  if (picked === null) return list.some((one) => one.isOpen) ? 'one is open' : undefined
  if (!list.includes(picked)) return 'not in the list'
  if (picked.isAvoided) return 'it is avoided'
  return picked.running + 1 > picked.capacity ? 'above its capacity' : undefined
}

const schedules = (run: (capacities: number[], steps: Step[], seed: number) => void): void =>
  fc.assert(
    fc.property(
      fc.array(capacity, { minLength: POOL, maxLength: POOL }),
      fc.array(step, { maxLength: 150 }),
      fc.integer(),
      run,
    ),
  )

t.test(
  'no policy exceeds a capacity or overlooks who is open, whatever comes, ends and changes',
  async () => {
    schedules((capacities, steps, seed) => {
      for (const name of POLICY_NAMES)
        for (const containerConcurrency of [0, 1, 10])
          play(policyNamed(name, containerConcurrency, seeded(seed)), capacities, steps, () => undefined)
    })
  },
)

t.test('first-available is the first that is open, always', async () => {
  schedules((capacities, steps) =>
    play(new FirstAvailable(), capacities, steps, (list, picked) =>
      picked === (list.find((one) => one.isOpen) ?? null) ? undefined : 'not the first',
    ),
  )
})

t.test('round-robin does what Knative does, always', async () => {
  schedules((capacities, steps) => {
    let cursor = 0
    play(new RoundRobin(), capacities, steps, (list, picked) => {
      if (cursor >= list.length) cursor = 0
      const order = [...list.keys()].map((i) => (cursor + i) % list.length)
      const expected = order.find((index) => list[index].isOpen) ?? -1
      if (expected >= 0) cursor = expected + 1
      return picked === (list[expected] ?? null) ? undefined : `not the one at ${expected}`
    })
  })
})

t.test('power-of-two-choices is never the busiest of those that are open, but in a tie', async () => {
  schedules((capacities, steps, seed) =>
    play(new PowerOfTwoChoices(seeded(seed)), capacities, steps, (list, picked) => {
      const open = list.filter((one) => one.isOpen)
      if (open.length < 2) return undefined
      const isBusier = open.every((one) => one === picked || one.running < picked!.running)
      return isBusier ? 'all others have fewer requests' : undefined
    }),
  )
})

t.test('least-loaded is never busier than another that is open', async () => {
  schedules((capacities, steps) =>
    play(new LeastLoaded(), capacities, steps, (list, picked) => {
      const open = list.filter((one) => one.isOpen)
      const countsRequests = open.some((one) => one.capacity === Infinity)
      const load = (one: Candidate) => (countsRequests ? one.running : one.running / one.capacity)
      return open.some((one) => load(one) < load(picked!)) ? 'another is less loaded' : undefined
    }),
  )
})
