import fc from 'fast-check'
import t from 'tap'
import type {
  PlatformEvents,
  RevisionEndpoints,
  RevisionName,
  RevisionSpec,
  ScalingState,
} from '../../src/platform.ts'
import { LocalService } from '../../src/local/local-service.ts'
import { settle } from '../support/fake-clock.ts'
import { FakeMachine, manifest, template } from '../support/fake-machine.ts'

/** What a revision is like for the activator. */
interface Known {
  endpoints: RevisionEndpoints
  scaling: ScalingState | null
  trouble: string
}

/** The activator's side, which complains about what may not be. */
class Activator implements PlatformEvents {
  readonly revisions = new Map<string, Known>()

  onRevision({ name }: RevisionSpec): void {
    if (this.revisions.has(name)) throw new Error(`${name} was told twice`)
    const endpoints = { ready: [], notReady: [], clusterAddress: '' }
    this.revisions.set(name, { endpoints, scaling: null, trouble: '' })
  }

  onRevisionGone({ name }: RevisionName): void {
    const known = this.#of(name)
    if (known.endpoints.ready.length > 0) throw new Error(`${name} is gone and has instances`)
    this.revisions.delete(name)
  }

  onEndpoints({ name }: RevisionName, endpoints: RevisionEndpoints): void {
    const all = [...endpoints.ready, ...endpoints.notReady]
    if (new Set(all).size < all.length) throw new Error(`${all.join()} has one twice`)
    this.#of(name).endpoints = endpoints
  }

  onScaling({ name }: RevisionName, scaling: ScalingState): void {
    this.#of(name).scaling = scaling
  }

  onTrouble({ name }: RevisionName, reason: string): void {
    this.#of(name).trouble = reason
  }

  #of(name: string): Known {
    const known = this.revisions.get(name)
    if (known === undefined) throw new Error(`${name} was not told`)
    return known
  }

  onPeers(): void {}
  onRoutes(): void {}
  onNamespaces(): void {}
  onConnection(): void {}
}

interface Scene {
  readonly machine: FakeMachine
  readonly activator: Activator
  readonly service: LocalService
  /** Revision and percent of each target of the route as it was told last. */
  readonly route: () => string
  /** Seconds pass; `load` is told as the concurrency of the revision it names. */
  readonly seconds: (count: number, load?: Record<string, number>) => Promise<void>
}

function scene(): Scene {
  const machine = new FakeMachine()
  const activator = new Activator()
  let told = ''
  const service: LocalService = new LocalService('default', 'hello', {
    machine,
    events: activator,
    owner: {
      onRoute() {
        const targets = service.route(false)?.traffic ?? []
        for (const { revision } of targets)
          if (!activator.revisions.has(revision))
            throw new Error(`a route leads to ${revision}, which is not there`)
        told = targets.map(({ revision, percent }) => `${revision}=${percent}`).join(' ')
      },
      onActive() {},
    },
  })
  return {
    machine,
    activator,
    service,
    route: () => told,
    async seconds(count, load = {}) {
      for (let i = 0; i < count; i++) {
        machine.clock.pass(1000)
        for (const [name, averageConcurrency] of Object.entries(load))
          service.find(name)?.report({ namespace: 'default', name, averageConcurrency, requestCount: 1 })
        service.second()
        await settle()
      }
    },
  }
}

t.test('nothing is started until somebody asks', async (t) => {
  const { machine, service, route } = scene()
  service.apply([manifest(template('a'))])
  await settle()
  t.equal(route(), 'hello-00001=100')
  t.equal(machine.run.length, 0)
  t.notOk(service.second(), 'and nothing has to be done')
})

t.test('a request starts an instance: its app and its sidecar side by side', async (t) => {
  const { machine, activator, service } = scene()
  service.apply([manifest(template('a'))])
  service.find('hello-00001')!.wake()
  await settle()
  t.strictSame(
    machine.run.map(({ spec }) => spec.command),
    [['a'], [process.execPath, 'queue-proxy']],
  )
  const known = activator.revisions.get('hello-00001')!
  t.match(known.scaling, { wanted: 1, instances: [{ state: 'starting', address: '', startedAt: null }] })
  const [app, sidecar] = machine.run
  app.begin(machine.clock.now())
  t.match(known.scaling, { instances: [{ startedAt: machine.clock.now() }] })
  sidecar.begin(machine.clock.now())
  t.match(known.scaling, { instances: [{ address: '127.0.0.1:20002', state: 'starting' }] })
  t.strictSame(known.endpoints, { ready: [], notReady: [], clusterAddress: '' }, 'nobody is to use it yet')
  sidecar.announce({ ready: true, listeningMs: 20, readyMs: 5 })
  t.match(known.scaling, {
    instances: [{ listeningAt: machine.clock.now() - 20, readyAt: machine.clock.now() - 5 }],
  })
  machine.healths[0].events.onReady()
  t.strictSame(known.endpoints, { ready: ['127.0.0.1:20002'], notReady: [], clusterAddress: '' })
  machine.healths[0].events.onNotReady('it is busy')
  t.strictSame(known.endpoints.notReady, ['127.0.0.1:20002'])
})

