import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { Scene, send } from './support/scene.ts'
import { ScriptedSidecar } from './support/sidecar.ts'
import { until, within } from './support/within.ts'

t.test('at the end readiness fails at once while everything is served', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, null)
  const scene = await Scene.start(t, { env: { ACTIVATOR_DRAIN_SECONDS: '3' } })
  scene.instances(sidecar.address)
  const running = scene.send({ path: '/running' })
  await sidecar.receives(1)
  const over = scene.activator.shutdown()
  const probe = await send(scene.port, { headers: { 'User-Agent': 'kube-probe/1' } }).answer
  t.strictSame([probe.status, probe.body], [500, 'received SIGTERM from kubelet\n'])
  const late = scene.send({ path: '/late' })
  ;(await sidecar.receives(2)).response.end('late')
  const answer = await late.answer
  t.strictSame([answer.body, answer.headers.connection], ['late', 'close'])
  let isOver = false
  void over.then(() => (isOver = true))
  t.notOk(isOver, 'a request is under way')
  sidecar.arrived[0].response.end('done')
  t.equal((await running.answer).body, 'done')
  await within('the activator ends', over)
  t.ok(scene.platform.isClosed)
})

t.test('requests that wait go on waiting while their clocks allow', async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t)
  const waiting = scene.send()
  await until('it waits', () => scene.activator.held === 1)
  const over = scene.activator.shutdown()
  scene.instances(sidecar.address)
  t.equal((await waiting.answer).body, 'ok')
  await within('the activator ends', over)
})

t.test('upgraded connections get time to end, and are ended then', async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t, { env: { ACTIVATOR_DRAIN_TUNNEL_SECONDS: '0' } })
  sidecar.upgrades()
  scene.instances(sidecar.address)
  await scene.send().answer
  const socket = connect(scene.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(
    'GET /ws HTTP/1.1\r\nHost: hello-00001.default.svc.cluster.local\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n',
  )
  const [head] = (await within('the connection is upgraded', once(socket, 'data'))) as [Buffer]
  t.match(head.toString(), /^HTTP\/1.1 101 /)
  const ended = once(socket, 'end')
  socket.resume()
  const over = scene.activator.shutdown()
  await within('the end of the upgraded connection', ended)
  socket.end()
  await within('the activator ends', over)
})
