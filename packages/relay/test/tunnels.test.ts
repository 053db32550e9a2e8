import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { serverCloseFrame, WebSocketFrames } from '../src/websocket-frames.ts'
import type { Peer } from './support/peer.ts'
import { get, Rig, type RigOptions } from './support/rig.ts'
import { turns, until, within } from './support/within.ts'

/** Longer than any test waits. */
const LONG_MS = 60_000
const CLOSE_1001 = serverCloseFrame().toString('latin1')

/** A tunnel that stands, with both of its ends. */
async function tunnel(t: Test, protocol: string, options: RigOptions = {}) {
  const rig = await Rig.start(t, options)
  const client = await rig.connect()
  client.sends(get('/chat', `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`))
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`)
  await client.readsHead()
  t.equal(rig.relay.tunnels, 1)
  return { rig, client, origin }
}

/** A text frame; with a mask of zeros when a client sends it. */
function text(payload: string, isMasked = false): string {
  const mask = isMasked ? '\0\0\0\0' : ''
  const length = String.fromCharCode(payload.length | (isMasked ? 0x80 : 0))
  return `\x81${length}${mask}${payload}`
}

/** The next close frame from a client: its status. */
async function readsMaskedClose(peer: Peer): Promise<number> {
  const frame = Buffer.from(await peer.reads(8), 'latin1')
  t.equal(frame.toString('hex', 0, 2), '8882')
  return ((frame[6] ^ frame[2]) << 8) | (frame[7] ^ frame[3])
}

/** Waits for the close, whatever it is. */
const isClosed = async (rig: Rig, closing: Promise<void>): Promise<void> => {
  await within('every tunnel is closed', closing)
  t.equal(rig.relay.tunnels, 0)
}

t.test('half of a WebSocket does not stay for ever when nothing is said on it', async (t) => {
  const { rig, client, origin } = await tunnel(t, 'websocket', { relay: { lingerMs: 100 } })
  client.ends()
  await origin.ending()
  // The endpoint may still say goodbye …
  origin.sends(text('late'))
  t.equal(await client.reads(6), text('late'))
  // … but it never ends its side.
  t.equal((await rig.ended.next()).outcome, 'ok')
  t.equal(rig.relay.tunnels, 0)
  await until('our side of it is closed', () => rig.endpoint.openConnections === 0)
})

t.test('the endpoint may end its side first, and the client be silent', async (t) => {
  const { rig, client, origin } = await tunnel(t, 'websocket', { relay: { lingerMs: 100 } })
  origin.ends()
  await client.ending()
  t.equal((await rig.ended.next()).outcome, 'ok')
  t.equal(rig.relay.tunnels, 0)
})

// ── against ws on both sides ──────────────────────────────────────────────────────────────────────────────────────

/** Clients and a server of `ws` with a relay in between. */
async function webSockets(t: Test, count: number, perMessageDeflate = false) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate })
  await once(server, 'listening')
  const rig = await Rig.start(t, {
    onRequest: (exchange, rig) => exchange.forward(rig.endpointTo((server.address() as AddressInfo).port)),
  })
  const accepted: WebSocket[] = []
  server.on('connection', (socket) => accepted.push(socket))
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    return new Promise((resolve) => server.close(resolve))
  })
  const clients: WebSocket[] = []
  for (let i = 0; i < count; i++) {
    const socket = new WebSocket(`ws://127.0.0.1:${rig.port}/`, { perMessageDeflate })
    t.teardown(() => socket.terminate())
    await within('the WebSocket opens', once(socket, 'open'))
    clients.push(socket)
  }
  return { rig, clients, accepted }
}

/** The code of the close, and every error on the way. */
function watchClose(socket: WebSocket): { closed: Promise<number>; errors: Error[] } {
  const errors: Error[] = []
  socket.on('error', (error) => errors.push(error))
  const closed = once(socket, 'close').then(([code]) => code as number)
  return { closed: within('the close of a WebSocket', closed), errors }
}

t.test('ws on both sides: each end is told 1001, and the tunnel ends by itself', async (t) => {
  const { rig, clients, accepted } = await webSockets(t, 3)
  const ends = [...clients, ...accepted].map(watchClose)
  t.equal(rig.relay.tunnels, 3)
  await isClosed(rig, rig.relay.closeTunnels(LONG_MS))
  for (const { closed, errors } of ends) {
    t.equal(await closed, 1001)
    t.strictSame(errors, [])
  }
  for (let i = 0; i < 3; i++) t.match(await rig.ended.next(), { outcome: 'ok', failure: '', status: 101 })
})

