import { join } from 'node:path'
import t, { type Test } from 'tap'
import { App } from './support/app.ts'
import { CutAnswer, type Pending } from './support/client.ts'
import { addressOf, ServiceProcess, startQueueProxy } from './support/service-process.ts'
import { Stage } from './support/stage.ts'

/** Starts an app in a process of its own. */
function startAppProcess(t: Test): Promise<ServiceProcess> {
  return ServiceProcess.start(t, {
    script: join(import.meta.dirname, 'support', 'app-process.ts'),
    startedBy: 'Starting the app',
    env: {},
  })
}

/** What came of an answer that must be cut. */
async function cutAfter({ answer }: Pending): Promise<string> {
  try {
    const { status, body } = await answer
    return `a clean end: ${status} ${body.toString()}`
  } catch (error) {
    return error instanceof CutAnswer ? error.received.toString() : (error as Error).message
  }
}

t.test('an app that is gone is a 502, and is used again when it is back', async (t) => {
  const app = await App.start(t)
  const { port } = app
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, port)])
  await stage.instances(addressOf(queueProxy))
  t.equal((await stage.send().answer).status, 200)
  await app.close()
  const refused = await stage.send().answer
  t.equal(refused.status, 502)
  t.match(refused.headers['proxy-status'], /error=connection_refused/)
  await App.start(t, port)
  t.equal((await stage.send().answer).status, 200)
})

t.test('an app that is not there yet holds requests until it is', async (t) => {
  const app = await App.start(t)
  const { port } = app
  await app.close()
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, port)])
  await stage.instances(addressOf(queueProxy))
  const pending = [stage.send(), stage.send({ body: 'with a body' })]
  await stage.held(2)
  await App.start(t, port)
  for (const { answer } of pending) t.equal((await answer).status, 200)
})

t.test('a reset before an answer is a 502, and a request that must not run twice does not', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  await stage.instances(addressOf(queueProxy))
  const { status, headers } = await stage.send({ path: '/reset', body: 'once' }).answer
  t.equal(status, 502)
  t.match(headers['proxy-status'], /error=connection_terminated/)
  t.strictSame(app.paths, ['/reset'])
  t.equal((await stage.send().answer).status, 200, 'and others are answered')
})

t.test('an answer that the app does not finish is cut, and never ends cleanly', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  await stage.instances(addressOf(queueProxy))
  for (const path of ['/promising', '/chunked']) {
    const pending = stage.send({ path })
    const response = await app.held.next()
    t.equal(await pending.arrived.next(), 'a beginning', path)
    response.destroy()
    t.equal(await cutAfter(pending), 'a beginning', path)
  }
  t.equal((await stage.send().answer).status, 200, 'and others are answered')
})

t.test('an app that is killed inside an answer cuts it', async (t) => {
  const app = await startAppProcess(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.ports['http1'])])
  await stage.instances(addressOf(queueProxy))
  const streaming = stage.send({ path: '/stream' })
  await streaming.arrived.next()
  await app.kill()
  t.equal(await cutAfter(streaming), 'a beginning')
})

t.test('a queue-proxy that is killed inside an answer cuts it', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  await stage.instances(addressOf(queueProxy))
  const streaming = stage.send({ path: '/chunked' })
  await streaming.arrived.next()
  await queueProxy.kill()
  t.equal(await cutAfter(streaming), 'a beginning')
})

t.test('an app that hangs keeps its requests waiting, and answers them when it goes on', async (t) => {
  const app = await startAppProcess(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.ports['http1'])])
  await stage.instances(addressOf(queueProxy))
  t.equal((await stage.send().answer).status, 200)
  app.signal('SIGSTOP')
  const pending = Array.from({ length: 5 }, () => stage.send())
  await stage.active(5)
  app.signal('SIGCONT')
  for (const { answer } of pending) t.equal((await answer).status, 200)
})

t.test(
  'an app that hangs for longer than its time is a 504, and others are answered when it goes on',
  async (t) => {
    const app = await startAppProcess(t)
    const [stage, queueProxy] = await Promise.all([
      Stage.start(t, { revision: { timeoutSeconds: 3 } }),
      startQueueProxy(t, app.ports['http1']),
    ])
    await stage.instances(addressOf(queueProxy))
    app.signal('SIGSTOP')
    t.equal((await stage.send().answer).status, 504)
    app.signal('SIGCONT')
    t.equal((await stage.send().answer).status, 200)
  },
)
