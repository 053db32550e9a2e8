import { once } from 'node:events'
import t from 'tap'
import { fetchFrom, freePort, send, startApp, startSidecar } from './support/scene.ts'

const http = process.getBuiltinModule('node:http')
const KUBELET = { 'User-Agent': 'kube-probe/1.30', 'K-Network-Probe': 'queue' }
const ACTIVATOR = { 'User-Agent': 'Knative-Activator-Probe', 'K-Network-Probe': 'queue' }

const tcpProbe = (port: number) =>
  JSON.stringify({
    tcpSocket: { host: '127.0.0.1', port },
    periodSeconds: 10,
    timeoutSeconds: 1,
    successThreshold: 1,
  })

t.test('a probe that waits is answered when the app is there, with what it asked for', async (t) => {
  const port = await freePort()
  const { main } = (await startSidecar(t, port, { SERVING_READINESS_PROBE: tcpProbe(port) })).ports
  const impatient = await fetchFrom(main, { headers: KUBELET })
  t.strictSame([impatient.status, impatient.body, impatient.headers['content-type']], [503, '', undefined])
  const waiting = send(main, {
    path: '/healthz',
    headers: { ...ACTIVATOR, Prefer: 'respond-async, wait=60' },
  })
  const server = http.createServer((_, response) => response.end())
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const ready = await waiting.answer
  t.strictSame([ready.status, ready.body, ready.headers['preference-applied']], [200, 'queue', 'wait'])
  const again = await fetchFrom(main, { headers: KUBELET })
  t.strictSame([again.status, again.body, again.headers['preference-applied']], [200, 'queue', undefined])
})

t.test('who waits is told how long the app has been listening and ready, others are not', async (t) => {
  const port = await freePort()
  const { main } = (await startSidecar(t, port, { SERVING_READINESS_PROBE: tcpProbe(port) })).ports
  const server = http.createServer((_, response) => response.end())
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const waited = await fetchFrom(main, { headers: { ...ACTIVATOR, Prefer: 'wait=60' } })
  const field = String(waited.headers['pilotlight-ages'])
  const ages = /^listening=(\d+\.\d), ready=(\d+\.\d)$/.exec(field)
  t.ok(ages !== null && Number(ages[1]) >= Number(ages[2]), field)
  t.notOk('pilotlight-ages' in (await fetchFrom(main, { headers: ACTIVATOR })).headers)
  t.notOk('pilotlight-ages' in (await fetchFrom(main)).headers, 'nor are clients')
})

t.test('a wait ends with its time', async (t) => {
  const port = await freePort()
  const { main } = (await startSidecar(t, port, { SERVING_READINESS_PROBE: tcpProbe(port) })).ports
  const answer = await fetchFrom(main, { headers: { ...ACTIVATOR, Prefer: 'wait=1' } })
  t.strictSame([answer.status, answer.body, answer.headers['preference-applied']], [503, '', 'wait'])
})

t.test('a drain answers those who wait', async (t) => {
  const port = await freePort()
  const sidecar = await startSidecar(t, port, {
    SERVING_READINESS_PROBE: tcpProbe(port),
    QUEUE_DRAIN_SECONDS: '60',
  })
  const { main, admin } = sidecar.ports
  const waiting = send(main, { headers: { ...ACTIVATOR, Prefer: 'wait=600' } })
  const hook = send(admin, { path: '/wait-for-drain' })
  const answer = await waiting.answer
  t.strictSame([answer.status, answer.body], [503, 'shutting down\n'])
  hook.leave()
})

t.test('probes pass a limit that is taken', async (t) => {
  const { port } = await startApp(t, () => {})
  const { main } = (await startSidecar(t, port, { CONTAINER_CONCURRENCY: '1', QUEUE_DEPTH: '0' })).ports
  const running = send(main)
  let refused = await fetchFrom(main)
  while (refused.status !== 503) refused = await fetchFrom(main)
  for (const headers of [KUBELET, ACTIVATOR]) t.equal((await fetchFrom(main, { headers })).body, 'queue')
  running.leave()
})

t.test("a kubelet's probe of the app is forwarded past the limit, with its own Host", async (t) => {
  const { port } = await startApp(t, (request, response) => {
    if (request.url === '/live') response.end(request.headers.host)
  })
  const { main, autoscaling } = (
    await startSidecar(t, port, { CONTAINER_CONCURRENCY: '1', QUEUE_DEPTH: '0' })
  ).ports
  const running = send(main)
  let refused = await fetchFrom(main)
  while (refused.status !== 503) refused = await fetchFrom(main)
  const live = await fetchFrom(main, {
    path: '/live',
    headers: { 'K-Kubelet-Probe': 'x', 'K-Original-Host': 'other', Host: 'kubelet' },
  })
  t.strictSame([live.status, live.body], [200, 'kubelet'])
  const { headers } = await fetchFrom(autoscaling, { path: '/metrics' })
  t.equal(headers['content-type'], 'application/protobuf')
  running.leave()
})

t.test('a long wait that is left costs nothing any more', async (t) => {
  const port = await freePort()
  const { main } = (await startSidecar(t, port, { SERVING_READINESS_PROBE: tcpProbe(port) })).ports
  const waiting = send(main, { headers: { ...ACTIVATOR, Prefer: 'wait=600' } })
  // A second wait shows that the first is being served.
  t.equal((await fetchFrom(main, { headers: { ...ACTIVATOR, Prefer: 'wait=1' } })).status, 503)
  waiting.leave()
  await t.rejects(waiting.answer)
})
