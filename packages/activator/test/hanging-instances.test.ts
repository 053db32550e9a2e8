import t from 'tap'
import { FullListener } from '../../../test/support/full-listener.ts'
import { Scene } from './support/scene.ts'
import { answering, ScriptedSidecar } from './support/sidecar.ts'
import { endpoints } from './support/told-platform.ts'
import { until } from './support/within.ts'

// Only Linux drops what asks a full queue for one more.
const skip = process.platform === 'linux' ? false : 'a full queue of connections is not known to hang here'

t.test('an instance that hangs at connect costs its requests nothing but time', { skip }, async (t) => {
  const hanging = await FullListener.start(t)
  const alive = await ScriptedSidecar.start(t)
  // The platform is believed without a probe, which would hang as well.
  const scene = await Scene.start(t, { env: { ACTIVATOR_MESH: 'disabled', ACTIVATOR_POLICY: 'round-robin' } })
  scene.platform.events.onEndpoints(scene.spec, endpoints([`127.0.0.1:${hanging.port}`, alive.address]))
  const answers = await Promise.all([1, 2, 3, 4].map(() => scene.send({ method: 'POST', body: 'x' }).answer))
  for (const { status } of answers) t.equal(status, 200)
  t.equal((await scene.send({ method: 'POST', body: 'x' }).answer).status, 200, 'and it is asked no more')
})

t.test('when the only instance hangs, requests wait for it or for another', { skip }, async (t) => {
  const hanging = await FullListener.start(t)
  const scene = await Scene.start(t, { env: { ACTIVATOR_MESH: 'disabled' } })
  scene.platform.events.onEndpoints(scene.spec, endpoints([`127.0.0.1:${hanging.port}`]))
  const pending = [scene.send(), scene.send({ method: 'POST', body: 'x' })]
  await until('they wait', () => scene.activator.held === 2)
  const alive = await ScriptedSidecar.start(t, answering('other'))
  scene.platform.events.onEndpoints(scene.spec, endpoints([`127.0.0.1:${hanging.port}`, alive.address]))
  for (const { answer } of pending) t.equal((await answer).body, 'other')
})

t.test(
  'requests that are connecting to an instance that is taken away wait for another',
  { skip },
  async (t) => {
    const hanging = await FullListener.start(t)
    const scene = await Scene.start(t, { env: { ACTIVATOR_MESH: 'disabled' } })
    scene.instances(`127.0.0.1:${hanging.port}`)
    const pending = Array.from({ length: 10 }, (_, i) => scene.send({ path: `/${i}` }))
    await until('they connect', () => scene.activator.running === 10)
    scene.instances()
    t.strictSame([scene.activator.held, scene.activator.running], [10, 0])
    const alive = await ScriptedSidecar.start(t, answering('other'))
    scene.instances(alive.address)
    for (const { answer } of pending) t.equal((await answer).body, 'other')
  },
)

t.test('requests that are connecting when their revision is deleted are answered', { skip }, async (t) => {
  const hanging = await FullListener.start(t)
  const scene = await Scene.start(t, { env: { ACTIVATOR_MESH: 'disabled' } })
  scene.instances(`127.0.0.1:${hanging.port}`)
  const pending = [scene.send(), scene.send()]
  await until('they connect', () => scene.activator.running === 2)
  scene.platform.events.onRevisionGone(scene.spec)
  for (const { answer } of pending) t.equal((await answer).status, 502)
  t.strictSame([scene.activator.held, scene.activator.running], [0, 0])
})
