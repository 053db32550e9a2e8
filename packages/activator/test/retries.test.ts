import t from 'tap'
import { Scene } from './support/scene.ts'
import { answering, ScriptedSidecar } from './support/sidecar.ts'
import { until } from './support/within.ts'

t.test('an instance that refuses connections costs its requests nothing but time', async (t) => {
  const [dead, alive] = [await ScriptedSidecar.start(t), await ScriptedSidecar.start(t)]
  const scene = await Scene.start(t, { env: { ACTIVATOR_POLICY: 'round-robin' } })
  scene.instances(dead.address, alive.address)
  await until('both answer their probes', () => dead.probes > 0 && alive.probes > 0)
  await scene.send().answer
  await dead.dies()
  for (let i = 0; i < 10; i++) {
    const answer = await scene.send({ body: 'x', method: 'POST' }).answer
    t.strictSame([answer.status, answer.body], [200, 'ok'])
  }
})

t.test('an instance that died and comes back is used again once it answers a probe', async (t) => {
  const one = await ScriptedSidecar.start(t)
  const two = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t, { env: { ACTIVATOR_POLICY: 'round-robin' } })
  scene.instances(one.address, two.address)
  await until('both answer their probes', () => one.probes > 0 && two.probes > 0)
  await one.dies()
  for (let i = 0; i < 4; i++) t.equal((await scene.send().answer).status, 200)
  const back = await ScriptedSidecar.start(t, answering('back'), one.port)
  await until('it is probed', () => back.probes > 0)
  const bodies = new Set<string>()
  for (let i = 0; i < 4; i++) bodies.add((await scene.send().answer).body)
  t.ok(bodies.has('back'))
})

t.test('the last instance is never given up: its requests wait until it is back', async (t) => {
  const only = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t)
  scene.instances(only.address)
  await scene.send().answer
  const { port } = only
  await only.dies()
  const pending = Array.from({ length: 5 }, (_, i) =>
    scene.send({ path: `/${i}`, method: 'POST', body: 'x' }),
  )
  await until('they wait', () => scene.activator.held === 5)
  const back = await ScriptedSidecar.start(t, answering('back'), port)
  for (const { answer } of pending) t.strictSame([(await answer).status, (await answer).body], [200, 'back'])
  t.equal(back.arrived.length, 5)
})

t.test(
  'what may run twice is sent again when the instance dies before it answers, what may not is 502',
  async (t) => {
    for (const [method, status] of [
      ['GET', 200],
      ['PUT', 200],
      ['POST', 502],
    ] as const) {
      const dying = await ScriptedSidecar.start(t, ({ request }) => void request.socket.resetAndDestroy())
      const alive = await ScriptedSidecar.start(t)
      const scene = await Scene.start(t, {
        spec: { containerConcurrency: 1 },
        env: { ACTIVATOR_POLICY: 'round-robin' },
      })
      scene.instances(...[dying.address, alive.address].toSorted())
      await until('both answer their probes', () => dying.probes > 0 && alive.probes > 0)
      // One of two goes to the one that dies.
      const statuses = []
      for (let i = 0; i < 2; i++) statuses.push((await scene.send({ method, body: 'x' }).answer).status)
      t.strictSame(new Set(statuses), new Set([200, status]), method)
      t.ok(dying.arrived.length >= 1)
    }
  },
)

t.test('a request is not sent again and again: its budget is the limit', async (t) => {
  const dying = await ScriptedSidecar.start(t, ({ request }) => void request.socket.resetAndDestroy())
  const scene = await Scene.start(t, { env: { ACTIVATOR_ATTEMPTS_MAX: '3' } })
  scene.instances(dying.address)
  const answer = await scene.send().answer
  t.equal(answer.status, 502)
  t.equal(answer.headers['proxy-status'], 'activator; error=connection_terminated')
  t.equal(dying.arrived.length, 3)
})

/** Refuses like our sidecar when it may. */
const refusing: Parameters<typeof ScriptedSidecar.start>[1] = ({ request, response }) => {
  const mayRefuse = request.headers['pilotlight-refuse'] === 'when-busy'
  if (mayRefuse) response.writeHead(503, { 'Pilotlight-Refused': 'busy', 'Retry-After': '1' })
  response.end(mayRefuse ? 'no free slot\n' : 'queued here')
}

t.test('a request that a sidecar refuses goes to another instance, with its body', async (t) => {
  const busy = await ScriptedSidecar.start(t, refusing)
  const free = await ScriptedSidecar.start(
    t,
    ({ body, response }) => void body.then((text) => response.end(text)),
  )
  const scene = await Scene.start(t, {
    spec: { containerConcurrency: 5 },
    env: { ACTIVATOR_POLICY: 'round-robin' },
  })
  scene.instances(busy.address, free.address)
  await until('both answer their probes', () => busy.probes > 0 && free.probes > 0)
  for (let i = 0; i < 4; i++) {
    const answer = await scene.send({ method: 'POST', body: 'kept' }).answer
    t.strictSame([answer.status, answer.body], [200, 'kept'])
  }
  t.ok(busy.arrived.length > 0, 'it was asked')
})

t.test('when every instance is busy the sidecar lets the request wait', async (t) => {
  const busy = await ScriptedSidecar.start(t, refusing)
  const scene = await Scene.start(t, { spec: { containerConcurrency: 1 } })
  scene.instances(busy.address)
  const answer = await scene.send().answer
  t.strictSame([answer.status, answer.body], [200, 'queued here'])
  t.equal(busy.arrived.length, 2)
})

t.test('a sidecar that does not wait when asked to is not asked to refuse either', async (t) => {
  const knative = await ScriptedSidecar.start(t)
  knative.waits = false
  const scene = await Scene.start(t, { spec: { containerConcurrency: 1 } })
  scene.instances(knative.address)
  await scene.send().answer
  t.notOk('pilotlight-refuse' in (await knative.receives()).request.headers)
})

t.test('a 503 of the app is its answer', async (t) => {
  const app = await ScriptedSidecar.start(t, ({ response }) => void response.writeHead(503).end('mine'))
  const scene = await Scene.start(t)
  scene.instances(app.address)
  const answer = await scene.send().answer
  t.strictSame([answer.status, answer.body, app.arrived.length], [503, 'mine', 1])
})

t.test('requests at an instance that is not named any more go on, and its waiting dials move', async (t) => {
  const [going, staying] = [await ScriptedSidecar.start(t, null), await ScriptedSidecar.start(t)]
  const scene = await Scene.start(t)
  scene.instances(going.address)
  const old = scene.send()
  const { response } = await going.receives()
  scene.instances(staying.address)
  t.equal((await scene.send().answer).body, 'ok')
  response.end('still served')
  t.equal((await old.answer).body, 'still served')
})

t.test('a response that breaks off is cut, never ended cleanly', async (t) => {
  const dying = await ScriptedSidecar.start(t, ({ request, response }) => {
    response.writeHead(200, { 'Content-Length': '100' })
    response.write('a part')
    setImmediate(() => request.socket.destroy())
  })
  const scene = await Scene.start(t)
  scene.instances(dying.address)
  await t.rejects(scene.send().answer)
})
