import type { RevisionStatus, StatusReport } from '@pilotlight/telemetry'
import t from 'tap'
import { HELLO } from '../support/told-platform.ts'
import { Scene, send } from '../support/scene.ts'
import { answering, ScriptedSidecar } from '../support/sidecar.ts'
import { until } from '../support/within.ts'

const ADMIN = { ACTIVATOR_ADMIN_PORT: '0', ACTIVATOR_ADMIN_PAGE: 'false' }

async function statusOf(scene: Scene): Promise<StatusReport> {
  const { body } = await send(scene.activator.ports['admin'], { path: '/status' }).answer
  return JSON.parse(body) as StatusReport
}

async function revisionOf(scene: Scene): Promise<RevisionStatus> {
  const { revisions } = await statusOf(scene)
  return revisions.find(({ name }) => name === scene.spec.name)!
}

t.test('an activator that nobody asked anything', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const report = await statusOf(scene)
  t.match(report, {
    version: 1,
    activator: {
      version: '0.1.0',
      pid: process.pid,
      platform: 'told',
      isReady: true,
      isConnected: true,
      held: 0,
      heldBytes: 0,
      running: 0,
      eventLoopDelay: { p50: 0, p99: 0, max: 0 },
    },
    coldStarts: [],
  })
  t.ok(report.activator.rssBytes > 1e6)
  t.ok(Date.parse(report.activator.startedAt) < Date.parse(report.at))
  t.strictSame(report.revisions, [
    {
      namespace: 'default',
      name: 'hello-00001',
      service: 'hello',
      state: 'zero',
      trouble: '',
      routes: [],
      containerConcurrency: 0,
      wanted: null,
      isPanicking: false,
      instances: [],
      held: 0,
      heldBytes: 0,
      oldestHeldMs: 0,
      running: 0,
      requestsPerSecond: 0,
      errorsPerSecond: 0,
      latency: null,
      lastColdStart: null,
    },
  ])
})

t.test('requests that wait, run and are over are counted where they are', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN, spec: { containerConcurrency: 1 } })
  const first = scene.send({ body: 'four' })
  await until('the first waits', () => scene.activator.held === 1)
  const waiting = await revisionOf(scene)
  t.match(waiting, { state: 'starting', held: 1, heldBytes: 4, running: 0, instances: [] })

  const sidecar = await ScriptedSidecar.start(t, null)
  scene.instances(sidecar.address)
  const arrived = await sidecar.receives(1)
  const second = scene.send()
  await until('the second waits', () => scene.activator.held === 1)
  const running = await revisionOf(scene)
  t.match(running, {
    state: 'ready',
    held: 1,
    running: 1,
    containerConcurrency: 1,
    latency: null,
    instances: [{ name: '', address: sidecar.address, state: 'ready', running: 1, slots: 1, ageMs: null }],
  })
  t.match((await statusOf(scene)).activator, { held: 1, running: 1 })

  arrived.response.end('done')
  await first.answer
  ;(await sidecar.receives(2)).response.writeHead(503).end()
  await second.answer
  await until('both are over', () => scene.activator.running === 0)
  const over = await revisionOf(scene)
  t.match(over, { state: 'ready', held: 0, running: 0, latency: { count: 2 } })
  t.ok(over.requestsPerSecond > 0.1 && over.requestsPerSecond <= 0.2, String(over.requestsPerSecond))
  t.ok(over.errorsPerSecond > 0 && over.errorsPerSecond <= 0.1, String(over.errorsPerSecond))
  t.ok(over.latency!.max >= over.latency!.p50)
})

t.test('the oldest request that waits says how long', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const waiting = scene.send()
  await until('it waits', () => scene.activator.held === 1)
  let oldest = 0
  while (oldest === 0) oldest = (await revisionOf(scene)).oldestHeldMs
  t.ok((await revisionOf(scene)).oldestHeldMs >= oldest)
  waiting.leave()
  await until('it is gone', () => scene.activator.held === 0)
  t.match(await revisionOf(scene), {
    state: 'zero',
    held: 0,
    oldestHeldMs: 0,
    errorsPerSecond: 0,
    latency: null,
  })
})