for (const perMessageDeflate of [false, true]) {
  t.test(
    `ws on both sides, in the middle of messages ${perMessageDeflate ? 'with' : 'without'} compression: what arrives is whole`,
    async (t) => {
      const { rig, clients, accepted } = await webSockets(t, 1, perMessageDeflate)
      const [client, app] = [clients[0], accepted[0]]
      const ends = [client, app].map(watchClose)
      const sizes = [10, 126, 70_000, 1_000_000, 3]
      const received = [client, app].map((socket) => {
        const messages: Buffer[] = []
        socket.on('message', (data: Buffer) => messages.push(data))
        return messages
      })
      const sent = Array.from({ length: 40 }, (_, i) => Buffer.alloc(sizes[i % sizes.length], i))
      for (const data of sent) {
        client.send(data)
        app.send(data)
        client.ping()
      }
      await until('some have arrived', () => received.every((messages) => messages.length > 0))
      await isClosed(rig, rig.relay.closeTunnels(LONG_MS))
      for (const { closed, errors } of ends) {
        t.equal(await closed, 1001)
        t.strictSame(errors, [])
      }
      for (const messages of received)
        t.ok(
          messages.every((data, i) => data.equals(sent[i])),
          `${messages.length} messages, in order`,
        )
    },
  )
}

// ── byte by byte ──────────────────────────────────────────────────────────────────────────────────────────────────

t.test('at a boundary both get the frame at once, and nothing behind it', async (t) => {
  const { rig, client, origin } = await tunnel(t, 'websocket')
  client.sends(text('up', true))
  origin.sends(text('down'))
  t.equal(await origin.reads(8), text('up', true))
  t.equal(await client.reads(6), text('down'))
  const closing = rig.relay.closeTunnels(LONG_MS)
  t.equal(await client.reads(4), CLOSE_1001)
  t.equal(await readsMaskedClose(origin), 1001)
  // Their own close frames, and an endpoint that goes on talking.
  client.sends('\x88\x82\0\0\0\0\x03\xe9')
  origin.sends(`${text('more')}\x88\x02\x03\xe9`)
  origin.ends()
  t.equal(await client.readsToEnd(), '', 'nothing may follow a close frame')
  client.ends()
  t.equal(await origin.readsToEnd(), '')
  await isClosed(rig, closing)
  t.match(await rig.ended.next(), { outcome: 'ok', failure: '' })
})

t.test('inside a frame it waits for its end, wherever the frame is cut', async (t) => {
  const frame = text('abcdef')
  for (let cut = 1; cut < frame.length; cut++) {
    const { rig, client, origin } = await tunnel(t, 'WebSocket')
    origin.sends(text('one') + frame.slice(0, cut))
    t.equal(await client.reads(5 + cut), text('one') + frame.slice(0, cut))
    const closing = rig.relay.closeTunnels(LONG_MS)
    t.equal(await readsMaskedClose(origin), 1001, 'the other direction does not wait')
    await turns()
    t.equal(client.unread, '')
    origin.sends(`${frame.slice(cut)}${text('next')}`)
    t.equal(await client.reads(frame.length - cut + 4), frame.slice(cut) + CLOSE_1001, `cut at ${cut}`)
    origin.ends()
    t.equal(await client.readsToEnd(), '')
    client.ends()
    await isClosed(rig, closing)
  }
})

t.test('between the fragments of a message is a boundary, too', async (t) => {
  const { rig, client, origin } = await tunnel(t, 'websocket')
  origin.sends('\x01\x03abc')
  t.equal(await client.reads(5), '\x01\x03abc')
  const closing = rig.relay.closeTunnels(LONG_MS)
  t.equal(await client.reads(4), CLOSE_1001)
  origin.ends()
  client.ends()
  await isClosed(rig, closing)
})

t.test('an end that said goodbye itself has no second one said for it', async (t) => {
  for (const isHalf of [false, true]) {
    const { rig, client, origin } = await tunnel(t, 'websocket')
    const goodbye = '\x88\x82\0\0\0\0\x03\xe8'
    client.sends(isHalf ? goodbye.slice(0, 5) : goodbye)
    t.equal(await origin.reads(isHalf ? 5 : 8), isHalf ? goodbye.slice(0, 5) : goodbye)
    const closing = rig.relay.closeTunnels(LONG_MS)
    t.equal(await client.reads(4), CLOSE_1001, 'the other direction gets its own')
    if (isHalf) {
      client.sends(goodbye.slice(5))
      t.equal(await origin.reads(3), goodbye.slice(5))
    }
    origin.ends()
    await client.ending()
    client.ends()
    t.equal(await origin.readsToEnd(), '')
    await isClosed(rig, closing)
  }
})

