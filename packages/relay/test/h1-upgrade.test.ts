import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import type { H1Downstream } from '../src/h1-downstream.ts'
import { response } from './support/origin.ts'
import { type Peer, values } from './support/peer.ts'
import { get, Rig, type RigOptions } from './support/rig.ts'
import { turns, until, within } from './support/within.ts'

const UPGRADE =
  'GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\nX: y\r\n\r\n'
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

/** A tunnel that stands, with both of its ends. */
async function tunnel(t: Test, options: RigOptions = {}): Promise<{ rig: Rig; client: Peer; origin: Peer }> {
  const rig = await Rig.start(t, options)
  const client = await rig.connect()
  client.sends(UPGRADE)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends(SWITCHED)
  await client.readsHead()
  return { rig, client, origin }
}

/** An echo server of `ws` behind a relay. */
async function webSocket(t: Test): Promise<{ rig: Rig; socket: WebSocket }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  )
  const rig = await Rig.start(t, {
    onRequest: (exchange, rig) => exchange.forward(rig.endpointTo((server.address() as AddressInfo).port)),
  })
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    return new Promise((resolve) => server.close(resolve))
  })
  const socket = new WebSocket(`ws://127.0.0.1:${rig.port}/chat`)
  t.teardown(() => socket.terminate())
  await within('the WebSocket opens', once(socket, 'open'))
  return { rig, socket }
}

t.test('ws talks to ws: text, binary, large frames, ping, close', async (t) => {
  const { rig, socket } = await webSocket(t)
  const echoed = async (data: string | Buffer): Promise<Buffer> => {
    const message = once(socket, 'message')
    socket.send(data)
    return (await within('an echo', message))[0] as Buffer
  }
  t.equal((await echoed('hello')).toString(), 'hello')
  for (const size of [0, 125, 126, 65_535, 65_536, 10_000_000]) {
    const data = Buffer.alloc(size, size % 251)
    t.ok((await echoed(data)).equals(data), `${size} bytes`)
  }
  const pong = once(socket, 'pong')
  socket.ping('x')
  t.equal(String((await within('a pong', pong))[0]), 'x')
  const closed = once(socket, 'close')
  socket.close(4001, 'bye')
  const [code] = (await within('the close frame', closed)) as [number, Buffer]
  t.equal(code, 4001)
  const ended = await rig.ended.next()
  t.strictSame([ended.outcome, ended.status], ['ok', 101])
})

t.test('a thousand messages keep their order', async (t) => {
  const { socket } = await webSocket(t)
  const received: string[] = []
  const all = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      if (received.push(data.toString()) === 1000) resolve()
    })
  })
  const sent = Array.from({ length: 1000 }, (_, i) => String(i))
  for (const text of sent) socket.send(text)
  await within('every echo', all)
  t.strictSame(received, sent)
})

t.test('the upgrade crosses with its fields, and 101 with those of the origin', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(UPGRADE)
  const origin = await rig.origin.accepts()
  const request = await origin.readsMessage()
  t.strictSame(request.fields, ['Host: a.test', 'X: y', 'Connection: Upgrade', 'Upgrade: echo'])
  origin.sends('HTTP/1.1 101 Switching Protocols\r\nX: z\r\nUpgrade: ECHO\r\nConnection: upgrade\r\n\r\n')
  const switched = await client.readsMessage()
  t.equal(switched.line, 'HTTP/1.1 101 Switching Protocols')
  t.strictSame(switched.fields, ['X: z', 'Connection: Upgrade', 'Upgrade: ECHO'])
})

t.test(
  'bytes right behind the upgrade wait for the 101, bytes right behind the 101 are not lost',
  async (t) => {
    const rig = await Rig.start(t)
    const client = await rig.connect()
    client.sends(`${UPGRADE}early`)
    const origin = await rig.origin.accepts()
    await origin.readsHead()
    client.sends(' bird')
    await new Promise((resolve) => setTimeout(resolve, 50))
    t.equal(origin.unread, '')
    origin.sends(`${SWITCHED}first`)
    t.equal(await origin.reads(10), 'early bird')
    await client.readsHead()
    t.equal(await client.reads(5), 'first')
    client.sends('up')
    origin.sends('down')
    t.strictSame([await origin.reads(2), await client.reads(4)], ['up', 'down'])
  },
)

t.test('more early bytes than are read ahead cross whole', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  const early = Buffer.alloc(8 * 1024 * 1024, 'e')
  client.sends(UPGRADE)
  client.sends(early)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends(SWITCHED)
  await client.readsHead()
  t.equal(await origin.reads(early.length), early.toString('latin1'))
})

