import { monotonicNow } from '@pilotlight/relay'
import { coldStartPhases } from '@pilotlight/telemetry'
import t from 'tap'
import { Scene } from '../support/scene.ts'
import { answering, ScriptedSidecar } from '../support/sidecar.ts'
import { ADMIN, field, logOf, records, startInstance, timeline, woken } from './scenery.ts'

const TIMED = { ...ADMIN, ACTIVATOR_SERVER_TIMING: 'true' }

t.test(
  'a cold start is recorded with all its steps, and every request that waited with its own',
  async (t) => {
    const { log, lines } = logOf(t)
    const scene = await Scene.start(t, { env: TIMED, log })
    const sidecar = await ScriptedSidecar.start(t)
    sidecar.isReady = false
    sidecar.ages = 'listening=2, ready=1'
    const first = scene.send({ headers: { 'X-Request-Id': 'first' } })
    await woken(scene)
    const second = scene.send({ headers: { 'X-Request-Id': 'second' } })
    startInstance(scene, sidecar)
    sidecar.becomesReady()
    const answers = await Promise.all([first.answer, second.answer])
    t.strictSame(
      answers.map((answer) => field(answer, 'x-request-id')),
      ['first', 'second'],
    )
    const [record, ...others] = await records(scene)
    t.equal(others.length, 0)
    t.match(record, {
      namespace: 'default',
      revision: 'hello-00001',
      instance: 'hello-00001-x7k2p',
      requestId: 'first',
      outcome: 'served',
      reason: '',
      requests: 2,
    })
    const { steps, totalMs } = record
    const times = Object.values(steps) as number[]
    t.ok(
      times.every((at) => at !== null),
      'every step is known',
    )
    t.strictSame(
      times,
      times.toSorted((a, b) => a - b),
      'in their order',
    )
    t.equal(totalMs, steps['first-byte'])
    for (const id of ['first', 'second']) {
      const own = await timeline(scene, id)
      t.match(own, { requestId: id, status: 200, instance: 'hello-00001-x7k2p', coldStart: record })
      t.ok(own.dispatchedMs! >= steps.ready! && own.firstByteMs! >= own.dispatchedMs!)
      t.ok(own.arrivedMs <= own.dispatchedMs! && own.doneMs! >= own.firstByteMs!)
    }
    const line = lines().find(({ message }) => message === 'Cold start')
    t.match(line, {
      severity: 'INFO',
      'knative.dev/key': 'default/hello-00001',
      coldStart: record.id,
      outcome: 'served',
      instance: 'hello-00001-x7k2p',
      requestId: 'first',
      requests: 2,
      totalMs,
    })
    t.strictSame(
      Object.keys(line!['phases'] as object),
      coldStartPhases(record).map(({ phase }) => phase),
    )
  },
)

t.test('Server-Timing says what the wait was made of, beside what the app says', async (t) => {
  const scene = await Scene.start(t, { env: TIMED })
  const sidecar = await ScriptedSidecar.start(t, ({ response }) => {
    response.setHeader('Server-Timing', 'db;dur=5')
    response.end()
  })
  const pending = scene.send()
  await woken(scene)
  startInstance(scene, sidecar)
  const timing = field(await pending.answer, 'server-timing')
  t.ok(timing.startsWith('db;dur=5, queued;dur='), timing)
  const own = [...timing.matchAll(/(\w+);dur=([\d.]+)(;desc="cold start")?/g)].slice(1)
  const durations = new Map(own.map(([, name, ms]) => [name, Number(ms)]))
  t.ok(own[0][3], 'what it is about')
  const whole = durations.get('queued')!
  durations.delete('queued')
  const sum = [...durations.values()].reduce((a, b) => a + b, 0)
  t.ok(Math.abs(sum - whole) < 0.1 * durations.size + 0.1, `${sum} of ${whole}`)
  for (const name of durations.keys())
    t.ok(['wake', 'schedule', 'start', 'listen', 'ready', 'dispatch'].includes(name), name)
  t.ok(durations.has('dispatch') || whole === 0)

  const warm = await scene.send().answer
  t.equal(field(warm, 'server-timing'), 'db;dur=5', 'who did not wait has none')
  t.equal(field(warm, 'x-request-id'), '', 'and no id')
})

