import t from 'tap'
import type { LoadStat } from '../src/load-stat.ts'
import { scalingWith } from './support/scaling.ts'
import { Scene, SECOND, START } from './support/scene.ts'

t.test('a new revision waits for its first pod, and for numbers', async (t) => {
  const scene = new Scene()
  t.match(scene.autoscaler.reconcile(START), {
    at: START,
    scale: null,
    recheckAfterMs: 630_000,
    wantsProbe: false,
    mode: 'proxy',
    activators: 3,
    want: -1,
    desiredScale: -1,
    excessBurstCapacity: -111,
    isPanicking: false,
    isNews: false,
    status: { activity: { state: 'activating', reason: 'Queued' }, isInitialized: false },
    why: { order: 'activating', adviceState: 'not-asked', advice: null },
  })
  t.match(scene.tick(), { scale: null, why: { adviceState: 'no-data' } })
  t.match(scene.pods(1), { scale: null, status: { activity: { state: 'active' }, isInitialized: true } })
})

t.test('from nothing to one pod in the moment the first request comes', async (t) => {
  const scene = new Scene({ initialScale: 0 })
  t.match(scene.autoscaler.reconcile(START), { scale: null, status: { activity: { state: 'inactive' } } })
  t.match(scene.run(2, 0), { scale: null, want: 0, desiredScale: 0, mode: 'proxy', isNews: true })
  scene.pass(300)
  t.ok(scene.record(1), 'it should not wait')
  t.match(scene.tick(), {
    scale: 1,
    desiredScale: 1,
    mode: 'proxy',
    isNews: true,
    status: { activity: { state: 'activating', reason: 'Queued' } },
    why: { order: 'desired', adviceState: 'given', advice: { reasons: { rule: 'stable-window' } } },
  })
  t.notOk(scene.record(1), 'now it may')
  t.match(scene.pods(1), { scale: 1, status: { activity: { state: 'active', since: scene.now } } })
})

t.test('a poke is a first request, and decides at once when nothing is wanted', async (t) => {
  const scene = new Scene({ initialScale: 0, activationScale: 3 })
  const decision = scene.autoscaler.poke(START)
  t.match(decision, { scale: 3, desiredScale: 3, why: { advice: { reasons: { stableValue: 1 } } } })
  t.equal(scene.autoscaler.poke(START + 10), null)
  t.match(scene.pass(10).tick(), { why: { advice: { reasons: { stableValue: 2 } } } }, 'it is recorded too')
})

t.test('zeros do not hurry', async (t) => {
  const scene = new Scene()
  t.notOk(scene.record(0))
})

/** What is decided every other second without load: second, number of pods, mode and why. */
function fade(scene: Scene, seconds: number): [number, number | null, string, string][] {
  return Array.from({ length: seconds / 2 }, () => {
    const { scale, mode, why } = scene.run(2, 0)
    return [(scene.now - START) / SECOND, scale, mode, why.order]
  })
}

t.test('from one pod to none, step by step', async (t) => {
  const scene = new Scene({ stableWindowMs: 10 * SECOND, scaleToZeroGraceMs: 6 * SECOND })
  scene.pods(1)
  t.match(scene.run(2, 1), { scale: 1, desiredScale: 1 })
  t.strictSame(fade(scene, 12), [
    [4, 1, 'proxy', 'desired'],
    [6, 1, 'proxy', 'desired'],
    [8, 1, 'proxy', 'desired'],
    [10, 1, 'proxy', 'desired'],
    [12, null, 'proxy', 'deactivating'],
    [14, 0, 'proxy', 'idle'],
  ])
  t.match(scene.autoscaler.status.activity, { state: 'inactive', reason: 'NoTraffic', since: START + 12_000 })
})

t.test('one pod stays while the revision is active for less than a stable window', async (t) => {
  const scene = new Scene({ stableWindowMs: 10 * SECOND })
  scene.run(2, 0)
  t.match(scene.pods(1), { scale: null, recheckAfterMs: 630_000, want: -1, why: { order: 'activating' } })
  t.match(scene.pass(SECOND).tick(), { scale: 1, recheckAfterMs: 9000, why: { order: 'recently-active' } })
  const again = scene.pass(9000).autoscaler.reconcile(scene.now)
  t.match(again, { scale: null, recheckAfterMs: 3000, why: { order: 'deactivating' } })
})

t.test(
  'the activator leaves the path where there is room, and is back before the last pod goes',
  async (t) => {
    const scene = new Scene({
      targetBurstCapacity: 10,
      stableWindowMs: 6 * SECOND,
      panicWindowMs: SECOND,
      scaleToZeroGraceMs: 4 * SECOND,
    })
    scene.pods(1)
    t.match(scene.run(2, 1), { mode: 'serve', excessBurstCapacity: 89 })
    t.match(scene.run(2, 95), { mode: 'proxy', excessBurstCapacity: -5, isNews: true })
    t.match(scene.run(2, 1), { mode: 'serve', excessBurstCapacity: 89, isNews: true })
    t.match(scene.run(2, 1), { mode: 'serve', isNews: false })
    t.strictSame(fade(scene, 12), [
      [10, 2, 'serve', 'desired'],
      [12, 1, 'serve', 'desired'],
      [14, null, 'proxy', 'deactivating'],
      [16, null, 'proxy', 'grace-period'],
      [18, 0, 'proxy', 'idle'],
      [20, 0, 'proxy', 'idle'],
    ])
  },
)

