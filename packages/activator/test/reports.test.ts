import t from 'tap'
import { Scene } from './support/scene.ts'
import { ScriptedSidecar } from './support/sidecar.ts'
import { until } from './support/within.ts'

t.test('the first request is reported at once, the rest once a second, until all is quiet', async (t) => {
  const sidecar = await ScriptedSidecar.start(t)
  const scene = await Scene.start(t)
  scene.instances(sidecar.address)
  await scene.send().answer
  const stat = { namespace: 'default', name: 'hello-00001' }
  t.strictSame(scene.platform.reports[0], [{ ...stat, averageConcurrency: 1, requestCount: 1 }], 'the poke')
  await scene.send().answer
  await until('the tick reports', () => scene.platform.reports.length >= 2)
  const [, [second]] = scene.platform.reports
  t.equal(second.requestCount, 1, 'without what the poke has said')
  t.ok(second.averageConcurrency < 1)
  await until('a last report of nothing', () => scene.platform.reports.length >= 3)
  t.strictSame(scene.platform.reports[2], [{ ...stat, averageConcurrency: 0, requestCount: 0 }])
  await scene.send().answer
  t.strictSame(
    scene.platform.reports[3],
    [{ ...stat, averageConcurrency: 1, requestCount: 1 }],
    'it pokes again',
  )
})

t.test('waiting requests count, probes and unknown revisions do not', async (t) => {
  const scene = await Scene.start(t)
  const waiting = scene.send()
  await scene.send({ headers: { 'User-Agent': 'kube-probe/1' } }).answer
  await scene.send({ headers: { 'Knative-Serving-Revision': 'none' } }).answer
  await until('the tick reports', () => scene.platform.reports.length >= 3)
  t.match(scene.platform.reports[2], [{ averageConcurrency: 1, requestCount: 0 }])
  t.ok(scene.platform.woken.length >= 2, 'and the instance is asked for again')
  waiting.leave()
})
