import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { ActivityPost } from '../../src/static/activity-post.ts'
import { KeptLog } from '../support/kept-log.ts'
import { Receiver } from '../support/receiver.ts'
import { until, within } from '../support/within.ts'

const stat = (requestCount: number) => [
  { namespace: 'default', name: 'hello', averageConcurrency: 0.5, requestCount },
]

async function scene(t: Test) {
  const receiver = await Receiver.start(t)
  const log = new KeptLog()
  const post = new ActivityPost(`${receiver.url}/activity`, log)
  t.teardown(() => post.close())
  return { receiver, log, post }
}

t.test('reports are POSTed one at a time, and of those that wait the newest is kept', async (t) => {
  const { receiver, log, post } = await scene(t)
  for (const count of [1, 2, 3]) post.send(stat(count))
  const first = await receiver.receives(1)
  t.match(first, { method: 'POST', path: '/activity', contentType: 'application/json' })
  first.answer(200)
  const second = await receiver.receives(2)
  t.strictSame([first.body, second.body], [{ stats: stat(1) }, { stats: stat(3) }])
  post.send(stat(4))
  second.answer(204)
  const third = await receiver.receives(3)
  t.strictSame(third.body, { stats: stat(4) })
  third.answer(200)
  t.strictSame(log.lines, [])
})

t.test('failures are logged when they begin, change and end, and reports go on', async (t) => {
  const { receiver, log, post } = await scene(t)
  post.send(stat(0))
  for (const [i, status] of [500, 500, 503, 200, 200].entries()) {
    const call = await receiver.receives(i + 1)
    t.strictSame(call.body, { stats: stat(i) })
    // It waits for this one, so that its arrival says that this one is over.
    post.send(stat(i + 1))
    call.answer(status)
  }
  const last = await receiver.receives(6)
  last.answer(200)
  const { url } = post
  t.strictSame(log.lines, [
    { level: 'warn', message: 'Activity reports do not arrive.', fields: { url, error: 'status 500' } },
    { level: 'warn', message: 'Activity reports do not arrive.', fields: { url, error: 'status 503' } },
    { level: 'info', message: 'Activity reports arrive again.', fields: { url } },
  ])
})

t.test('a receiver that is not there is logged', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const log = new KeptLog()
  const post = new ActivityPost(`http://127.0.0.1:${port}/`, log)
  t.teardown(() => post.close())
  post.send(stat(1))
  await until('it is logged', () => log.lines.length > 0)
  t.match(log.lines[0], { level: 'warn', fields: { error: /ECONNREFUSED/ } })
})

t.test('the end gives up what is under way, and sends nothing more', async (t) => {
  const { receiver, log, post } = await scene(t)
  post.send(stat(1))
  post.send(stat(2))
  const call = await receiver.receives(1)
  await within('it ends', post.close())
  await until('the receiver sees it', call.isGone)
  post.send(stat(3))
  await within('it ends again', post.close())
  t.strictSame([receiver.received.length, log.lines], [1, []])
})
