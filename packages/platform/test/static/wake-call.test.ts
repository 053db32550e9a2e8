import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { callWake } from '../../src/static/wake-call.ts'
import { DONE, WakeOutcome } from '../../src/static/wake-result.ts'
import { Receiver } from '../support/receiver.ts'
import { until, within } from '../support/within.ts'

const HELLO = { namespace: 'team-a', name: 'hello' }
const MINUTE_MS = 60_000

t.test('a call POSTs which revision is to be woken, and 2xx says that it will be', async (t) => {
  const receiver = await Receiver.start(t)
  for (const [i, status] of [200, 202, 204].entries()) {
    const { result } = callWake(`${receiver.url}/wake?a=b`, { ...HELLO, extra: 'x' } as never, MINUTE_MS)
    const call = await receiver.receives(i + 1)
    t.match(call, { method: 'POST', path: '/wake?a=b', contentType: 'application/json' })
    t.strictSame(call.body, HELLO)
    call.answer(status)
    t.strictSame(await within('the call is answered', result), DONE)
  }
})

t.test('any other answer is a failure, and a redirect is not followed', async (t) => {
  const receiver = await Receiver.start(t)
  for (const [i, status] of [302, 307, 400, 404, 500, 503].entries()) {
    const { result } = callWake(receiver.url, HELLO, MINUTE_MS)
    const call = await receiver.receives(i + 1)
    call.answer(status, { location: `${receiver.url}/elsewhere` })
    t.match(await within('the call is answered', result), {
      outcome: WakeOutcome.Failed,
      reason: `the wake-up call was answered with status ${status}`,
    })
  }
  t.equal(receiver.received.length, 6)
})

t.test('nobody there is a failure, and callers are not told where', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const { outcome, reason, detail } = await within(
    'the call fails',
    callWake(`http://127.0.0.1:${port}/`, HELLO, MINUTE_MS).result,
  )
  t.strictSame([outcome, reason], [WakeOutcome.Failed, 'the wake-up call failed: ECONNREFUSED'])
  t.match(detail['detail'], `127.0.0.1:${port}`, 'the log is')
})

t.test('a connection that breaks, and what is no HTTP, are failures', async (t) => {
  const server = createServer((socket) =>
    socket.on('data', () => socket.end('SSH-2.0\r\n')).on('error', () => {}),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { outcome, reason } = await within(
    'the call fails',
    callWake(`http://127.0.0.1:${port}/`, HELLO, MINUTE_MS).result,
  )
  t.equal(outcome, WakeOutcome.Failed)
  t.match(reason, /^the wake-up call failed: [\w ]+$/)
})

t.test('no answer in time says nothing about whether it was done', async (t) => {
  const receiver = await Receiver.start(t)
  const { result } = callWake(receiver.url, HELLO, 50)
  const wake = await within('the call is given up', result)
  t.match(wake, { outcome: WakeOutcome.Unknown, reason: 'the wake-up call was not answered within 0.05 s' })
})

t.test('a call that is stopped ends', async (t) => {
  const receiver = await Receiver.start(t)
  const running = callWake(receiver.url, HELLO, MINUTE_MS)
  const call = await receiver.receives(1)
  running.stop()
  await within('the call ends', running.result)
  await until('the receiver sees it', call.isGone)
})
