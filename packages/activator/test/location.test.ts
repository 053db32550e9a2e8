import t from 'tap'
import { Scene, send } from './support/scene.ts'
import { answering, ScriptedSidecar } from './support/sidecar.ts'
import { HELLO } from './support/told-platform.ts'

const notFound = (name: string): string =>
  `Error getting active endpoint: revision.serving.knative.dev "${name}" not found\n`

t.test('a revision is found by its fields, by its host in the cluster, and by a route', async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t, {
    begin: (events) =>
      events.onRoutes([
        {
          namespace: 'default',
          hosts: ['hello.example.com', '*.wild.example.com'],
          traffic: [{ revision: 'hello-00001', percent: 100, tag: 'stable' }],
        },
      ]),
  })
  scene.instances(sidecar.address)
  const byFields = { 'Knative-Serving-Namespace': 'default', 'Knative-Serving-Revision': 'hello-00001' }
  for (const headers of [
    byFields,
    { ...byFields, Host: 'elsewhere.test' },
    { Host: 'hello-00001.default.svc.cluster.local' },
    { Host: 'hello-00001.default.svc.cluster.local:80' },
    // One field alone says nothing: the host decides.
    { Host: 'hello-00001.default.svc.cluster.local', 'Knative-Serving-Revision': 'other' },
    { Host: 'hello.example.com' },
    { Host: 'HELLO.example.com:8080' },
    { Host: 'stable-hello.example.com' },
    { Host: 'a.b.wild.example.com' },
  ]) {
    const answer = await send(scene.port, { headers }).answer
    t.strictSame([answer.status, answer.body], [200, 'ok'], JSON.stringify(headers))
  }
})

t.test('what is not there is 404 with the name that was looked for', async (t) => {
  const scene = await Scene.start(t)
  for (const [headers, name] of [
    [{ 'Knative-Serving-Namespace': 'default', 'Knative-Serving-Revision': 'other' }, 'other'],
    [{ 'Knative-Serving-Namespace': 'else', 'Knative-Serving-Revision': 'hello-00001' }, 'hello-00001'],
    [{ Host: 'other.default.svc.cluster.local' }, 'other'],
    [{ Host: 'hello-00001.default.svc.other.domain' }, ''],
    [{ Host: 'hello-00001.default.SVC.cluster.local' }, ''],
    [{ Host: 'foreign.test' }, ''],
    [{ Host: 'foreign.test', 'Knative-Serving-Revision': 'only' }, 'only'],
  ] as const) {
    const answer = await send(scene.port, { headers: { ...headers } }).answer
    t.strictSame([answer.status, answer.body], [404, notFound(name)], JSON.stringify(headers))
    t.equal(answer.headers['proxy-status'], 'activator; error=destination_not_found')
  }
})

t.test('shares of a route are kept, and the same request id always leads to the same revision', async (t) => {
  const one = await ScriptedSidecar.start(t, answering('one'))
  const two = await ScriptedSidecar.start(t, answering('two'))
  const second = { ...HELLO, name: 'hello-00002' }
  const scene = await Scene.start(t, {
    begin: (events) => {
      events.onRevision(second)
      events.onRoutes([
        {
          namespace: 'default',
          hosts: ['hello.example.com'],
          traffic: [
            { revision: 'hello-00001', percent: 90, tag: 'stable' },
            { revision: 'hello-00002', percent: 10, tag: '' },
          ],
        },
      ])
    },
  })
  scene.instances(one.address)
  scene.platform.instances([two.address], second)
  const ask = async (headers: Record<string, string> = {}) =>
    (await send(scene.port, { headers: { Host: 'hello.example.com', ...headers } }).answer).body
  const counts = { one: 0, two: 0 }
  for (let i = 0; i < 100; i++) counts[(await ask()) as 'one' | 'two']++
  t.ok(counts.two >= 8 && counts.two <= 12, `${counts.two} of 100 for 10 percent`)
  for (const id of ['a', 'b', 'c']) {
    const first = await ask({ 'X-Request-Id': id })
    for (let i = 0; i < 5; i++) t.equal(await ask({ 'X-Request-Id': id }), first)
  }
  t.equal(await ask({ 'Knative-Serving-Tag': 'stable' }), 'one', 'a tag by its field')
  const tagged = await send(scene.port, { headers: { Host: 'stable-hello.example.com' } }).answer
  t.equal(tagged.body, 'one', 'a tag by its host')
})

t.test('endpoints and peers that are told before their revision are not lost', async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const late = { ...HELLO, name: 'late-00001' }
  const scene = await Scene.start(t, {
    begin: (events) => {
      events.onEndpoints(late, { ready: [sidecar.address], notReady: [], clusterAddress: '' })
      events.onPeers(late, { index: 0, count: 1 })
    },
  })
  scene.platform.events.onRevision(late)
  const headers = { 'Knative-Serving-Namespace': 'default', 'Knative-Serving-Revision': 'late-00001' }
  t.equal((await send(scene.port, { headers }).answer).body, 'ok')
})