t.test('without the setting there is no Server-Timing', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const sidecar = await ScriptedSidecar.start(t)
  const pending = scene.send()
  await woken(scene)
  scene.instances(sidecar.address)
  t.equal(field(await pending.answer, 'server-timing'), '')
})

t.test("a sidecar of Knative's and a platform that says nothing leave their steps unknown", async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const sidecar = await ScriptedSidecar.start(t)
  sidecar.waits = false
  const pending = scene.send()
  await woken(scene)
  scene.instances(sidecar.address)
  const answer = await pending.answer
  const [record] = await records(scene)
  t.match(record, {
    instance: sidecar.address,
    requestId: field(answer, 'x-request-id'),
    steps: { scheduled: null, 'process-started': null, listening: null },
  })
  t.ok(record.steps.ready! > 0, 'ready is when we saw it')
})

t.test(
  'when the app listened and was ready is taken from the platform where the sidecar does not say',
  async (t) => {
    const scene = await Scene.start(t, { env: ADMIN })
    const sidecar = await ScriptedSidecar.start(t)
    const pending = scene.send()
    await woken(scene)
    const now = monotonicNow()
    startInstance(scene, sidecar, { startedAt: now - 3, listeningAt: now - 2, readyAt: now - 1 })
    await pending.answer
    const [{ steps }] = await records(scene)
    t.ok(Math.abs(steps.listening! - steps['process-started']! - 1) < 0.01)
    t.ok(Math.abs(steps.ready! - steps['process-started']! - 2) < 0.01)
  },
)

t.test('an id that was made goes on to the instance and comes back', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const sidecar = await ScriptedSidecar.start(t)
  const pending = scene.send({ headers: { 'X-Request-Id': 'not sane' } })
  await woken(scene)
  scene.instances(sidecar.address)
  const id = field(await pending.answer, 'x-request-id')
  t.match(id, /^[0-9a-f]{16}-\w+$/)
  t.equal((await sidecar.receives()).request.headers['x-request-id'], id)
  t.equal((await timeline(scene, id)).requestId, id)
})

t.test('an app that names the request itself is not corrected', async (t) => {
  const scene = await Scene.start(t, { env: { ...ADMIN, ACTIVATOR_REQUEST_ID: 'all' } })
  const own = await ScriptedSidecar.start(t, ({ response }) => {
    response.setHeader('X-Request-Id', 'by the app')
    response.end()
  })
  scene.instances(own.address)
  t.equal(field(await scene.send().answer, 'x-request-id'), 'by the app')
})

t.test('all: every request has an id, and an untrusted one does not choose it', async (t) => {
  const env = { ...ADMIN, ACTIVATOR_REQUEST_ID: 'all' }
  const scene = await Scene.start(t, { env })
  const sidecar = await ScriptedSidecar.start(t)
  scene.instances(sidecar.address)
  const first = field(await scene.send().answer, 'x-request-id')
  const second = field(await scene.send().answer, 'x-request-id')
  t.notSame(first, '')
  t.not(first, second)
  t.equal((await sidecar.receives(2)).request.headers['x-request-id'], second)

  const wary = await Scene.start(t, {
    env: { ...env, ACTIVATOR_TRUSTED_PEERS: '10.0.0.0/8' },
    begin: (events) =>
      events.onRoutes([
        { namespace: 'default', hosts: ['*'], traffic: [{ revision: 'hello-00001', percent: 100, tag: '' }] },
      ]),
  })
  const other = await ScriptedSidecar.start(t, answering('ok'))
  wary.instances(other.address)
  const id = field(await wary.send({ headers: { 'X-Request-Id': 'mine' } }).answer, 'x-request-id')
  t.notOk(['', 'mine'].includes(id))
  t.equal((await other.receives()).request.headers['x-request-id'], id)
})

t.test('off: neither side sees an id, and the cold start has one all the same', async (t) => {
  const scene = await Scene.start(t, { env: { ...ADMIN, ACTIVATOR_REQUEST_ID: 'off' } })
  const sidecar = await ScriptedSidecar.start(t)
  const pending = scene.send()
  await woken(scene)
  scene.instances(sidecar.address)
  t.equal(field(await pending.answer, 'x-request-id'), '')
  t.equal((await sidecar.receives()).request.headers['x-request-id'], undefined)
  const [{ requestId }] = await records(scene)
  t.equal((await timeline(scene, requestId)).status, 200)
})
