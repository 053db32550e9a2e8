import fc from 'fast-check'
import t from 'tap'
import { type Advice, Decider, TICK_MS } from '../src/decider.ts'
import type { RevisionScaling } from '../src/revision-scaling.ts'
import { scalingWith } from './support/scaling.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const START = 1_700_000_000_000
const REACHABLE = true

/** One pod is meant to have `target`; rates are as in Knative's own tests. */
function settings(target: number, changes: Partial<RevisionScaling> = {}): RevisionScaling {
  return scalingWith({
    targetValue: target,
    totalValue: target / 0.75,
    targetBurstCapacity: 100,
    maxScaleUpRate: 10,
    maxScaleDownRate: 10,
    ...changes,
  })
}

/** A decider of which a test turns the knobs. */
class Scene {
  decider: Decider
  readyPods: number
  now = START
  isReachable = REACHABLE
  constructor(scaling: RevisionScaling, readyPods = 1) {
    this.decider = new Decider(scaling, readyPods, START)
    this.readyPods = readyPods
  }
  decide(stable: number, panic: number = stable): Advice {
    return this.decider.decide({ stable, panic }, this.readyPods, this.isReachable, this.now)
  }
  scale(stable: number, panic: number = stable): number {
    return this.decide(stable, panic).desiredScale
  }
}

t.test('as many pods as the load takes, rounded up', async (t) => {
  const scene = new Scene(settings(10))
  t.equal(scene.scale(0), 0)
  t.equal(scene.scale(0.1), 1)
  t.equal(scene.scale(15), 2)
  t.equal(new Scene(settings(10)).scale(50, 10), 5)
  t.equal(new Scene(settings(10), 8).scale(100), 10)
})

t.test('the burst capacity follows from ready pods and the panic window', async (t) => {
  const scaling = settings(7.5, { targetBurstCapacity: 5 })
  t.equal(new Scene(scaling, 1).decide(0, 3.5).excessBurstCapacity, 1)
  t.equal(new Scene(scaling, 0).decide(0, 3.5).excessBurstCapacity, -9)
  t.equal(new Scene(settings(181, { targetBurstCapacity: -1 })).decide(21, 26).excessBurstCapacity, -1)
  t.equal(new Scene(settings(10, { targetBurstCapacity: 0 })).decide(50, 49).excessBurstCapacity, 0)
})

t.test('pods are added up to so many times those that are ready', async (t) => {
  const scene = new Scene(settings(10))
  t.match(scene.decide(1000, 1001), { desiredScale: 10, reasons: { rule: 'scale-up-rate', scaleUpMax: 10 } })
  scene.readyPods = 10
  t.equal(scene.scale(1000, 1001), 100)
  t.equal(new Scene(settings(10), 0).scale(1000, 888), 10, 'no ready pod counts as one')
})

t.test('a small rate lets the number grow by one at least', async (t) => {
  const scene = new Scene(settings(1, { maxScaleUpRate: 1.1 }), 2)
  t.match(scene.decide(3, 3.1), { desiredScale: 3, reasons: { scaleUpMax: 3 } })
})

t.test('pods are taken away down to their share of those that are ready', async (t) => {
  const calm = (readyPods: number, changes: Partial<RevisionScaling> = {}): Scene => {
    const scene = new Scene(settings(10, changes))
    scene.readyPods = readyPods
    return scene
  }
  t.match(calm(100).decide(1), { desiredScale: 10, reasons: { rule: 'scale-down-rate', scaleDownMin: 10 } })
  t.equal(calm(10).scale(1), 1)
  t.equal(calm(100, { maxScaleDownRate: 1.1 }).scale(1), 90)
  t.equal(calm(1, { maxScaleDownRate: 2 }).scale(0), 0)
})

t.test('where no route leads, pods are taken away at once', async (t) => {
  const scene = new Scene(settings(10, { maxScaleDownRate: 1.1 }))
  scene.readyPods = 100
  scene.isReachable = false
  t.match(scene.decide(1), { desiredScale: 1, reasons: { scaleDownMin: 0, rule: 'stable-window' } })
})

t.test('with load there are at least the pods of the activation scale', async (t) => {
  const scene = new Scene(settings(10, { activationScale: 3 }))
  t.equal(scene.scale(0), 0)
  t.match(scene.decide(1, 0), { desiredScale: 3, reasons: { rule: 'activation-scale', stablePods: 1 } })
  t.equal(scene.scale(50, 10), 5)
  t.equal(new Scene(settings(10, { activationScale: 30 })).scale(50, 10), 30, 'whatever the rate')
  t.equal(new Scene(settings(10, { activationScale: 1 })).scale(1, 0), 1)
})