t.test('a refused upgrade is an ordinary response, and the connection goes on', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(UPGRADE)
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends(response('use ws', '426 Upgrade Required', 'Upgrade: websocket\r\nConnection: Upgrade\r\n'))
  const answer = await client.readsMessage()
  t.strictSame([answer.status, answer.body], [426, 'use ws'])
  client.sends(get())
  await origin.readsMessage()
  origin.sends(response('ok'))
  t.equal((await client.readsMessage()).body, 'ok')
})

t.test('early bytes behind a refused upgrade are no request', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(UPGRADE + get('/smuggled'))
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends(response('no', '403 Forbidden'))
  const answer = await client.readsMessage()
  t.equal(answer.body, 'no')
  t.strictSame(values(answer, 'connection'), ['close'])
  t.equal(await client.readsToEnd(), '')
  t.equal(rig.begun.count, 1)
})

for (const [what, upgrade] of [
  ['another protocol than was asked for', 'Upgrade: other\r\n'],
  ['no protocol', ''],
] as const) {
  t.test(`a switch to ${what} is answered with 502`, async (t) => {
    const rig = await Rig.start(t)
    const client = await rig.connect()
    client.sends(UPGRADE)
    const origin = await rig.origin.accepts()
    await origin.readsMessage()
    origin.sends(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n${upgrade}\r\nbytes`)
    const answer = await client.readsMessage()
    t.equal(answer.status, 502)
    t.strictSame(values(answer, 'proxy-status'), ['pilotlight; error=http_upgrade_failed'])
    await origin.ending()
    t.equal(rig.ended.all[0].failure, 'upgrade-mismatch')
  })
}

t.test('a switch that nobody asked for is answered with 502', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends(SWITCHED)
  t.equal((await client.readsMessage()).status, 502)
})

t.test('one of several protocols offered may be chosen', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(UPGRADE.replace('Upgrade: echo', 'Upgrade: fancy/2, echo'))
  const origin = await rig.origin.accepts()
  t.strictSame(values(await origin.readsMessage(), 'upgrade'), ['fancy/2, echo'])
  origin.sends(SWITCHED)
  t.equal((await client.readsMessage()).status, 101)
})

t.test('an upgrade to h2c, beside a body, or on HTTP/1.0 is ignored', async (t) => {
  const rig = await Rig.start(t)
  const requests = [
    UPGRADE.replace('Upgrade: echo', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA').replace(
      'Upgrade\r\n',
      'Upgrade, HTTP2-Settings\r\n',
    ),
    UPGRADE.replace('GET', 'POST').replace('X: y', 'Content-Length: 2') + 'ab',
    UPGRADE.replace('HTTP/1.1', 'HTTP/1.0'),
  ]
  const client = await rig.connect()
  let origin: Peer | null = null
  for (const bytes of requests) {
    client.sends(bytes)
    origin ??= await rig.origin.accepts()
    const request = await origin.readsMessage()
    t.strictSame(values(request, 'upgrade'), [])
    t.strictSame(values(request, 'connection'), [])
    t.strictSame(values(request, 'http2-settings'), [])
    origin.sends(response('plain'))
    t.equal((await client.readsMessage()).body, 'plain')
  }
})

t.test('the end of the origin’s direction leaves the client’s open', async (t) => {
  const { rig, client, origin } = await tunnel(t)
  origin.sends('last')
  origin.ends()
  t.equal(await client.readsToEnd(), 'last')
  for (const text of ['still', 'talking']) {
    client.sends(text)
    t.equal(await origin.reads(text.length), text)
  }
  t.equal(rig.ended.count, 0)
  client.ends()
  t.equal(await origin.ending(), 'end')
  t.equal((await rig.ended.next()).outcome, 'ok')
})

t.test('the end of the client’s direction leaves the origin’s open', async (t) => {
  const { rig, client, origin } = await tunnel(t)
  client.sends('last')
  client.ends()
  t.equal(await origin.readsToEnd(), 'last')
  for (const text of ['still', 'talking']) {
    origin.sends(text)
    t.equal(await client.reads(text.length), text)
  }
  t.equal(rig.ended.count, 0)
  origin.ends()
  t.equal(await client.readsToEnd(), '')
  t.equal((await rig.ended.next()).outcome, 'ok')
})

t.test('much data and then an end, to a slow reader, arrives whole in either direction', async (t) => {
  const size = 16 * 1024 * 1024
  for (const direction of ['up', 'down']) {
    const { rig, client, origin } = await tunnel(t, { relay: { lingerMs: 300 } })
    const [from, to] = direction === 'up' ? [client, origin] : [origin, client]
    to.socket.pause()
    from.socket.end(Buffer.alloc(size, 'x'))
    // Long enough for the look at connections that are not read.
    await new Promise((resolve) => setTimeout(resolve, 400))
    to.isDiscarding = true
    const before = to.receivedBytes
    to.socket.resume()
    t.equal(await to.ending(), 'end', direction)
    t.equal(to.receivedBytes - before, size, direction)
    to.ends()
    t.equal((await rig.ended.next()).outcome, 'ok')
  }
})

t.test('an end of the client while the origin does not read is not taken for its leaving', async (t) => {
  const { rig, client, origin } = await tunnel(t)
  origin.socket.pause()
  const { socket } = rig.begun.all[0].downstream as H1Downstream
  const piece = Buffer.alloc(64 * 1024, 'x')
  let sent = 0
  while (!socket.isPaused()) {
    await client.sendsWhole(piece)
    sent += piece.length
    await turns(2)
  }
  client.ends()
  // Long enough for the look at connections that are not read, which finds the end.
  await new Promise((resolve) => setTimeout(resolve, 300))
  origin.isDiscarding = true
  const before = origin.receivedBytes
  origin.socket.resume()
  t.equal(await origin.ending(), 'end')
  t.equal(origin.receivedBytes - before, sent)
  origin.sends('answer')
  t.equal(await client.reads(6), 'answer')
})

t.test('both directions that end with much data unread still arrive whole', async (t) => {
  const size = 8 * 1024 * 1024
  const { rig, client, origin } = await tunnel(t, { relay: { lingerMs: 300 } })
  client.socket.pause()
  origin.socket.pause()
  const before = [client.receivedBytes, origin.receivedBytes]
  client.socket.end(Buffer.alloc(size, 'u'))
  origin.socket.end(Buffer.alloc(size, 'd'))
  client.isDiscarding = true
  origin.isDiscarding = true
  client.socket.resume()
  origin.socket.resume()
  t.strictSame([await client.ending(), await origin.ending()], ['end', 'end'])
  t.strictSame([client.receivedBytes - before[0], origin.receivedBytes - before[1]], [size, size])
  t.equal((await rig.ended.next()).outcome, 'ok')
})

t.test(
  'a reset of the origin resets the client, a reset of the client ends the origin’s connection',
  async (t) => {
    const one = await tunnel(t)
    one.origin.resets()
    t.equal(await one.client.ending(), 'reset')
    t.equal((await one.rig.ended.next()).outcome, 'ok')

    const two = await tunnel(t)
    two.client.resets()
    await two.origin.ending()
    t.equal((await two.rig.ended.next()).outcome, 'ok')
  },
)

t.test('a reset of the client while the origin does not read is noticed', async (t) => {
  const { rig, client, origin } = await tunnel(t)
  origin.socket.pause()
  client.socket.write(Buffer.alloc(32 * 1024 * 1024))
  await until('the relay stops reading', () => {
    return (rig.begun.all[0].downstream as H1Downstream).socket.isPaused()
  })
  client.resets()
  t.equal((await rig.ended.next()).outcome, 'ok')
})

t.test('response-start and total do not end a tunnel', async (t) => {
  const { rig, client, origin } = await tunnel(t, {
    relay: { clocks: { responseStartMs: 200, responseStartIncludesQueue: true, totalMs: 200, queueMs: 200 } },
  })
  await new Promise((resolve) => setTimeout(resolve, 500))
  client.sends('up')
  t.equal(await origin.reads(2), 'up')
  t.equal(rig.ended.count, 0)
})

t.test('idle ends a tunnel in which nothing moves, and only such a one', async (t) => {
  const { rig, client, origin } = await tunnel(t, { relay: { clocks: { idleMs: 200 } } })
  for (let i = 0; i < 6; i++) {
    const [from, to] = i % 2 === 0 ? [client, origin] : [origin, client]
    from.sends('x')
    await to.reads(1)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.equal(rig.ended.count, 0)
  await client.ending()
  await origin.ending()
  const ended = await rig.ended.next()
  t.strictSame([ended.outcome, ended.failure], ['timeout', 'idle-timeout'])
})

t.test('tunnelMs ends a tunnel however busy it is', async (t) => {
  const { rig, client, origin } = await tunnel(t, { relay: { clocks: { tunnelMs: 300, idleMs: 100_000 } } })
  client.isDiscarding = true
  origin.isDiscarding = true
  const talking = setInterval(() => {
    client.sends('x')
    origin.sends('y')
  }, 10)
  t.teardown(() => clearInterval(talking))
  const ended = await rig.ended.next()
  t.strictSame([ended.outcome, ended.failure], ['timeout', 'tunnel-timeout'])
})