t.test('an instance that is not needed is hidden, then its sidecar ends, then its app', async (t) => {
  const { machine, activator, service, seconds } = scene()
  service.apply([manifest(template('a', { window: '6s' }))])
  service.find('hello-00001')!.wake()
  await settle()
  machine.becomeReady()
  const [app, sidecar] = machine.run
  for (let i = 0; i < 60 && !sidecar.isStopped; i++) await seconds(1)
  t.strictSame(activator.revisions.get('hello-00001')!.endpoints.ready, [])
  t.notOk(app.isStopped, 'its last requests may still run')
  sidecar.end({})
  await settle()
  t.ok(app.isStopped)
  app.end({})
  await settle()
  t.equal(machine.instances, 0)
  t.equal(machine.portsTaken.size, 0)
})

t.test('a new revision takes over when it is ready, and the old one drains', async (t) => {
  const { machine, activator, service, route, seconds } = scene()
  service.apply([manifest(template('a'))])
  service.find('hello-00001')!.wake()
  await settle()
  machine.becomeReady()
  service.apply([manifest(template('b'))])
  await seconds(3, { 'hello-00001': 1 })
  t.equal(route(), 'hello-00001=100', 'it is not ready yet')
  machine.becomeReady()
  t.equal(route(), 'hello-00002=100')
  await seconds(5, { 'hello-00001': 1 })
  t.notOk(machine.run[0].isStopped || machine.run[1].isStopped, 'the old one has a request')
  await seconds(3)
  t.ok(machine.run[1].isStopped)
  machine.endStopped()
  await settle()
  machine.endStopped()
  await settle()
  await seconds(1)
  t.strictSame([...activator.revisions.keys()], ['hello-00002'])
})

t.test('a new revision that cannot be started leaves the old one in place', async (t) => {
  const { machine, activator, service, route } = scene()
  service.apply([manifest(template('a'))])
  service.find('hello-00001')!.wake()
  await settle()
  machine.becomeReady()
  service.apply([manifest(template('b'))])
  await settle()
  const bad = machine.run.find(({ spec }) => spec.command[0] === 'b')!
  bad.end({ code: null, failure: 'the command "b" was not found' })
  await settle()
  t.equal(route(), 'hello-00001=100')
  t.match(activator.revisions.get('hello-00002')!.trouble, /^hello-00002 cannot be started: the command "b"/)
  t.ok(machine.log.lines.some(({ message }) => message.includes('hello-00001 stays in place')))
  service.apply([manifest(template('c'))])
  await settle()
  machine.becomeReady()
  t.equal(route(), 'hello-00003=100')
})

t.test('without instances a new revision takes over at once', async (t) => {
  const { machine, service, route } = scene()
  service.apply([manifest(template('a'))])
  service.apply([manifest(template('b'))])
  t.equal(route(), 'hello-00002=100')
  t.equal(machine.run.length, 0)
})

t.test('traffic may name revisions, also one that left the file', async (t) => {
  const { service, route } = scene()
  service.apply([manifest(template('a'))])
  const both = [{ revision: 'hello-00001', percent: 90 }, { percent: 10 }]
  service.apply([manifest(template('b'), both)])
  t.equal(route(), 'hello-00001=90 hello-00002=10')
})

t.test('what crashes is tried again at once, then with pauses, and those who wait are told', async (t) => {
  const { machine, activator, service, seconds } = scene()
  service.apply([manifest(template('a'))])
  const revision = service.find('hello-00001')!
  revision.wake()
  await settle()
  const crash = async (): Promise<void> => {
    for (const one of machine.running) if (!one.isSidecar) one.end({ code: 7 })
    await settle()
    machine.endStopped()
    await settle()
    machine.endStopped()
    await settle()
  }
  await crash()
  t.equal(activator.revisions.get('hello-00001')!.trouble, '')
  t.equal(machine.running.length, 2, 'another one starts')
  await crash()
  t.equal(
    activator.revisions.get('hello-00001')!.trouble,
    'hello-00001 cannot be started: its process ended with exit code 7 before it was ready',
  )
  t.equal(machine.running.length, 0)
  await seconds(1)
  t.equal(activator.revisions.get('hello-00001')!.trouble, '', 'who comes now waits for another try')
  t.equal(machine.running.length, 2)
  machine.becomeReady()
  t.match(activator.revisions.get('hello-00001')!.scaling, { instances: [{ state: 'ready' }] })
})

t.test('a minimum is kept, and an instance that is not healthy is replaced', async (t) => {
  const { machine, service } = scene()
  service.apply([manifest(template('a', { 'min-scale': '2' }))])
  await settle()
  t.equal(machine.running.length, 4)
  machine.becomeReady()
  machine.healths[0].events.onUnhealthy('user-container', 'GET /live was answered with 500')
  await settle()
  t.equal(machine.running.length, 5, 'its app is still there, its sidecar ends, and two have come')
  t.ok(
    machine.log.lines.some(({ message }) =>
      message.includes('it is not healthy: GET /live was answered with 500'),
    ),
  )
})

