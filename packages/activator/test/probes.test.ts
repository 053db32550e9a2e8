import t from 'tap'
import { Scene, send } from './support/scene.ts'

t.test('a kubelet is told that all is well, on any path and port', async (t) => {
  const scene = await Scene.start(t)
  for (const port of [scene.activator.ports['http1'], scene.activator.ports['h2c']])
    for (const headers of [{ 'User-Agent': 'kube-probe/1.34' }, { 'K-Kubelet-Probe': 'x' }])
      for (const path of ['/', '/any?thing']) {
        const answer = await send(port, { path, headers: headers as Record<string, string> }).answer
        t.strictSame([answer.status, answer.body, answer.headers['proxy-status']], [200, '', 'activator'])
      }
})

t.test('a kubelet is told when the platform cannot be reached, in the words of Knative', async (t) => {
  const scene = await Scene.start(t)
  scene.platform.events.onConnection(false, 'connection has not yet been established')
  const answer = await send(scene.port, { headers: { 'User-Agent': 'kube-probe/1.34' } }).answer
  t.strictSame([answer.status, answer.body], [500, 'connection has not yet been established\n'])
  scene.platform.events.onConnection(true, '')
  t.equal((await send(scene.port, { headers: { 'User-Agent': 'kube-probe/1.34' } }).answer).status, 200)
})

t.test('an ingress finds out which configuration has arrived by its hash', async (t) => {
  const scene = await Scene.start(t)
  const headers = { 'K-Network-Probe': 'probe', 'K-Network-Hash': 'abc' }
  const answer = await send(scene.port, { headers }).answer
  t.strictSame([answer.status, answer.body, answer.headers['k-network-hash']], [200, '', 'abc'])
  const without = await send(scene.port, { headers: { 'K-Network-Probe': 'probe' } }).answer
  t.strictSame(
    [without.status, without.body],
    [400, 'a probe request must contain a non-empty "K-Network-Hash" header\n'],
  )
})

t.test('whoever looks for an activator finds one', async (t) => {
  const scene = await Scene.start(t)
  for (const method of ['GET', 'POST']) {
    const answer = await send(scene.port, {
      method,
      path: '//healthz',
      headers: { 'K-Network-Probe': 'activator', 'User-Agent': 'Knative-Autoscaling-Probe' },
    }).answer
    t.strictSame([answer.status, answer.body], [200, 'activator'])
  }
})

t.test('whoever looks for something else learns what was asked', async (t) => {
  const scene = await Scene.start(t)
  const queue = await send(scene.port, { headers: { 'K-Network-Probe': 'queue' } }).answer
  t.strictSame([queue.status, queue.body], [400, 'unexpected probe header value: "queue"\n'])
  const html = await send(scene.port, { headers: { 'K-Network-Probe': '<b>&"' } }).answer
  t.equal(html.body, 'unexpected probe header value: "&lt;b&gt;&amp;&#34;"\n')
})

t.test('with trusted peers only, markers of others are no markers', async (t) => {
  const scene = await Scene.start(t, { env: { ACTIVATOR_TRUSTED_PEERS: '10.0.0.0/8' } })
  for (const headers of [{ 'User-Agent': 'kube-probe/1' }, { 'K-Network-Probe': 'activator' }]) {
    const answer = await send(scene.port, { headers: headers as Record<string, string> }).answer
    t.equal(answer.status, 404)
  }
  const named = await scene.send().answer
  t.equal(named.status, 404, 'nor does anybody else name a revision')
})
