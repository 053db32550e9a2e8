import t from 'tap'
import { App } from './support/app.ts'
import { Load } from './support/client.ts'
import { addressOf, startQueueProxy } from './support/service-process.ts'
import { Stage } from './support/stage.ts'

/** Every third request has a body, so that what must not run twice is among them. */
function load(stage: Stage, connections: number): Load {
  let count = 0
  return new Load(connections, (agent) =>
    stage.send(++count % 3 === 0 ? { agent, path: '/echo', body: 'x'.repeat(5000) } : { agent }),
  )
}

t.test('no request is lost when the instances go under load, and come back', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  await stage.instances(addressOf(queueProxy))
  const requests = load(stage, 20)
  for (let round = 0; round < 3; round++) {
    await requests.more(200)
    await stage.instances()
    await stage.held(20)
    await stage.instances(addressOf(queueProxy))
  }
  await requests.more(200)
  t.strictSame(await requests.stop(), [])
})

t.test('no request is lost when the instances are swapped under load', async (t) => {
  const apps = [await App.start(t), await App.start(t)]
  const [stage, ...proxies] = await Promise.all([
    Stage.start(t, { revision: { containerConcurrency: 10 } }),
    ...apps.map((app) => startQueueProxy(t, app.port, { CONTAINER_CONCURRENCY: '10' })),
  ])
  await stage.instances(addressOf(proxies[0]))
  const requests = load(stage, 20)
  for (let round = 1; round <= 6; round++) {
    await requests.more(200)
    const before = apps[round % 2].paths.length
    await stage.instances(addressOf(proxies[round % 2]))
    await requests.more(100)
    t.ok(apps[round % 2].paths.length > before, 'the other one is used')
  }
  t.strictSame(await requests.stop(), [])
})

t.test('an instance that is told to end under load loses nothing', async (t) => {
  const apps = [await App.start(t), await App.start(t)]
  const [stage, ...proxies] = await Promise.all([
    Stage.start(t, { revision: { containerConcurrency: 10 } }),
    ...apps.map((app) =>
      startQueueProxy(t, app.port, { CONTAINER_CONCURRENCY: '10', QUEUE_DRAIN_SECONDS: '3' }),
    ),
  ])
  await stage.instances(...proxies.map(addressOf))
  const requests = load(stage, 20)
  await requests.more(200)
  proxies[0].signal('SIGTERM')
  await proxies[0].logged('Received TERM signal')
  const before = apps[0].paths.length
  await requests.more(200)
  t.ok(apps[0].paths.length > before, 'it serves until the platform takes it away')
  await stage.instances(addressOf(proxies[1]))
  t.equal((await proxies[0].ended()).code, 0)
  await requests.more(200)
  t.strictSame(await requests.stop(), [])
})

t.test('an instance that is killed and stays in the file is avoided', async (t) => {
  const apps = [await App.start(t), await App.start(t)]
  const [stage, ...proxies] = await Promise.all([
    Stage.start(t),
    ...apps.map((app) => startQueueProxy(t, app.port)),
  ])
  await stage.instances(...proxies.map(addressOf))
  await proxies[0].kill()
  // What runs while it dies may be cut; what comes afterwards never begins there.
  const requests = load(stage, 20)
  await requests.more(400)
  t.strictSame(await requests.stop(), [])
  t.ok(apps[1].paths.length >= 400)
})

t.test('a file that is wrong never replaces a good one', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  await stage.instances(addressOf(queueProxy))
  const requests = load(stage, 4)
  await requests.more(20)
  await stage.write('revisions:\n  - name: hello-00001\n    endpoints: [nowhere]\n    concurrency: 5\n')
  const said = await stage.activator.logged('the one before stays in force')
  const problems = said['problems'] as string[]
  t.ok(
    problems.some((problem) => problem.includes('nowhere')),
    'the log names the value',
  )
  t.ok(
    problems.some((problem) => problem.includes('concurrency')),
    'and every other problem',
  )
  await requests.more(50)
  await stage.instances()
  await stage.held(4)
  await stage.instances(addressOf(queueProxy))
  t.strictSame(await requests.stop(), [])
})
