import t from 'tap'
import type { H1Downstream } from '../src/h1-downstream.ts'
import { response } from './support/origin.ts'
import { values } from './support/peer.ts'
import { get, Rig } from './support/rig.ts'
import { turns, until } from './support/within.ts'

const EXPECTING = 'POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'

t.test('interim responses cross with their fields, and the final status stays', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends('HTTP/1.1 102 Processing\r\n\r\n')
  t.equal((await client.readsMessage()).line, 'HTTP/1.1 102 Processing')
  origin.sends(
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nLink: </b.css>\r\nConnection: x\r\nX: 1\r\n\r\n',
  )
  const hints = await client.readsMessage()
  t.equal(hints.line, 'HTTP/1.1 103 Early Hints')
  t.strictSame(hints.fields, ['Link: </a.css>', 'Link: </b.css>'], 'no Date, no Connection')
  origin.sends(response('no', '404 Not Found'))
  const answer = await client.readsMessage()
  t.strictSame([answer.line, answer.body], ['HTTP/1.1 404 Not Found', 'no'])
  t.equal(rig.ended.all[0].status, 404)
})

t.test('many interim responses in one read with the final one keep their order', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends(
    Array.from({ length: 50 }, (_, i) => `HTTP/1.1 103 Early Hints\r\nX: ${i}\r\n\r\n`).join('') +
      response('end'),
  )
  for (let i = 0; i < 50; i++) t.strictSame((await client.readsMessage()).fields, [`X: ${i}`])
  t.equal((await client.readsMessage()).body, 'end')
})

