import t from 'tap'
import type { H1Downstream } from '../src/h1-downstream.ts'
import { values } from './support/peer.ts'
import { answering, response } from './support/origin.ts'
import { get, post, Rig } from './support/rig.ts'
import { until } from './support/within.ts'

t.test('one connection on either side serves request after request', async (t) => {
  const rig = await Rig.start(t, { serve: answering((request) => response(request.line)) })
  const client = await rig.connect()
  for (let i = 0; i < 5; i++) {
    client.sends(get(`/${i}`))
    const answer = await client.readsMessage()
    t.equal(answer.body, `GET /${i} HTTP/1.1`)
    t.strictSame(values(answer, 'connection'), [], 'HTTP/1.1 persists without saying so')
  }
  t.equal(rig.origin.accepted.count, 1)
  t.equal(rig.endpoint.idleConnections, 1)
})

t.test('bodies do not end reuse', async (t) => {
  const rig = await Rig.start(t, { serve: answering((request) => response(request.body)) })
  const client = await rig.connect()
  for (const body of ['one', '', 'three', 'x'.repeat(100_000)]) {
    client.sends(post(body))
    t.equal((await client.readsMessage()).body, body)
  }
  t.equal(rig.origin.accepted.count, 1)
})

t.test('Connection: close of the client ends its connection, not the upstream one', async (t) => {
  const rig = await Rig.start(t, { serve: answering(() => response('ok')) })
  for (let i = 0; i < 3; i++) {
    const client = await rig.connect()
    client.sends(get('/', 'Connection: close\r\n'))
    const answer = await client.readsMessage()
    t.strictSame(values(answer, 'connection'), ['close'])
    t.equal(await client.readsToEnd(), '')
  }
  t.equal(rig.origin.accepted.count, 1, 'the upstream connection was kept')
})

t.test('Connection: close of the origin ends its connection, not the client’s', async (t) => {
  const rig = await Rig.start(t, {
    serve: async (peer) => {
      await peer.readsMessage()
      peer.sends(response('ok', '200 OK', 'Connection: close\r\n'))
      peer.ends()
    },
  })
  const client = await rig.connect()
  for (let i = 0; i < 3; i++) {
    client.sends(get())
    const answer = await client.readsMessage()
    t.strictSame(values(answer, 'connection'), [])
    t.equal(answer.body, 'ok')
  }
  t.equal(rig.origin.accepted.count, 3)
  t.equal(rig.endpoint.idleConnections, 0)
})