t.test('an instance has its time to become ready, and no more', async (t) => {
  const { machine, service } = scene()
  service.apply([manifest(template('a'))])
  service.find('hello-00001')!.wake()
  await settle()
  machine.clock.pass(600_000)
  await settle()
  t.ok(machine.run[1].isStopped)
  t.ok(machine.log.lines.some(({ message }) => message.includes('it was not ready within 600 s')))
})

t.test('no more instances are started than there may be', async (t) => {
  const { machine, service, seconds } = scene()
  machine.instancesMax = 2
  service.apply([manifest(template('a', { 'min-scale': '3' }))])
  await settle()
  t.equal(machine.instances, 2)
  t.strictSame(machine.full, ['hello-00001'])
  machine.instancesMax = 3
  await seconds(1)
  t.equal(machine.instances, 3)
})

t.test('a service that was removed ends when its requests have', async (t) => {
  const { machine, activator, service, route, seconds } = scene()
  service.apply([manifest(template('a', { 'min-scale': '1' }))])
  await settle()
  machine.becomeReady()
  service.remove()
  t.equal(route(), '')
  await seconds(4)
  machine.endStopped()
  await settle()
  machine.endStopped()
  await settle()
  await seconds(1)
  t.ok(service.isOver)
  t.equal(activator.revisions.size, 0)
})

/** One thing that may happen. */
type Step = (scene: Scene) => unknown

const STEPS: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ version: fc.nat(4), minScale: fc.nat(2) }).map(
    ({ version, minScale }): Step =>
      ({ service }) =>
        service.apply([manifest(template(`v${version}`, { 'min-scale': String(minScale) }))]),
  ),
  fc.constant<Step>(({ service, route }) => service.find(current(route))?.wake()),
  fc.constant<Step>(({ machine }) => machine.becomeReady()),
  fc.constant<Step>(({ machine }) => machine.endStopped()),
  fc.constant<Step>(({ service }) => service.remove()),
  fc.record({ which: fc.nat(10), isFinal: fc.boolean() }).map(
    ({ which, isFinal }): Step =>
      ({ machine }) =>
        machine.running[which]?.end(isFinal ? { failure: 'not found' } : { code: 1 }),
  ),
  fc.nat(10).map((which): Step => ({ machine }) => {
    const health = machine.healths[which]
    if (health !== undefined && !health.isClosed) health.events.onUnhealthy('c', 'dead')
  }),
  fc.record({ concurrency: fc.nat(300), count: fc.integer({ min: 1, max: 5 }) }).map(
    ({ concurrency, count }): Step =>
      ({ seconds, route }) =>
        seconds(count, { [current(route)]: concurrency }),
  ),
  fc.integer({ min: 1, max: 40 }).map(
    (count): Step =>
      ({ seconds }) =>
        seconds(count),
  ),
)

function current(route: () => string): string {
  return route().split('=')[0]
}

t.test('whatever happens, in whatever order: nothing is left behind, and it goes on working', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEPS, { maxLength: 40, size: 'max' }), async (steps) => {
      const all = scene()
      all.service.apply([manifest(template('v'))])
      for (const step of steps) {
        await step(all)
        await settle()
        checkCounts(all.machine, all.activator)
      }
      await ends(all)
    }),
    { numRuns: 60 },
  )
})

function checkCounts(machine: FakeMachine, { revisions }: Activator): void {
  let told = 0
  for (const { scaling, endpoints } of revisions.values()) {
    const instances = scaling?.instances ?? []
    told += instances.length
    const usable = instances.filter(({ state }) => state === 'ready' || state === 'not-ready')
    const listed = endpoints.ready.length + endpoints.notReady.length
    if (usable.length !== listed) throw new Error(`${listed} endpoints of ${usable.length} instances`)
  }
  if (told !== machine.instances) throw new Error(`${told} instances are told, ${machine.instances} counted`)
  if (machine.instances > machine.instancesMax) throw new Error('more instances than there may be')
}

/** Without requests and without a minimum everything ends; and then a request brings it back. */
async function ends({ machine, activator, service, seconds }: Scene): Promise<void> {
  service.apply([manifest(template('last'))])
  const finish = async (): Promise<void> => {
    machine.becomeReady()
    await seconds(1)
    machine.endStopped()
    await settle()
    machine.endStopped()
    await settle()
  }
  for (let i = 0; i < 400 && (machine.instances > 0 || activator.revisions.size > 1); i++) await finish()
  if (machine.instances > 0) throw new Error('instances are left')
  if (machine.portsTaken.size > 0) throw new Error('ports are left')
  const names = [...activator.revisions.keys()]
  if (names.length !== 1) throw new Error(`${names.join()} are left`)
  service.find(names[0])!.wake()
  await settle()
  machine.becomeReady()
  if (activator.revisions.get(names[0])!.endpoints.ready.length !== 1)
    throw new Error('a request brings nobody')
}