t.test('what came early, behind the upgrade and behind the 101, counts', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  const early = text('early', true)
  client.sends(`${get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')}${early.slice(0, 4)}`)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  const first = text('first')
  origin.sends(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${first.slice(0, 3)}`,
  )
  await client.readsHead()
  t.equal(await client.reads(3), first.slice(0, 3))
  t.equal(await origin.reads(4), early.slice(0, 4))
  const closing = rig.relay.closeTunnels(LONG_MS)
  await turns()
  t.strictSame([client.unread, origin.unread], ['', ''])
  client.sends(early.slice(4))
  origin.sends(first.slice(3))
  t.equal(await origin.reads(early.length - 4), early.slice(4))
  t.equal(await readsMaskedClose(origin), 1001)
  t.equal(await client.reads(first.length - 3 + 4), first.slice(3) + CLOSE_1001)
  client.ends()
  origin.ends()
  await isClosed(rig, closing)
})

t.test('a direction that has ended gets no frame', async (t) => {
  const { rig, client, origin } = await tunnel(t, 'websocket')
  client.ends()
  t.equal(await origin.ending(), 'end')
  const closing = rig.relay.closeTunnels(LONG_MS)
  t.equal(await client.reads(4), CLOSE_1001)
  origin.ends()
  t.equal(await client.readsToEnd(), '')
  await isClosed(rig, closing)
  t.equal((await rig.ended.next()).outcome, 'ok')
})

t.test('other protocols are ended on both sides', async (t) => {
  const { rig, client, origin } = await tunnel(t, 'echo')
  client.sends('up')
  t.equal(await origin.reads(2), 'up')
  const closing = rig.relay.closeTunnels(LONG_MS)
  t.equal(await client.readsToEnd(), '')
  t.equal(await origin.readsToEnd(), '')
  client.sends('too late')
  client.ends()
  origin.ends()
  await isClosed(rig, closing)
  t.match(await rig.ended.next(), { outcome: 'ok', failure: '' })
})

t.test('who does not end in time is cut', async (t) => {
  for (const protocol of ['websocket', 'echo']) {
    const { rig, client, origin } = await tunnel(t, protocol)
    // In the middle of a frame that never ends.
    origin.sends('\x82\x7e\xff\xffabc')
    await client.reads(7)
    await isClosed(rig, rig.relay.closeTunnels(50))
    t.match(await rig.ended.next(), { outcome: 'refused', failure: 'cut', status: 101 })
    await client.ending()
    await origin.ending()
  }
})

t.test('a tunnel that begins while they are closed is closed, too', async (t) => {
  const rig = await Rig.start(t)
  await isClosed(rig, rig.relay.closeTunnels(LONG_MS))
  const client = await rig.connect()
  client.sends(get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'))
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  origin.sends('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  t.equal((await client.readsHead()).status, 101)
  t.equal(await client.reads(4), CLOSE_1001)
  t.equal(await readsMaskedClose(origin), 1001)
  client.ends()
  origin.ends()
  await rig.ended.next()
  t.equal(rig.relay.tunnels, 0)
})

t.test('requests are no tunnels', async (t) => {
  const rig = await Rig.start(t, { onRequest: () => {} })
  const client = await rig.connect()
  client.sends(get())
  await rig.begun.next()
  await isClosed(rig, rig.relay.closeTunnels(0))
  t.equal(rig.ended.count, 0)
})

t.test('closing twice adds nothing, and both calls resolve', async (t) => {
  const { rig, client, origin } = await tunnel(t, 'websocket')
  const both = Promise.all([rig.relay.closeTunnels(LONG_MS), rig.relay.closeTunnels(LONG_MS)])
  t.equal(await client.reads(4), CLOSE_1001)
  t.equal(await readsMaskedClose(origin), 1001)
  origin.ends()
  client.ends()
  t.equal(await client.readsToEnd(), '')
  await within('both', both)
})

t.test('a slow reader gets the close frame between frames, too', async (t) => {
  const { rig, client, origin } = await tunnel(t, 'websocket')
  client.socket.pause()
  const large = Buffer.concat([
    Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0x40, 0, 0]),
    Buffer.alloc(0x40_00_00, 7),
  ])
  for (let i = 0; i < 8; i++) origin.sends(large)
  await until('the relay holds back', () => origin.socket.writableLength > 0)
  await turns(20)
  const closing = rig.relay.closeTunnels(LONG_MS)
  t.equal(await readsMaskedClose(origin), 1001)
  client.socket.resume()
  origin.ends()
  const all = Buffer.from(await client.readsToEnd(), 'latin1')
  client.ends()
  await isClosed(rig, closing)
  const frames = new WebSocketFrames()
  let last = 0
  for (let at = 0; at < all.length && !frames.hasClose;) {
    last = at
    at = frames.next(all, at, all.length)
  }
  t.equal(all.toString('latin1', last), CLOSE_1001, 'it is the last frame, and whole')
  t.ok(all.subarray(0, last).length % large.length === 0)
})
