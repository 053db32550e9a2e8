import t from 'tap'
import { Scene, send } from '../support/scene.ts'
import { ScriptedSidecar } from '../support/sidecar.ts'
import { until } from '../support/within.ts'
import { ADMIN, field, logOf, records, startInstance, timeline, woken } from './scenery.ts'

t.test('trouble ends a cold start once, and requests that come during it begin none', async (t) => {
  const { log, lines } = logOf(t)
  const scene = await Scene.start(t, { env: ADMIN, log })
  const waiting = [scene.send(), scene.send()]
  await until('both wait', () => scene.activator.held === 2)
  scene.platform.events.onTrouble(scene.spec, 'the command cannot be found')
  const answers = await Promise.all(waiting.map(({ answer }) => answer))
  for (const answer of answers) {
    t.equal(answer.status, 503)
    t.match(field(answer, 'proxy-status'), 'activator; error=destination_unavailable')
    t.not(field(answer, 'x-request-id'), '')
  }
  t.equal((await scene.send().answer).status, 503)
  const all = await records(scene)
  t.equal(all.length, 1)
  t.match(all[0], { outcome: 'failed', reason: 'the command cannot be found', requests: 2, instance: '' })
  const own = await timeline(scene, field(answers[1], 'x-request-id'))
  t.match(own, { status: 503, dispatchedMs: null, firstByteMs: null, instance: '' })
  const warnings = lines().filter(({ message }) => message === 'Cold start failed')
  t.equal(warnings.length, 1)
  t.match(warnings[0], { severity: 'WARNING', reason: 'the command cannot be found', advice: /command/ })
})

t.test('a cold start that everybody leaves is abandoned, and the next one is another one', async (t) => {
  const { log, lines } = logOf(t)
  const scene = await Scene.start(t, { env: ADMIN, log })
  const sidecar = await ScriptedSidecar.start(t)
  const waiting = [scene.send(), scene.send()]
  await until('both wait', () => scene.activator.held === 2)
  waiting[0].leave()
  await until('one waits', () => scene.activator.held === 1)
  t.strictSame(await records(scene), [], 'somebody waits still')
  waiting[1].leave()
  await until('nobody waits', () => scene.activator.held === 0)
  t.match(await records(scene), [{ outcome: 'abandoned', requests: 2, steps: { dispatched: null } }])
  t.ok(lines().some(({ outcome }) => outcome === 'abandoned'))
  const next = scene.send()
  await until('it waits', () => scene.activator.held === 1)
  startInstance(scene, sidecar)
  t.equal((await next.answer).status, 200)
  const [served, abandoned] = await records(scene)
  t.strictSame([served.outcome, abandoned.outcome], ['served', 'abandoned'])
  t.not(served.id, abandoned.id)
})

t.test('an instance that breaks under the only request fails its cold start', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const sidecar = await ScriptedSidecar.start(t, ({ request }) => request.socket.destroy())
  const pending = scene.send({ method: 'POST', body: 'a' })
  await woken(scene)
  startInstance(scene, sidecar)
  const answer = await pending.answer
  t.equal(answer.status, 502)
  t.not(field(answer, 'x-request-id'), '')
  const [record] = await records(scene)
  t.match(record, { outcome: 'failed', reason: 'the endpoint closed before it answered' })
  t.ok(record.steps.dispatched! > 0)
  t.equal(record.steps['first-byte'], null)
})

t.test('the first request that leaves after its dispatch hands the cold start on', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN })
  const sidecar = await ScriptedSidecar.start(t, null)
  const first = scene.send({ headers: { 'X-Request-Id': 'first' } })
  const second = scene.send({ headers: { 'X-Request-Id': 'second' } })
  await until('both wait', () => scene.activator.held === 2)
  startInstance(scene, sidecar)
  const arrived = [await sidecar.receives(1), await sidecar.receives(2)]
  const ofSecond = arrived.find(({ request }) => request.headers['x-request-id'] === 'second')!
  first.leave()
  await until('it left', () => scene.activator.running === 1)
  t.strictSame(await records(scene), [])
  ofSecond.response.end()
  t.equal((await second.answer).status, 200)
  t.match(await records(scene), [{ outcome: 'served', requestId: 'first', requests: 2 }])
})

t.test('who waits for a slot waits for no cold start', async (t) => {
  const scene = await Scene.start(t, { env: ADMIN, spec: { containerConcurrency: 1 } })
  const sidecar = await ScriptedSidecar.start(t, null)
  scene.instances(sidecar.address)
  const first = scene.send()
  // It comes before the instance was found ready, and is all that waited for that.
  const { response } = await sidecar.receives()
  const second = scene.send()
  await until('it waits', () => scene.activator.held === 1)
  response.end()
  await first.answer
  ;(await sidecar.receives(2)).response.end()
  t.equal(field(await second.answer, 'x-request-id'), '')
  t.match(await records(scene), [{ outcome: 'served', requests: 1 }])
})

t.test('each answer of ours says by Proxy-Status who made it, and has an id', async (t) => {
  const scene = await Scene.start(t, {
    env: { ...ADMIN, ACTIVATOR_REVISION_HELD_MAX: '1', ACTIVATOR_QUEUE_TIMEOUT_SECONDS: '1' },
  })
  const named = { 'X-Request-Id': 'mine' }
  const unknown = await send(scene.port, { headers: { ...named, Host: 'nobody.example' } }).answer
  const waiting = scene.send({ headers: named })
  await woken(scene)
  const refused = await scene.send({ headers: named }).answer
  const late = await waiting.answer
  const gone = scene.send({ headers: named })
  await until('it waits', () => scene.activator.held === 1)
  scene.platform.events.onRevisionGone(scene.spec)
  const answers = { unknown, refused, late, gone: await gone.answer }
  t.strictSame(
    Object.values(answers).map(({ status }) => status),
    [404, 503, 503, 404],
  )
  for (const [name, answer] of Object.entries(answers)) {
    t.match(field(answer, 'proxy-status'), /^activator; error=\w+$/, name)
    t.equal(field(answer, 'x-request-id'), 'mine', name)
  }
})
