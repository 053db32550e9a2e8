import { once } from 'node:events'
import http2 from 'node:http2'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { fetchFrom, send, startApp, startHeldApp, startMain, startSidecar } from './support/scene.ts'

const KUBELET = { 'User-Agent': 'kube-probe/1.30', 'K-Network-Probe': 'queue' }

t.test('the end: probes fail, requests are served, then nothing is accepted any more', async (t) => {
  const { port, requests } = await startHeldApp(t)
  const sidecar = await startSidecar(t, port, { QUEUE_DRAIN_SECONDS: '1' })
  const { main, admin } = sidecar.ports
  const early = send(main, { path: '/early' })
  const first = await requests.next()
  const over = sidecar.shutdown()
  const hook = fetchFrom(admin, { path: '/wait-for-drain' })
  t.strictSame(await fetchFrom(main, { headers: KUBELET }).then(({ status, body }) => [status, body]), [
    503,
    'shutting down\n',
  ])
  const hash = await fetchFrom(main, { headers: { 'K-Network-Probe': 'probe', 'K-Network-Hash': 'h' } })
  t.equal(hash.status, 503)
  const late = send(main, { path: '/late' })
  ;(await requests.next()).response.end('late')
  t.equal((await late.answer).body, 'late')
  let isAnswered = false
  void hook.then(() => (isAnswered = true))
  // The listener closes when the quiet period is over; the hook waits for more than that.
  let isOpen = true
  while (isOpen)
    isOpen = await fetchFrom(main, { headers: KUBELET }).then(
      () => true,
      () => false,
    )
  t.notOk(isAnswered, 'a request is at the app')
  first.response.end('early')
  const answer = await early.answer
  t.strictSame([answer.body, answer.headers['connection']], ['early', 'close'])
  t.equal((await hook).status, 200)
  await over
  await t.rejects(fetchFrom(main), { code: 'ECONNREFUSED' })
})

t.test('a container that is only restarted: after a second everything is as before', async (t) => {
  const { port } = await startApp(t, (_, response) => response.end('ok'))
  const { main, admin } = (await startSidecar(t, port, { QUEUE_DRAIN_SECONDS: '60' })).ports
  const hook = fetchFrom(admin, { path: '/wait-for-drain?x=1', method: 'POST' })
  let probe = await fetchFrom(main, { headers: KUBELET })
  while (probe.status === 200) probe = await fetchFrom(main, { headers: KUBELET })
  t.equal(probe.status, 503)
  t.strictSame(await hook.then(({ status, body }) => [status, body]), [200, ''])
  t.equal((await fetchFrom(main, { headers: KUBELET })).status, 200)
})

t.test('other ports answer only what they are for', async (t) => {
  const { port } = await startApp(t, (_, response) => response.end())
  const { admin, autoscaling } = (await startSidecar(t, port)).ports
  for (const [where, path] of [
    [admin, '/'],
    [admin, '/wait-for-drain/'],
    [autoscaling, '/'],
    [autoscaling, '/metrics/x'],
  ] as const)
    t.strictSame(
      await fetchFrom(where, { path }).then(({ status, body }) => [status, body]),
      [404, '404 page not found\n'],
      path,
    )
})

t.test('upgraded connections end with close frames on both sides', async (t) => {
  const { port, server } = await startApp(t, (_, response) => response.end())
  const sockets = new WebSocketServer({ server: server as never })
  const seenByApp = new Promise<number>((resolve) =>
    sockets.on('connection', (socket) => socket.on('close', resolve)),
  )
  const sidecar = await startSidecar(t, port, {
    QUEUE_DRAIN_TUNNEL_SECONDS: '0',
    REVISION_RESPONSE_START_TIMEOUT_SECONDS: '1',
  })
  const client = new WebSocket(`ws://127.0.0.1:${sidecar.ports.main}/`)
  t.teardown(() => client.terminate())
  await once(client, 'open')
  const closed = once(client, 'close') as Promise<[number]>
  await sidecar.shutdown()
  t.equal((await closed)[0], 1001)
  t.equal(await seenByApp, 1001)
})

t.test('HTTP/2 clients get GOAWAY, and their streams end', async (t) => {
  const { port, requests } = await startHeldApp(t)
  const sidecar = await startSidecar(t, port)
  const session = http2.connect(`http://127.0.0.1:${sidecar.ports.main}`)
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': '/' })
  const { response } = await requests.next()
  const goaway = once(session, 'goaway')
  const over = sidecar.shutdown()
  await goaway
  response.end('whole')
  let body = ''
  stream.setEncoding('latin1')
  stream.on('data', (text: string) => (body += text))
  await once(stream, 'end')
  t.equal(body, 'whole')
  await over
})

t.test(
  'told to end before its other ports are open, it serves the requests it has and opens none',
  async (t) => {
    const { port, requests } = await startHeldApp(t)
    const sidecar = await startMain(t, port)
    const request = send(sidecar.ports['main'])
    const { response } = await requests.next()
    const over = sidecar.shutdown()
    t.equal(await sidecar.openServices(), false)
    t.strictSame(Object.keys(sidecar.ports), ['main'])
    response.end('ok')
    t.equal((await request.answer).body, 'ok')
    await over
  },
)

t.test('a port that is taken is named, and nothing stays open', async (t) => {
  const { port } = await startApp(t, (_, response) => response.end())
  const { main } = (await startSidecar(t, port)).ports
  await t.rejects(
    startSidecar(t, port, { QUEUE_ADMIN_PORT: String(main) }),
    new RegExp(`port ${main} on :: is in use`),
  )
  await t.rejects(
    startSidecar(t, port, { QUEUE_SERVING_PORT: String(main) }),
    new RegExp(`port ${main} on :: is in use`),
  )
})