t.test('room for exactly the burst is room', async (t) => {
  const scene = new Scene({
    targetBurstCapacity: 10,
    totalValue: 20,
    targetValue: 20,
    panicWindowMs: SECOND,
  })
  scene.pods(1)
  t.match(scene.run(2, 11), { mode: 'proxy', excessBurstCapacity: -1 })
  t.match(scene.run(2, 10), { mode: 'serve', excessBurstCapacity: 0, isNews: true })
  t.match(scene.run(2, 9), { mode: 'serve', excessBurstCapacity: 1, isNews: false })
})

t.test('a path without pods leads to the activator, whatever the mode', async (t) => {
  const scene = new Scene({ targetBurstCapacity: 0, progressDeadlineMs: SECOND, stableWindowMs: 6 * SECOND })
  scene.pods(1)
  t.match(scene.run(2, 1), { mode: 'serve' })
  t.match(scene.pods(0), { mode: 'serve', status: { activity: { state: 'activating' } } })
  t.match(scene.run(32, 0), { scale: 0, why: { order: 'activation-timed-out' } })
  t.match(scene.run(2, 0), { scale: 0, why: { order: 'idle' } }, 'the grace period has long begun')
})

t.test('whoever tells of the path is believed', async (t) => {
  const scene = new Scene({ stableWindowMs: 6 * SECOND, scaleToZeroGraceMs: 4 * SECOND })
  scene.pods(1)
  scene.run(10, 0)
  const path = { isProvisioned: true, isProxied: true, proxiedSince: null, isActivatorAnswering: null }
  t.match(scene.autoscaler.onPath(path, scene.now), { scale: null, wantsProbe: true, recheckAfterMs: 1000 })
  t.match(scene.run(20, 0), { scale: null, why: { order: 'activator-not-in-path' } })
  t.match(scene.autoscaler.onPath({ ...path, isActivatorAnswering: true }, scene.now), { scale: 0 })
  t.match(scene.autoscaler.onPath({ ...path, isProvisioned: false }, scene.now), {
    scale: null,
    want: -1,
    activators: 2,
    mode: 'proxy',
    status: { actualScale: 0 },
    why: { order: 'not-provisioned' },
  })
})

t.test('without numbers nothing changes', async (t) => {
  const scene = new Scene({ stableWindowMs: 6 * SECOND })
  scene.pods(4)
  t.match(scene.run(10, 300), { scale: 5, desiredScale: 5 })
  scene.pass(100 * SECOND)
  t.match(scene.tick(), { scale: 5, desiredScale: 5, why: { adviceState: 'no-data' } })
  scene.record(0)
  scene.pods(null)
  t.match(scene.tick(), {
    scale: 5,
    status: { actualScale: 4 },
    why: { adviceState: 'pods-unknown', advice: { desiredScale: 5 } },
  })
  scene.pods(4)
  t.match(scene.tick(), { desiredScale: 2, why: { adviceState: 'given' } })
})

t.test('where everything comes through the activator its silence is no load', async (t) => {
  const scene = new Scene({ targetBurstCapacity: -1, stableWindowMs: 6 * SECOND })
  scene.pods(1)
  t.match(scene.pass(10 * SECOND).tick(), {
    desiredScale: 0,
    excessBurstCapacity: -1,
    why: { adviceState: 'given' },
  })
})

t.test('what scales is the metric of the settings', async (t) => {
  const stat: LoadStat = {
    averageConcurrency: 1,
    averageProxiedConcurrency: 0,
    requestRate: 500,
    proxiedRequestRate: 100,
  }
  const scale = (metric: 'concurrency' | 'rps'): number => {
    const scene = new Scene({ metric, targetValue: 100, totalValue: 100 })
    scene.autoscaler.record(stat, START)
    return scene.tick().desiredScale
  }
  t.equal(scale('concurrency'), 1)
  t.equal(scale('rps'), 4)
})

t.test('a route that ends takes its minimum along', async (t) => {
  const scene = new Scene({ minScale: 2, stableWindowMs: 6 * SECOND, scaleToZeroGraceMs: SECOND })
  scene.pods(2)
  t.match(scene.run(8, 0), { scale: 2, why: { order: 'min-scale' } })
  scene.autoscaler.onReachability('unreachable', scene.now)
  t.match(scene.run(2, 0), { want: 0, why: { order: 'deactivating' } })
  t.match(scene.run(2, 0), { scale: 0 })
})

t.test('a successor goes on where its predecessor was', async (t) => {
  const first = new Scene()
  first.pods(1)
  const { status } = first.run(2, 1)
  const second = new Scene({}, { status, readyPods: 5, reachability: 'reachable' })
  t.match(second.autoscaler.status, status)
  t.match(second.tick(), { scale: null, isPanicking: true, status: { desiredScale: 1 } })
  second.record(1)
  t.match(second.tick(), { scale: 5, why: { advice: { reasons: { rule: 'panic-mode' } } } })
})

t.test('other settings hold at once', async (t) => {
  const scene = new Scene()
  scene.pods(1)
  scene.run(2, 0)
  t.match(scene.autoscaler.update(scalingWith({ minScale: 3 }), scene.now), { scale: 3 })
  t.equal(scene.autoscaler.scaling.minScale, 3)
  scene.run(4, 500)
  t.match(scene.tick(), { why: { advice: { reasons: { stableValue: 333.333333 } } } })
  scene.autoscaler.update(scalingWith({ stableWindowMs: 6000 }), scene.now)
  scene.run(2, 500)
  t.match(scene.tick(), { why: { advice: { reasons: { stableValue: 500 } } } })
})
