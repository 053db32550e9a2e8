import t from 'tap'
import { Scene } from './support/scene.ts'
import { ScriptedSidecar } from './support/sidecar.ts'

t.test('the sidecar sees the fields Knative sends it, and the others as they were', async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t)
  scene.instances(sidecar.address)
  await scene.send({
    path: '/a/b?c=d',
    headers: {
      Host: 'hello.example.com',
      'K-Network-Hash': 'abc',
      'K-Proxy-Request': 'someone',
      'X-Forwarded-For': '192.0.2.1, 192.0.2.2',
      'X-Forwarded-Proto': 'https',
      'Knative-Serving-Tag': 'blue',
      'X-Own': 'kept',
      Connection: 'X-Hop',
      'X-Hop': 'gone',
    },
  }).answer
  const { request } = await sidecar.receives()
  t.equal(request.url, '/a/b?c=d')
  t.match(request.headers, {
    host: sidecar.address,
    'k-original-host': 'hello.example.com',
    'k-proxy-request': 'activator',
    'x-forwarded-for': '192.0.2.1, 192.0.2.2, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'knative-serving-tag': 'blue',
    'x-own': 'kept',
  })
  for (const gone of [
    'knative-serving-namespace',
    'knative-serving-revision',
    'k-network-hash',
    'x-hop',
    'user-agent',
    'k-passthrough-lb',
  ])
    t.notOk(gone in request.headers, gone)
})

t.test('an original host that is there stays', async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t)
  scene.instances(sidecar.address)
  await scene.send({ headers: { Host: 'inner.test', 'K-Original-Host': 'outer.test' } }).answer
  t.equal((await sidecar.receives()).request.headers['k-original-host'], 'outer.test')
})

t.test('through a mesh that shows single instances the private service is named', async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t, { env: { ACTIVATOR_MESH: 'passthrough' } })
  scene.instances(sidecar.address)
  await scene.send().answer
  t.match((await sidecar.receives()).request.headers, {
    host: 'hello-00001-private.default',
    'k-passthrough-lb': 'true',
  })
})

t.test('fields of the sidecar that are for us do not reach the client', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, ({ response }) => {
    response.setHeader('Pilotlight-Slots', 'free=1, total=2')
    response.setHeader('X-App', 'kept')
    response.end('ok')
  })
  const scene = await Scene.start(t, { spec: { containerConcurrency: 2 } })
  scene.instances(sidecar.address)
  const { headers } = await scene.send().answer
  t.equal((await sidecar.receives()).request.headers['pilotlight-refuse'], 'when-busy')
  t.notOk('pilotlight-slots' in headers)
  t.equal(headers['x-app'], 'kept')
})
