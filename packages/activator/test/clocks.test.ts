import t from 'tap'
import { Scene } from './support/scene.ts'
import { ScriptedSidecar } from './support/sidecar.ts'
import { HELLO } from './support/told-platform.ts'

const timeouts = HELLO.timeouts

t.test('a request whose total clock runs out is 504 in the words of Knative, waiting or not', async (t) => {
  const silent = await ScriptedSidecar.start(t, null)
  const scene = await Scene.start(t, { spec: { timeouts: { ...timeouts, totalMs: 100 } } })
  for (const isCold of [true, false]) {
    if (!isCold) scene.instances(silent.address)
    const answer = await scene.send().answer
    t.strictSame([answer.status, answer.body], [504, 'activator request timeout'])
    t.equal(answer.headers['proxy-status'], 'activator; error=http_response_timeout')
  }
  t.equal(scene.activator.held, 0)
})

t.test('a request that waits longer than it may is 503 with Retry-After', async (t) => {
  for (const options of [
    { spec: { timeouts: { ...timeouts, queueMs: 100 } } },
    { env: { ACTIVATOR_QUEUE_TIMEOUT_SECONDS: '1' } },
  ]) {
    const scene = await Scene.start(t, options)
    const answer = await scene.send().answer
    t.equal(answer.status, 503)
    t.match(answer.headers, {
      'retry-after': '1',
      'proxy-status': 'activator; error=connection_limit_reached',
    })
  }
})

t.test('response-start and idle clocks are 504, and a gRPC deadline counts', async (t) => {
  const silent = await ScriptedSidecar.start(t, null)
  for (const [more, headers] of [
    [{ responseStartMs: 100 }, {}],
    [{ idleMs: 100 }, {}],
    [{}, { 'grpc-timeout': '100m' }],
  ] as const) {
    const scene = await Scene.start(t, { spec: { timeouts: { ...timeouts, ...more } } })
    scene.instances(silent.address)
    const answer = await scene.send({ headers }).answer
    t.strictSame([answer.status, answer.body], [504, 'activator request timeout'])
  }
})

t.test('a started body is cut when the total clock runs out, and no text is appended', async (t) => {
  const sidecar = await ScriptedSidecar.start(t, ({ response }) => void response.write('begun'))
  const scene = await Scene.start(t, { spec: { timeouts: { ...timeouts, totalMs: 1500 } } })
  scene.instances(sidecar.address)
  await t.rejects(scene.send().answer)
})
