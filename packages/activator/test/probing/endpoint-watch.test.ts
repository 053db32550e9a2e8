import { deepEqual } from 'node:assert/strict'
import t, { type Test } from 'tap'
import { EndpointWatch, type MeshMode, type UsableInstances } from '../../src/probing/endpoint-watch.ts'
import { ProbeCrowd } from '../../src/probing/instance-probe.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeProbes, notReady, READY, READY_AT_ONCE, REFUSED, SILENT } from '../support/fake-probes.ts'

const A = '10.0.0.1:8012'
const B = '10.0.0.2:8012'
const CLUSTER = '10.1.0.1:80'
const PACE = { timeoutMs: 300, frequencyMs: 200, waitSeconds: 10 }

/** A watch and everything it says. */
class Scene {
  readonly clock = new FakeClock()
  readonly probes = new FakeProbes()
  readonly crowd = new ProbeCrowd()
  readonly recovered: string[] = []
  readonly watch: EndpointWatch
  usable: string[] = []
  cluster = ''
  readyCount = 0

  constructor(t: Test, mode: MeshMode = 'auto', waitSeconds = 10, passthroughHost = '') {
    const means = {
      client: this.probes,
      pace: { ...PACE, waitSeconds },
      clock: this.clock,
      crowd: this.crowd,
    }
    this.watch = new EndpointWatch({ mode, passthroughHost }, means, this)
    t.teardown(() => {
      this.watch.close()
      // The test has ended, and asserts no more; what is thrown here fails it.
      deepEqual([this.clock.waiting, this.probes.asked, this.crowd.size], [0, [], 0], 'nothing is left')
    })
  }

  onUsable({ instances, clusterAddress, readyCount }: UsableInstances): void {
    this.usable = [...instances.keys()].toSorted()
    this.cluster = clusterAddress
    this.readyCount = readyCount
  }

  onAnswered(): void {}

  onRecovered(address: string): void {
    this.recovered.push(address)
  }

  update(ready: string[], notReady: string[] = [], clusterAddress = '', mayUseEarly = true): void {
    this.watch.update({ ready, notReady, clusterAddress }, mayUseEarly)
  }
}

t.test('an instance is used once it answers its probe, ready for the platform or not', async (t) => {
  const scene = new Scene(t)
  scene.update([A], [B])
  t.strictSame(scene.usable, [])
  scene.probes.answer(B, READY)
  t.strictSame(scene.usable, [B])
  scene.probes.answer(A, READY_AT_ONCE)
  t.strictSame(scene.usable, [A, B])
  t.strictSame(scene.probes.asked, [], 'who answered is not asked again')
})

t.test('a sidecar is asked to wait, and one that has waited in vain is asked again at once', async (t) => {
  const scene = new Scene(t)
  scene.update([], [A])
  t.equal(scene.probes.sent[0].request.waitSeconds, 10)
  scene.probes.answer(A, notReady(503, true))
  scene.clock.pass(5)
  t.strictSame(scene.probes.asked, [A])
})

t.test('a sidecar that does not wait is asked at the pace of Knative', async (t) => {
  const scene = new Scene(t)
  scene.update([], [A])
  for (let i = 0; i < 5; i++) {
    scene.probes.answer(A, notReady(503))
    scene.clock.pass(199)
    t.strictSame(scene.probes.asked, [])
    scene.clock.pass(1)
    t.strictSame(scene.probes.asked, [A])
  }
})

t.test('while nobody listens it is asked often at first and more seldom later', async (t) => {
  const scene = new Scene(t)
  scene.update([], [A])
  scene.probes.answer(A, REFUSED)
  scene.clock.pass(5)
  t.strictSame(scene.probes.asked, [A])
  scene.clock.pass(3_000)
  scene.probes.answer(A, REFUSED)
  scene.clock.pass(49)
  t.strictSame(scene.probes.asked, [])
  scene.clock.pass(1)
  t.strictSame(scene.probes.asked, [A])
  scene.clock.pass(60_000)
  scene.probes.answer(A, REFUSED)
  scene.clock.pass(199)
  t.strictSame(scene.probes.asked, [])
  scene.clock.pass(1)
  t.strictSame(scene.probes.asked, [A])
})

t.test('one instance that is slow makes no other wait', async (t) => {
  const scene = new Scene(t)
  scene.update([], [A, B])
  scene.clock.pass(5_000)
  scene.probes.answer(B, READY)
  t.strictSame(scene.usable, [B])
})

t.test(
  'an instance that only the platform can judge is used once it says so and the probe too',
  async (t) => {
    const scene = new Scene(t)
    scene.update([], [A], '', false)
    scene.probes.answer(A, READY)
    t.strictSame(scene.usable, [])
    scene.update([A], [], '', false)
    scene.clock.pass(200)
    scene.probes.answer(A, READY)
    t.strictSame(scene.usable, [A])
  },
)

t.test(
  'an instance that the platform calls not ready any more is asked again before it is used',
  async (t) => {
    const scene = new Scene(t)
    scene.update([A, B])
    scene.probes.answer(A, READY)
    scene.probes.answer(B, READY)
    scene.update([B], [A])
    t.strictSame([scene.usable, scene.probes.asked], [[B], [A]])
    scene.probes.answer(A, READY)
    t.strictSame(scene.usable, [A, B])
  },
)