t.test('what the platform does stands beside what is known here', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, answering('ok'))
  const scene = await Scene.start(t, { env: ADMIN, spec: { containerConcurrency: 2 } })
  const { events } = scene.platform
  const facts = {
    address: '',
    state: 'starting',
    scheduledAt: 1,
    startedAt: null,
    listeningAt: null,
    readyAt: null,
  } as const
  events.onScaling(HELLO, { wanted: 2, isPanicking: true, instances: [{ ...facts, name: 'hello-00001-a' }] })
  t.match(await revisionOf(scene), {
    state: 'starting',
    wanted: 2,
    isPanicking: true,
    instances: [{ name: 'hello-00001-a', address: '', state: 'starting', running: 0, slots: 2, ageMs: null }],
  })
  events.onScaling(HELLO, {
    wanted: 1,
    isPanicking: false,
    instances: [
      {
        ...facts,
        name: 'hello-00001-a',
        address: sidecar.address,
        startedAt: 1,
        state: 'ready',
      },
      { ...facts, name: 'hello-00001-b', address: '127.0.0.1:1', state: 'ending' },
    ],
  })
  scene.instances(sidecar.address)
  await scene.send().answer
  const { instances, state } = await revisionOf(scene)
  t.equal(state, 'ready')
  t.match(instances, [
    { name: 'hello-00001-a', address: sidecar.address, state: 'ready', slots: 2 },
    { name: 'hello-00001-b', state: 'ending', ageMs: null },
  ])
  t.equal(instances.length, 2)
  t.ok(instances[0].ageMs! > 0)
})

t.test('trouble, and a lost control plane, are told', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  scene.platform.events.onTrouble(HELLO, 'no such program')
  scene.platform.events.onConnection(false, 'gone')
  t.match(await revisionOf(scene), { state: 'trouble', trouble: 'no such program' })
  t.match((await statusOf(scene)).activator, { isReady: false, isConnected: false })
})

t.test('refused requests are errors and take no time', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  scene.platform.events.onTrouble(HELLO, 'no such program')
  t.equal((await scene.send().answer).status, 503)
  const status = await revisionOf(scene)
  t.ok(status.errorsPerSecond > 0)
  t.equal(status.errorsPerSecond, status.requestsPerSecond)
  t.equal(status.latency, null)
})

t.test('a revision that is gone is there until its last request is over', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const scene = await Scene.start(t, { env: ADMIN })
  scene.instances(sidecar.address)
  const request = scene.send()
  const arrived = await sidecar.receives(1)
  scene.platform.events.onRevisionGone(HELLO)
  t.match(await revisionOf(scene), { state: 'ending', running: 1, routes: [] })
  arrived.response.end('done')
  await request.answer
  await until('it is over', () => scene.activator.running === 0)
  t.strictSame((await statusOf(scene)).revisions, [])
})

t.test('routes are told by revision, in the order of names', async (t) => {
  const scene = await Scene.start(t, {
    env: ADMIN,
    begin(events) {
      events.onRevision({ ...HELLO, name: 'a-00001' })
      events.onRoutes([
        {
          namespace: 'default',
          hosts: ['hello.default.localhost', '*'],
          traffic: [
            { revision: 'hello-00001', percent: 60, tag: '' },
            { revision: 'hello-00001', percent: 20, tag: 'blue' },
            { revision: 'a-00001', percent: 20, tag: '' },
            { revision: 'gone', percent: 0, tag: 'old' },
          ],
        },
      ])
    },
  })
  const { revisions } = await statusOf(scene)
  t.strictSame(
    revisions.map(({ name, routes }) => [name, routes]),
    [
      [
        'a-00001',
        [
          { host: 'hello.default.localhost', percent: 20, tag: '' },
          { host: '*', percent: 20, tag: '' },
        ],
      ],
      [
        'hello-00001',
        [
          { host: 'hello.default.localhost', percent: 80, tag: '' },
          { host: 'blue-hello.default.localhost', percent: 100, tag: 'blue' },
          { host: '*', percent: 80, tag: '' },
        ],
      ],
    ],
  )
})
