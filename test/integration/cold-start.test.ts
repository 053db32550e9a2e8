import { once } from 'node:events'
import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { within } from '../conformance/support/within.ts'
import { App } from './support/app.ts'
import { GrpcClient, startGrpcApp } from './support/grpc-app.ts'
import { addressOf, startQueueProxy } from './support/service-process.ts'
import { HOST, Stage } from './support/stage.ts'

/** Writes the name of the revision that is woken, in one step that no reader sees half of. */
const MARK = 'printf %s "$PILOTLIGHT_REVISION" > woken.new && mv woken.new woken'

/** Resolves with what the wake-up command wrote. */
async function marker(t: Test, directory: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const watcher = watch(directory, (_, name) => {
    if (name === 'woken') resolve()
  })
  t.teardown(() => watcher.close())
  await within('the wake-up command has run', promise)
  return readFile(join(directory, 'woken'), 'utf8')
}

t.test('from 0 to 1 to N: requests wait, an instance is woken, and all are answered', async (t) => {
  const [first, second] = [await App.start(t), await App.start(t)]
  const [stage, one, two] = await Promise.all([
    Stage.start(t, { revision: { containerConcurrency: 5, wake: { exec: ['sh', '-c', MARK] } } }),
    startQueueProxy(t, first.port, { CONTAINER_CONCURRENCY: '5' }),
    startQueueProxy(t, second.port, { CONTAINER_CONCURRENCY: '5' }),
  ])
  for (const app of [first, second])
    app.answering = (_, response, { held }) => {
      held.push(response)
    }
  const woken = marker(t, stage.directory)
  const pending = Array.from({ length: 20 }, (_, i) => stage.send({ path: `/${i}` }))
  t.equal(await woken, 'hello-00001')
  await stage.held(20)

  await stage.instances(addressOf(one))
  await first.held.reaches(5)
  await stage.held(15)
  await stage.instances(addressOf(one), addressOf(two))
  await second.held.reaches(5)
  await stage.held(10)
  // Who gets the rest is for the balancing to say.
  for (const app of [first, second]) {
    app.answering = (_, response) => void response.end('at once')
    for (const response of app.held.all) response.end('held')
  }
  for (const { answer } of pending) t.equal((await answer).status, 200)
  t.equal(first.paths.length + second.paths.length, 20, 'and none came twice')
  t.ok(first.runningMax <= 5 && second.runningMax <= 5)
})

t.test('WebSocket and server-sent events begin while there is no instance', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  const webSocket = new WebSocket(`ws://127.0.0.1:${stage.port}/socket`, { headers: { Host: HOST } })
  t.teardown(() => webSocket.terminate())
  const opened = once(webSocket, 'open')
  const events = stage.send({ path: '/events' })
  await stage.held(2)
  await stage.instances(addressOf(queueProxy))

  await within('the WebSocket opens', opened)
  for (const text of ['one', 'x'.repeat(100_000)]) {
    const said = once(webSocket, 'message')
    webSocket.send(text)
    const [data] = (await within('the WebSocket answers', said)) as [Buffer]
    t.ok(data.toString() === text)
  }
  const closed = once(webSocket, 'close')
  webSocket.close(4000, 'enough')
  const [code] = (await within('the WebSocket closes', closed)) as [number]
  t.equal(code, 4000)

  const response = await app.held.next()
  for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
    response.write(text)
    t.equal(await events.arrived.next(), text, 'each arrives before the next is written')
  }
  response.end()
  t.equal((await events.answer).body.toString(), 'data: 1\n\ndata: 2\n\n')
})

t.test('gRPC calls, unary and server streaming, begin while there is no instance', async (t) => {
  const port = await startGrpcApp(t)
  const [stage, queueProxy] = await Promise.all([
    Stage.start(t, { revision: { protocol: 'h2c' } }),
    startQueueProxy(t, port, { QUEUE_APP_PROTOCOL: 'h2c' }),
  ])
  const client = new GrpcClient(t, stage.activator.ports['h2c'], HOST)
  const unary = client.unary('hello')
  const count = client.count(500)
  await stage.held(2)
  await stage.instances(addressOf(queueProxy))
  t.strictSame(await within('the unary call', unary), { text: 'hello', trailer: 'last' })
  const messages = await within('the stream', count)
  t.strictSame([messages.length, messages[0], messages[499]], [500, '500', '1'])
  t.strictSame(await within('a call when warm', client.unary('again')), { text: 'again', trailer: 'last' })
})

t.test('an activator that is told to end answers the requests that wait', async (t) => {
  const app = await App.start(t)
  const [stage, queueProxy] = await Promise.all([Stage.start(t), startQueueProxy(t, app.port)])
  const pending = Array.from({ length: 10 }, () => stage.send())
  await stage.held(10)
  stage.activator.signal('SIGTERM')
  await stage.activator.logged('Shutting down servers')
  await stage.instances(addressOf(queueProxy))
  for (const { answer } of pending) t.equal((await answer).status, 200)
  t.equal((await stage.activator.ended()).code, 0)
})
