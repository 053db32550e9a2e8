import type { StatusReport } from '@pilotlight/telemetry'
import t, { type Test } from 'tap'
import { HELLO } from '../support/told-platform.ts'
import { Scene, send } from '../support/scene.ts'
import { ScriptedSidecar } from '../support/sidecar.ts'
import { until, within } from '../support/within.ts'
import { EventStream } from './event-stream.ts'

const ADMIN = { ACTIVATOR_ADMIN_PORT: '0', ACTIVATOR_ADMIN_PAGE: 'false' }
const WATCHERS_MAX = 16

function held({ revisions }: StatusReport): number {
  return revisions[0].held
}

/** Tries until it may watch. */
async function firstWatch(t: Test, port: number): Promise<void> {
  for (;;) {
    const { response } = await EventStream.open(t, port)
    if (response.statusCode === 200) return
  }
}

t.test('whoever watches is told what is, and then what changes', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const { admin } = scene.activator.ports
  const stream = await EventStream.open(t, admin)
  t.equal(stream.response.headers['content-type'], 'text/event-stream')
  t.equal(stream.response.headers['cache-control'], 'no-store')
  const first = await stream.status('the first status', () => true)
  t.match(first, { version: 1, revisions: [{ name: 'hello-00001', state: 'zero', held: 0 }] })

  const sidecar = await ScriptedSidecar.start(t, null)
  const requests = [scene.send(), scene.send(), scene.send()]
  await stream.status('they wait', (report) => held(report) === 3)
  scene.instances(sidecar.address)
  for (const count of [1, 2, 3]) (await sidecar.receives(count)).response.end('ok')
  for (const { answer } of requests) await answer
  const over = await stream.status(
    'they are over',
    ({ revisions }) => (revisions[0].latency?.count ?? 0) === 3,
  )
  t.match(over.revisions[0], { state: 'ready', held: 0, running: 0 })
  t.match(stream.coldStarts, [{ outcome: 'served', requests: 3 }])
})

t.test('many changes within a second are told at once', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const stream = await EventStream.open(t, scene.activator.ports['admin'])
  await stream.status('the first status', () => true)
  const { events } = scene.platform
  for (let wanted = 1; wanted <= 500; wanted++)
    events.onScaling(HELLO, { wanted, isPanicking: false, instances: [] })
  await stream.status('the last change', ({ revisions }) => revisions[0].wanted === 500)
  t.equal(stream.statuses.length, 2)
})

t.test('who comes later is told at once, and all of what changes', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const early = await EventStream.open(t, scene.activator.ports['admin'])
  scene.platform.events.onTrouble(HELLO, 'no such program')
  const late = await EventStream.open(t, scene.activator.ports['admin'])
  await until('the first status', () => late.statuses.length > 0)
  t.equal(late.statuses[0].revisions[0].state, 'trouble')
  await early.status('the change', ({ revisions }) => revisions[0].state === 'trouble')
})

t.test('only so many may watch', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const { admin } = scene.activator.ports
  const streams: EventStream[] = []
  for (let i = 0; i < WATCHERS_MAX; i++) streams.push(await EventStream.open(t, admin))
  const refused = await send(admin, { path: '/events' }).answer
  t.equal(refused.status, 503)
  t.strictSame(JSON.parse(refused.body), { message: '16 clients watch already: one has to leave first' })
  t.equal((await send(admin, { path: '/status' }).answer).status, 200, 'the rest goes on')
  streams[0].response.destroy()
  await within('its place is free', firstWatch(t, admin))
})

t.test('they may watch until the end, and are told of it', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const scene = await Scene.start(t, { env: ADMIN })
  const stream = await EventStream.open(t, scene.activator.ports['admin'])
  scene.instances(sidecar.address)
  const request = scene.send()
  const arrived = await sidecar.receives(1)
  const over = scene.activator.shutdown()
  await stream.status('the end begins', ({ activator }) => !activator.isReady)
  t.notOk(stream.isEnded)
  arrived.response.end('done')
  await request.answer
  await within('the activator ends', over)
  await until('the stream ends', () => stream.isEnded)
  t.ok(stream.response.complete)
})