t.test('panic begins when the short window asks for so many times what is ready', async (t) => {
  const scene = new Scene(settings(10))
  t.match(scene.decide(50, 19.9), { desiredScale: 5, isPanicking: true }, '2 pods for 1')
  t.match(new Scene(settings(10)).decide(50, 10), { isPanicking: false })
  t.match(new Scene(settings(10, { panicThreshold: 3 })).decide(5, 20), { isPanicking: false })
  t.match(new Scene(settings(10)).decide(50, 100), {
    desiredScale: 10,
    reasons: { rule: 'panic-window', panicPods: 10, isOverPanicThreshold: true },
  })
})

t.test('in panic the larger of both windows counts', async (t) => {
  const panicking = (): Scene => {
    const scene = new Scene(settings(1), 5)
    scene.now += 5 * SECOND
    return scene
  }
  t.match(panicking().decide(50, 30), { desiredScale: 50, reasons: { rule: 'stable-window' } })
  t.match(panicking().decide(20, 30), { desiredScale: 30, reasons: { rule: 'panic-window' } })
})

t.test('in panic the number does not fall, until the stable window has passed', async (t) => {
  const scene = new Scene(settings(10))
  t.equal(scene.scale(100), 10)
  scene.readyPods = 10
  t.equal(scene.scale(100, 1000), 100)
  scene.now += 30 * SECOND
  t.match(scene.decide(1), { desiredScale: 100, isPanicking: true, reasons: { rule: 'panic-mode' } })
  scene.now += 30 * SECOND
  t.equal(scene.scale(1), 100, 'exactly a window is not enough')
  scene.now += 1
  t.match(scene.decide(1), { desiredScale: 1, isPanicking: false })
})

t.test('a panic that is over is forgotten', async (t) => {
  const scene = new Scene(settings(10))
  t.equal(scene.scale(100), 10)
  scene.now += 60 * SECOND + 1
  t.equal(scene.scale(1), 1)
  t.match(scene.decide(20), { desiredScale: 2, isPanicking: true })
})

t.test('cause for panic extends it', async (t) => {
  const scene = new Scene(settings(1), 1)
  scene.readyPods = 10
  t.equal(scene.scale(11, 25), 25)
  scene.readyPods = 40
  scene.now += 30 * SECOND
  t.equal(scene.scale(30, 80), 80)
  scene.now += 60 * SECOND
  t.match(scene.decide(1), { desiredScale: 80, isPanicking: true })
  scene.now += 1
  t.match(scene.decide(1, 1), { desiredScale: 4, isPanicking: false })
})

t.test('a slow increase does not extend it', async (t) => {
  const scene = new Scene(settings(1))
  scene.readyPods = 10
  t.equal(scene.scale(11, 25), 25)
  scene.readyPods = 40
  scene.now += 30 * SECOND
  t.equal(scene.scale(30, 41), 41)
  scene.readyPods = 55
  scene.now += 30 * SECOND + TICK_MS
  t.match(scene.decide(50, 56), { desiredScale: 50, isPanicking: false })
})

t.test('load that grows by powers is followed by powers, and then held', async (t) => {
  const scene = new Scene(settings(1))
  for (const load of [6, 36, 216, 1296]) {
    t.match(scene.decide(load), { desiredScale: load, isPanicking: true })
    scene.readyPods = load
    scene.now += SECOND
  }
  t.equal(scene.scale(1296), 1296)
})

t.test('with two or more pods it begins in panic, so that none is lost for want of history', async (t) => {
  t.notOk(new Decider(settings(10), 0, START).isPanicking)
  t.notOk(new Decider(settings(10), 1, START).isPanicking)
  t.ok(new Decider(settings(10), 2, START).isPanicking)
  const scene = new Scene(settings(10), 7)
  t.match(scene.decide(0), { desiredScale: 7, reasons: { rule: 'panic-mode' } })
  scene.now += 60 * SECOND + 1
  t.equal(scene.scale(0), 0)
})

t.test('scaling down waits for the delay', async (t) => {
  const scene = new Scene(settings(10, { scaleDownDelayMs: 5 * MINUTE, panicThreshold: 100 }))
  const at = (ms: number, load: number): number => {
    scene.now = START + ms
    return scene.scale(load)
  }
  t.equal(at(2 * SECOND, 40), 4)
  t.equal(at(5 * MINUTE, 0), 4)
  t.equal(at(5 * MINUTE + 2 * SECOND, 0), 0)
  t.equal(at(9 * MINUTE, 40), 4)
  t.equal(at(10 * MINUTE, 30), 4)
  scene.now = START + 11 * MINUTE
  t.match(scene.decide(0), { desiredScale: 4, reasons: { rule: 'scale-down-delay', stablePods: 0 } })
  t.equal(at(14 * MINUTE, 0), 3)
  t.equal(at(15 * MINUTE, 0), 0)
})