t.test('what is usable is not probed again by an update that says nothing new', async (t) => {
  const scene = new Scene(t)
  scene.update([A])
  scene.probes.answer(A, READY)
  scene.update([A])
  scene.update([A], [], CLUSTER)
  t.strictSame([scene.usable, scene.probes.sent.length], [[A], 1])
})

t.test('what the platform does not name any more is not used and not probed', async (t) => {
  const scene = new Scene(t)
  scene.update([A], [B])
  scene.probes.answer(A, READY)
  scene.update([], [])
  t.strictSame([scene.usable, scene.probes.asked, scene.clock.waiting], [[], [], 0])
})

t.test('an instance that could not be reached is asked until it answers, and stays usable', async (t) => {
  const scene = new Scene(t)
  scene.update([A])
  scene.probes.answer(A, READY)
  scene.watch.recheck(A)
  scene.watch.recheck(A)
  t.strictSame(scene.probes.asked, [A], 'once')
  scene.probes.answer(A, REFUSED)
  t.strictSame(scene.usable, [A])
  scene.clock.pass(5)
  scene.probes.answer(A, READY)
  t.strictSame([scene.usable, scene.recovered], [[A], [A]])
  scene.watch.recheck(B)
  t.strictSame(scene.probes.asked, [], 'who is not known is not asked')
})

t.test('the cluster address is used when no instance can be reached', async (t) => {
  const scene = new Scene(t)
  scene.update([A], [B], CLUSTER)
  scene.probes.answer(A, SILENT)
  t.notOk(scene.probes.asked.includes(CLUSTER), 'not before all were asked')
  scene.probes.answer(B, notReady(503))
  t.ok(scene.probes.asked.includes(CLUSTER))
  scene.probes.answer(CLUSTER, READY)
  t.strictSame([scene.usable, scene.cluster, scene.readyCount], [[], CLUSTER, 1])
  scene.update([A, B], [], CLUSTER)
  t.strictSame([scene.cluster, scene.readyCount], [CLUSTER, 2], 'and counts what the platform calls ready')
})

t.test('the cluster address is tried when instances keep silent while they are asked to wait', async (t) => {
  const scene = new Scene(t)
  scene.update([A], [], CLUSTER)
  scene.clock.pass(300)
  t.strictSame(scene.probes.asked, [A, CLUSTER])
  scene.probes.answer(A, READY)
  t.strictSame(
    [scene.usable, scene.cluster, scene.probes.asked],
    [[A], '', []],
    'and left alone once one answers',
  )
})

t.test('an answer that no mesh makes keeps the cluster address out of it', async (t) => {
  for (const status of [404, 500, 200]) {
    const scene = new Scene(t)
    scene.update([A], [], CLUSTER)
    scene.probes.answer(A, notReady(status))
    scene.clock.pass(10_000)
    t.notOk(
      scene.probes.sent.some(({ request }) => request.address === CLUSTER),
      `${status}`,
    )
  }
})

t.test('instances are tried again while the cluster address is used', async (t) => {
  const scene = new Scene(t)
  scene.update([A], [], CLUSTER)
  scene.probes.answer(A, SILENT)
  scene.probes.answer(CLUSTER, READY)
  t.strictSame(scene.probes.asked, [])
  scene.clock.pass(10_000)
  t.strictSame([scene.probes.asked, scene.cluster], [[A], CLUSTER])
  scene.probes.answer(A, READY)
  t.strictSame([scene.usable, scene.cluster], [[A], ''])
})

t.test('with a mesh for certain only the cluster address is asked', async (t) => {
  const scene = new Scene(t, 'enabled')
  scene.update([A], [], CLUSTER)
  t.strictSame(scene.probes.asked, [CLUSTER])
  scene.probes.answer(CLUSTER, READY)
  t.equal(scene.cluster, CLUSTER)
  scene.clock.pass(60_000)
  t.strictSame(scene.probes.asked, [])
  scene.update([A], [], '10.1.0.2:80')
  t.strictSame([scene.cluster, scene.probes.asked], ['', ['10.1.0.2:80']], 'a new one is asked anew')
})

t.test(
  'without a mesh for certain the platform is believed, and the cluster address never used',
  async (t) => {
    const scene = new Scene(t, 'disabled')
    scene.update([A], [B], CLUSTER)
    t.strictSame([scene.usable, scene.probes.asked], [[A], [B]])
    scene.update([], [B], CLUSTER)
    scene.probes.answer(B, SILENT)
    scene.clock.pass(10_000)
    t.notOk(scene.probes.asked.includes(CLUSTER))
  },
)

t.test('through a mesh that shows single instances, probes name the private service', async (t) => {
  const scene = new Scene(t, 'passthrough', 0, 'hello-private.default')
  scene.update([A], [], CLUSTER)
  t.strictSame(scene.probes.sent[0].request, {
    address: A,
    host: 'hello-private.default',
    waitSeconds: 0,
    timeoutMs: 300,
  })
  scene.probes.answer(A, SILENT)
  scene.clock.pass(10_000)
  t.notOk(scene.probes.asked.includes(CLUSTER), 'and the cluster address is never used')
})
