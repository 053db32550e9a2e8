import t from 'tap'
import { App } from './support/app.ts'
import { Load } from './support/client.ts'
import { addressOf, startQueueProxy } from './support/service-process.ts'
import { Stage } from './support/stage.ts'

const ONE = { CONTAINER_CONCURRENCY: '1' }

t.test('with a limit of one no app ever has two requests, whatever there is to do', async (t) => {
  const apps = [await App.start(t), await App.start(t)]
  // An answer that takes a turn of the loop gives a second request the time to arrive.
  for (const app of apps)
    app.answering = (request, response) => {
      request.resume()
      setImmediate(() => setImmediate(() => response.end('answered\n')))
    }
  const [stage, ...proxies] = await Promise.all([
    Stage.start(t, { revision: { containerConcurrency: 1 } }),
    ...apps.map((app) => startQueueProxy(t, app.port, ONE)),
  ])
  const requests = new Load(30, (agent) => stage.send({ agent }))
  await stage.held(30)
  await stage.instances(...proxies.map(addressOf))
  await requests.more(600)
  t.strictSame(await requests.stop(), [])
  t.strictSame(
    apps.map(({ runningMax }) => runningMax),
    [1, 1],
  )
  t.ok(
    apps.every(({ paths }) => paths.length > 0),
    'and both are used',
  )
})

t.test('two activators before one instance with a limit of one never break it', async (t) => {
  const app = await App.start(t)
  const [first, second, queueProxy] = await Promise.all([
    Stage.start(t, { revision: { containerConcurrency: 1 } }),
    Stage.start(t, { revision: { containerConcurrency: 1 } }),
    startQueueProxy(t, app.port, { ...ONE, QUEUE_DEPTH: '10' }),
  ])
  await Promise.all([first.instances(addressOf(queueProxy)), second.instances(addressOf(queueProxy))])
  const loads = [first, second].map((stage) => new Load(10, (agent) => stage.send({ agent })))
  await Promise.all(loads.map((one) => one.more(200)))
  for (const one of loads) t.strictSame(await one.stop(), [])
  t.equal(app.runningMax, 1)
})