t.test('the delay holds only where a route leads', async (t) => {
  const scene = new Scene(settings(10, { scaleDownDelayMs: 5 * MINUTE, panicThreshold: 100 }))
  t.equal(scene.scale(40), 4)
  t.equal(scene.scale(0), 4)
  scene.isReachable = false
  t.equal(scene.scale(0), 0)
})

t.test('without a delay the newest number counts, and one that is set later has no effect', async (t) => {
  const scene = new Scene(settings(10, { panicThreshold: 100 }))
  t.equal(scene.scale(40), 4)
  scene.now += 500
  t.equal(scene.scale(20), 2)
  scene.decider.update(settings(10, { panicThreshold: 100, scaleDownDelayMs: MINUTE }))
  t.equal(scene.scale(40), 4)
  t.equal(scene.scale(0), 0)
})

t.test('other settings hold from the next decision on', async (t) => {
  const scene = new Scene(settings(10))
  t.equal(scene.scale(100, 101), 10)
  scene.readyPods = 10
  scene.decider.update(settings(1, { targetBurstCapacity: 71 }))
  t.match(scene.decide(100, 101), {
    desiredScale: 100,
    excessBurstCapacity: Math.floor(10 / 0.75 - 71 - 101),
  })
})

t.test('numbers too large for a scale end at the largest', async (t) => {
  const scene = new Scene(settings(0.01, { maxScaleUpRate: 1e12 }))
  t.equal(scene.scale(1e12), 2147483647)
})

const loads = fc.record({ stable: fc.double({ min: 0, max: 1e5, noNaN: true }), panic: fc.nat(100_000) })
const history = fc.array(fc.record({ load: loads, readyPods: fc.nat(200), gap: fc.nat(40_000) }), {
  maxLength: 30,
})
const anySettings = fc.record({
  targetValue: fc.double({ min: 0.01, max: 100, noNaN: true }),
  maxScaleUpRate: fc.double({ min: 1.01, max: 1000, noNaN: true }),
  maxScaleDownRate: fc.double({ min: 1.01, max: 100, noNaN: true }),
  panicThreshold: fc.double({ min: 1.1, max: 10, noNaN: true }),
  activationScale: fc.nat(20),
  scaleDownDelayMs: fc.constantFrom(0, 4000, 30_000),
})

t.test('more load never comes to fewer pods, and never to more room', async () => {
  fc.assert(
    fc.property(
      anySettings,
      history,
      loads,
      fc.nat(1000),
      fc.boolean(),
      (changes, before, load, more, isOld) => {
        const decide = (extra: number): Advice => {
          const scene = new Scene(scalingWith(changes), isOld ? 5 : 0)
          for (const { load, readyPods, gap } of before) {
            scene.now += gap
            scene.readyPods = readyPods
            scene.decide(load.stable, load.panic)
          }
          return scene.decide(load.stable + extra, load.panic + extra)
        }
        const [less, moreLoad] = [decide(0), decide(more)]
        if (moreLoad.desiredScale < less.desiredScale) throw new Error('fewer pods')
        if (moreLoad.excessBurstCapacity > less.excessBurstCapacity) throw new Error('more room')
      },
    ),
  )
})

t.test('one step stays within the rates, and panic never falls', async () => {
  fc.assert(
    fc.property(anySettings, history, (changes, steps) => {
      const scaling = scalingWith({ ...changes, activationScale: 0, scaleDownDelayMs: 0 })
      const scene = new Scene(scaling)
      let last: Advice | null = null
      for (const { load, readyPods, gap } of steps) {
        scene.now += gap
        scene.readyPods = readyPods
        const advice = scene.decide(load.stable, load.panic)
        const pods = Math.max(1, readyPods)
        if (!advice.isPanicking && advice.desiredScale > Math.ceil(pods * scaling.maxScaleUpRate))
          throw new Error('too many')
        if (advice.desiredScale < Math.floor(pods / scaling.maxScaleDownRate)) throw new Error('too few')
        if (last?.isPanicking && advice.isPanicking && advice.desiredScale < last.desiredScale)
          throw new Error('fell in panic')
        last = advice
      }
    }),
  )
})