t.test('an HTTP/1.0 client gets one answer, and keep-alive when it asks for it', async (t) => {
  const rig = await Rig.start(t, { serve: answering(() => response('ok')) })
  const once = await rig.connect()
  once.sends('GET / HTTP/1.0\r\n\r\n')
  const closing = await once.readsMessage()
  t.equal(closing.line, 'HTTP/1.1 200 OK')
  t.strictSame(values(closing, 'connection'), ['close'])
  t.equal(await once.readsToEnd(), '')

  const more = await rig.connect()
  for (let i = 0; i < 2; i++) {
    more.sends('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    const answer = await more.readsMessage()
    t.strictSame(values(answer, 'connection'), ['keep-alive'])
    t.equal(answer.body, 'ok')
  }
})

t.test('a request of HTTP/1.0 goes upstream as 1.1 with the name of the endpoint for a Host', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends('GET /x HTTP/1.0\r\n\r\n')
  const origin = await rig.origin.accepts()
  const request = await origin.readsMessage()
  t.equal(request.line, 'GET /x HTTP/1.1')
  t.strictSame(values(request, 'host'), [`127.0.0.1:${rig.origin.port}`])
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('an origin that speaks HTTP/1.0 is asked once per connection unless it keeps it alive', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const first = await rig.origin.accepts()
  await first.readsMessage()
  first.sends('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const answer = await client.readsMessage()
  t.equal(answer.line, 'HTTP/1.1 200 OK')
  t.equal(await first.ending(), 'end')

  client.sends(get())
  const second = await rig.origin.accepts()
  await second.readsMessage()
  second.sends('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok')
  await client.readsMessage()
  client.sends(get())
  await second.readsMessage()
  second.sends(response('again'))
  t.equal((await client.readsMessage()).body, 'again')
})

t.test('an idle client connection is closed after keepAliveMs, silently', async (t) => {
  const rig = await Rig.start(t, {
    serve: answering(() => response('ok')),
    relay: { keepAliveMs: 100, headMs: 60_000 },
  })
  const client = await rig.connect()
  client.sends(get())
  await client.readsMessage()
  const startedAt = performance.now()
  t.equal(await client.readsToEnd(), '')
  const passed = performance.now() - startedAt
  t.ok(passed >= 95 && passed < 2000, `closed after ${passed.toFixed(0)} ms`)
})

t.test('keepAliveMs begins anew with every answer', async (t) => {
  const rig = await Rig.start(t, { serve: answering(() => response('ok')), relay: { keepAliveMs: 300 } })
  const client = await rig.connect()
  const startedAt = performance.now()
  while (performance.now() - startedAt < 700) {
    client.sends(get())
    await client.readsMessage()
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  t.notOk(client.isOver)
  t.equal(await client.readsToEnd(), '')
})

t.test('a connection that never sent a byte is closed after headMs without an answer', async (t) => {
  const rig = await Rig.start(t, { relay: { headMs: 100 } })
  const client = await rig.connect()
  t.equal(await client.readsToEnd(), '')
  t.equal(rig.begun.count, 0)
})

for (const [what, first] of [
  ['on a new connection', ''],
  ['behind an answered request', get()],
] as const) {
  t.test(`a head that stays partial ${what} is answered with 408`, async (t) => {
    const rig = await Rig.start(t, { serve: answering(() => response('ok')), relay: { headMs: 100 } })
    const client = await rig.connect()
    if (first !== '') {
      client.sends(first)
      await client.readsMessage()
    }
    client.sends('GET / HTTP/1.1\r\nHost: a.te')
    const answer = await client.readsMessage()
    t.equal(answer.line, 'HTTP/1.1 408 Request Timeout')
    t.strictSame(values(answer, 'connection'), ['close'])
    t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=http_request_error'])
    t.equal(await client.readsToEnd(), '')
    t.equal(rig.begun.count, first === '' ? 0 : 1, 'the service was not asked')
  })
}

t.test('one byte of what may be HTTP/2 or a POST is a partial head', async (t) => {
  const rig = await Rig.start(t, { relay: { headMs: 100 } })
  const client = await rig.connect()
  client.sends('P')
  t.equal((await client.readsMessage()).status, 408)
})

t.test('a head that drips in byte by byte is cut off by headMs as a whole', async (t) => {
  const rig = await Rig.start(t, { relay: { headMs: 200 } })
  const client = await rig.connect()
  const startedAt = performance.now()
  const dripping = setInterval(() => client.sends('a'), 20)
  t.teardown(() => clearInterval(dripping))
  client.sends('GET / HTTP/1.1\r\nX: ')
  t.equal((await client.readsMessage()).status, 408)
  clearInterval(dripping)
  t.ok(performance.now() - startedAt < 2000, 'bytes do not put it off')
})

t.test('a head that came slowly but in time is served', async (t) => {
  const rig = await Rig.start(t, {
    serve: answering((request) => response(request.line)),
    relay: { headMs: 20_000 },
  })
  const client = await rig.connect()
  for (const byte of get('/slow')) {
    client.sends(byte)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal((await client.readsMessage()).body, 'GET /slow HTTP/1.1')
})

t.test('neither headMs nor keepAliveMs closes during an exchange', async (t) => {
  const rig = await Rig.start(t, { relay: { headMs: 60, keepAliveMs: 60 } })
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  await new Promise((resolve) => setTimeout(resolve, 400))
  t.notOk(client.isOver)
  origin.sends(response('late'))
  t.equal((await client.readsMessage()).body, 'late')
  client.sends(post('unfinished').slice(0, -1))
  await origin.readsHead()
  await new Promise((resolve) => setTimeout(resolve, 400))
  t.notOk(client.isOver, 'a body is no head')
  client.sends('d')
  await origin.reads(10)
  origin.sends(response('done'))
  t.equal((await client.readsMessage()).body, 'done')
})

t.test('one empty line between requests is no request', async (t) => {
  const rig = await Rig.start(t, { serve: answering((request) => response(request.body)) })
  const client = await rig.connect()
  client.sends(`${post('a')}\r\n${post('b')}`)
  t.equal((await client.readsMessage()).body, 'a')
  t.equal((await client.readsMessage()).body, 'b')
})

t.test('a closing relay serves what is under way, says close, and ends idle connections', async (t) => {
  const rig = await Rig.start(t)
  const busy = await rig.connect()
  const idle = await rig.connect()
  busy.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  await until('both connections are accepted', () => rig.relay.connections === 2)
  const closed = rig.relay.close()
  t.equal(await idle.readsToEnd(), '')
  idle.ends()
  origin.sends(response('last'))
  const answer = await busy.readsMessage()
  t.equal(answer.body, 'last')
  t.strictSame(values(answer, 'connection'), ['close'])
  t.equal(await busy.readsToEnd(), '')
  busy.ends()
  await closed
})

t.test(
  'an upstream connection is kept as long as the pool says, and less when the server says so',
  async (t) => {
    const rig = await Rig.start(t, {
      serve: answering(() => response('ok', '200 OK', 'Keep-Alive: timeout=1\r\n')),
    })
    const client = await rig.connect()
    client.sends(get())
    await client.readsMessage()
    const origin = await rig.origin.accepts()
    t.equal(await origin.ending(), 'end', 'the margin of a second leaves nothing of timeout=1')
  },
)

t.test('a client that has ended its direction still gets what was answered before', async (t) => {
  const body = 'x'.repeat(8_000_000)
  const rig = await Rig.start(t, { onRequest: (exchange) => exchange.reply(200, '', body) })
  for (const fields of ['', 'Connection: close\r\n']) {
    const client = await rig.connect()
    client.socket.pause()
    client.sends(get('/', fields))
    await rig.ended.next()
    client.ends()
    await until('the relay sees the end', () => {
      const { socket } = rig.begun.all.at(-1)!.downstream as H1Downstream
      return socket.readableEnded
    })
    client.socket.resume()
    t.equal((await client.readsMessage()).body.length, body.length)
    t.equal(await client.ending(), 'end')
  }
})

t.test('a service that gives up when it sees the response cuts it', async (t) => {
  for (const body of [
    'Content-Length: 2\r\n\r\nok',
    'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    '\r\nok',
  ]) {
    const rig = await Rig.start(t, {
      serve: answering(() => `HTTP/1.1 200 OK\r\n${body}`),
      onResponse: (exchange) => exchange.fail('cut'),
    })
    const client = await rig.connect()
    client.sends(get())
    t.equal(await client.ending(), 'reset')
    t.equal(client.receivedBytes, 0)
    t.strictSame([(await rig.ended.next()).failure, rig.endpoint.idleConnections], ['cut', 0])
  }
})