t.test('a client of HTTP/1.0 gets no interim response', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends('POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello')
  const origin = await rig.origin.accepts()
  const request = await origin.readsMessage()
  t.strictSame(values(request, 'expect'), [], 'it cannot wait for one either')
  origin.sends(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${response('ok')}`)
  t.equal((await client.readsMessage()).line, 'HTTP/1.1 200 OK')
})

t.test('the 100 of the origin releases the body', async (t) => {
  const rig = await Rig.start(t, { relay: { continueMs: 60_000 } })
  const client = await rig.connect()
  client.sends(EXPECTING)
  const origin = await rig.origin.accepts()
  const request = await origin.readsHead()
  t.strictSame(values(request, 'expect'), ['100-continue'])
  t.equal(client.receivedBytes, 0)
  origin.sends('HTTP/1.1 100 Continue\r\nX: y\r\n\r\n')
  const interim = await client.readsMessage()
  t.strictSame([interim.line, interim.fields], ['HTTP/1.1 100 Continue', ['X: y']])
  client.sends('hello')
  t.equal(await origin.reads(5), 'hello')
  origin.sends(response('ok'))
  const answer = await client.readsMessage()
  t.equal(answer.body, 'ok')
  t.strictSame(values(answer, 'connection'), [])
})

t.test('a final status without a 100 ends it: the body is not sent and the connection closes', async (t) => {
  const rig = await Rig.start(t, { relay: { continueMs: 60_000 } })
  const client = await rig.connect()
  client.sends(EXPECTING)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends(response('too big', '413 Content Too Large'))
  const answer = await client.readsMessage()
  t.strictSame([answer.status, answer.body], [413, 'too big'])
  t.strictSame(values(answer, 'connection'), ['close'])
  t.equal(await client.readsToEnd(), '')
  t.equal(await origin.ending(), 'end', 'the upstream connection is inside a request: it cannot go on')
  t.equal(rig.ended.all[0].outcome, 'ok')
})

t.test('an origin that says nothing gets the body after continueMs', async (t) => {
  const rig = await Rig.start(t, { relay: { continueMs: 100 } })
  const client = await rig.connect()
  client.sends(EXPECTING)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  const startedAt = performance.now()
  t.equal((await client.readsMessage()).line, 'HTTP/1.1 100 Continue')
  t.ok(performance.now() - startedAt > 80)
  client.sends('hello')
  t.equal(await origin.reads(5), 'hello')
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('our 100 is not sent into a response', async (t) => {
  const rig = await Rig.start(t, { relay: { continueMs: 100 } })
  const client = await rig.connect()
  client.sends(EXPECTING)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
  const head = await client.readsHead()
  t.equal(head.status, 200)
  await new Promise((resolve) => setTimeout(resolve, 400))
  origin.sends('again')
  t.equal(await client.readsToEnd(), 'firstagain')
})

t.test('another interim response is no 100: ours still comes', async (t) => {
  const rig = await Rig.start(t, { relay: { continueMs: 100 } })
  const client = await rig.connect()
  client.sends(EXPECTING)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends('HTTP/1.1 103 Early Hints\r\n\r\n')
  t.equal((await client.readsMessage()).status, 103)
  t.equal((await client.readsMessage()).status, 100)
  client.sends('hello')
  await origin.reads(5)
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('a client that does not wait for the 100 gets none of ours', async (t) => {
  const rig = await Rig.start(t, { relay: { continueMs: 50 } })
  for (const late of ['', 'lo']) {
    const client = await rig.connect()
    client.sends(`${EXPECTING}hel${late === '' ? 'lo' : ''}`)
    const origin = await rig.origin.accepts()
    await origin.readsHead()
    await new Promise((resolve) => setTimeout(resolve, 250))
    t.equal(client.receivedBytes, 0)
    client.sends(late)
    await origin.reads(5)
    origin.sends(response('ok', '200 OK', 'Connection: close\r\n'))
    const answer = await client.readsMessage()
    t.equal(answer.line, 'HTTP/1.1 200 OK')
    t.strictSame(values(answer, 'connection'), [])
  }
})

t.test('a held request gets no 100 before it is dispatched', async (t) => {
  const rig = await Rig.start(t, { onRequest: () => {}, relay: { continueMs: 50 } })
  const client = await rig.connect()
  client.sends(EXPECTING)
  const exchange = await rig.begun.next()
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(client.receivedBytes, 0)
  exchange.forward(rig.endpoint)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  t.equal((await client.readsMessage()).status, 100)
  client.sends('hello')
  await origin.reads(5)
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('an answer of our own to a client that waits closes the connection', async (t) => {
  const rig = await Rig.start(t, { onRequest: (exchange) => exchange.reply(503, '', 'full', 'refused') })
  const client = await rig.connect()
  client.sends(EXPECTING)
  const answer = await client.readsMessage()
  t.equal(answer.status, 503)
  t.strictSame(values(answer, 'connection'), ['close'])
  t.equal(await client.readsToEnd(), '')
})

t.test('Expect without a body to wait with is not forwarded', async (t) => {
  const rig = await Rig.start(t, { relay: { continueMs: 50 } })
  const client = await rig.connect()
  client.sends(get('/', 'Expect: 100-continue\r\n'))
  const origin = await rig.origin.accepts()
  t.strictSame(values(await origin.readsMessage(), 'expect'), [])
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.equal(client.receivedBytes, 0)
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('a 100 that nobody asked for is relayed and changes nothing', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends(`HTTP/1.1 100 Continue\r\n\r\n${response('ok')}`)
  t.equal((await client.readsMessage()).status, 100)
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('interim responses without end to a client that does not read do not fill memory', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.socket.pause()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  const many = Buffer.from(
    `HTTP/1.1 103 Early Hints\r\nX: ${'x'.repeat(1000)}\r\n\r\n`.repeat(1000),
    'latin1',
  )
  for (let i = 0; i < 40; i++) await origin.sendsWhole(many)
  await turns(5)
  const { socket } = rig.begun.all[0].downstream as H1Downstream
  t.ok(socket.writableLength < 1024 * 1024, `${socket.writableLength} bytes wait for the client`)
  client.isDiscarding = true
  client.socket.resume()
  origin.sends(response('ok'))
  await until('the exchange is over', () => rig.ended.count === 1)
})
