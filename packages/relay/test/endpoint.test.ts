import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import type { Upstream } from '../src/sides.ts'
import { EndpointScene } from './support/endpoint-scene.ts'
import { Dice, runs, SEED } from './support/model-settings.ts'
import { answering, Origin, response } from './support/origin.ts'
import type { Peer } from './support/peer.ts'
import { turns, until } from './support/within.ts'
import { freePort } from '../../../test/support/free-port.ts'

/** A scene with an origin that the test drives, and `count` connections in the pool, in the order they became idle. */
async function setUp(t: Test, count: number) {
  const origin = await Origin.start(t)
  const scene = new EndpointScene(t, origin.port)
  const clients = Array.from({ length: count }, () => scene.asks())
  const peers: Peer[] = []
  for (let i = 0; i < count; i++) peers.push(await origin.accepts())
  for (const peer of peers) {
    await peer.readsMessage()
    peer.sends(response('x'))
    await until('the connection is idle', () => scene.endpoint.idleConnections === peers.indexOf(peer) + 1)
  }
  for (const client of clients) await client.done()
  return { origin, scene, peers }
}

t.test('the connection used last is used first', async (t) => {
  const { scene, peers } = await setUp(t, 3)
  const client = scene.asks()
  await peers[2].readsMessage()
  peers[2].sends(response('y'))
  t.equal(await client.done(), 'ok 200')
  t.equal(client.downstream.received, 'y')
  t.equal(scene.endpoint.openConnections, 3)
})

t.test('keeps no more idle connections than idleMax', async (t) => {
  const origin = await Origin.start(
    t,
    answering(() => response('x')),
  )
  const scene = new EndpointScene(t, origin.port, { idleMax: 2 })
  const clients = Array.from({ length: 5 }, () => scene.asks())
  for (const client of clients) t.equal(await client.done(), 'ok 200')
  await until('the others are closed', () => scene.endpoint.openConnections === 2)
  t.equal(scene.endpoint.idleConnections, 2)
})

t.test('with an idleMax of 0 every exchange has a connection of its own', async (t) => {
  const origin = await Origin.start(
    t,
    answering(() => response('x')),
  )
  const scene = new EndpointScene(t, origin.port, { idleMax: 0 })
  for (let i = 0; i < 3; i++) t.equal(await scene.asks().done(), 'ok 200')
  await until('all are closed', () => scene.endpoint.openConnections === 0)
  t.equal(origin.accepted.count, 3)
})

t.test('closes a connection that was idle for idleMs, not before', async (t) => {
  const { scene, peers } = await setUp(t, 1)
  scene.pass(89_950)
  t.equal(scene.endpoint.idleConnections, 1)
  scene.pass(150)
  t.equal(scene.endpoint.idleConnections, 0)
  t.equal(await peers[0].ending(), 'end')
})

t.test(
  'a connection that serves for longer than idleMs is not closed meanwhile, and idle again has idleMs anew',
  async (t) => {
    const origin = await Origin.start(t)
    const scene = new EndpointScene(t, origin.port)
    const first = scene.asks()
    const peer = await origin.accepts()
    await peer.readsMessage()
    peer.sends(response('x'))
    await first.done()
    scene.pass(80_000)
    const second = scene.asks()
    await peer.readsMessage()
    scene.pass(200_000)
    t.equal(scene.endpoint.openConnections, 1)
    peer.sends(response('x'))
    t.equal(await second.done(), 'ok 200')
    scene.pass(89_950)
    t.equal(scene.endpoint.idleConnections, 1)
    scene.pass(150)
    t.equal(scene.endpoint.idleConnections, 0)
    t.equal(await peer.ending(), 'end')
  },
)

t.test('leaves a second before the server would close by its own word', async (t) => {
  const origin = await Origin.start(t)
  const scene = new EndpointScene(t, origin.port)
  const client = scene.asks()
  const peer = await origin.accepts()
  await peer.readsMessage()
  peer.sends(response('x', '200 OK', 'Keep-Alive: timeout=5, max=100\r\n'))
  await client.done()
  scene.pass(3950)
  t.equal(scene.endpoint.idleConnections, 1)
  scene.pass(150)
  t.equal(scene.endpoint.idleConnections, 0)
  t.equal(await peer.ending(), 'end')
})

t.test('keeps no connection that the server announces to close within a second', async (t) => {
  const origin = await Origin.start(
    t,
    answering(() => response('x', '200 OK', 'Keep-Alive: timeout=1\r\n')),
  )
  const scene = new EndpointScene(t, origin.port)
  await scene.asks().done()
  t.equal(scene.endpoint.idleConnections, 0)
})

t.test('a connection that becomes free serves the oldest who waits, before its own dial does', async (t) => {
  const origin = await Origin.start(t)
  const scene = new EndpointScene(t, origin.port)
  const first = scene.asks()
  const peer = await origin.accepts()
  await peer.readsMessage()
  let [second, third] = [first, first]
  first.onResponse = () => {
    second = scene.asks('PUT')
    third = scene.asks('DELETE')
  }
  peer.sends(response('1'))
  t.match(await peer.readsMessage(), { line: 'PUT / HTTP/1.1' }, 'on the connection that became free')
  const other = await origin.accepts()
  t.match(await other.readsMessage(), { line: 'DELETE / HTTP/1.1' })
  peer.sends(response('2'))
  other.sends(response('3'))
  t.equal(await second.done(), 'ok 200')
  t.equal(await third.done(), 'ok 200')
  await until('the dial that was not needed is in the pool', () => scene.endpoint.idleConnections === 3)
})

t.test('who asks for a fresh connection does not get one that served before', async (t) => {
  const origin = await Origin.start(t)
  const scene = new EndpointScene(t, origin.port)
  const first = scene.asks()
  const peer = await origin.accepts()
  await peer.readsMessage()
  const fresh: Upstream = {
    name: 'fresh',
    acquire: (exchange) => scene.endpoint.acquire(exchange, true),
    withdraw: (exchange) => scene.endpoint.withdraw(exchange),
  }
  let [second, third] = [first, first]
  first.onResponse = () => {
    second = scene.asks('PUT', fresh)
    third = scene.asks('DELETE')
  }
  peer.sends(response('1'))
  t.match(await peer.readsMessage(), { line: 'DELETE / HTTP/1.1' }, 'the free one goes to who takes any')
  const other = await origin.accepts()
  t.match(await other.readsMessage(), { line: 'PUT / HTTP/1.1' })
  peer.sends(response('2'))
  other.sends(response('3'))
  t.equal(await second.done(), 'ok 200')
  t.equal(await third.done(), 'ok 200')
})

t.test('a failed dial fails nobody while others are enough, and says why when it does', async (t) => {
  const server = createServer()
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const { port } = server.address() as AddressInfo
  const scene = new EndpointScene(t, port)
  const first = scene.asks()
  const socket = await accepted
  t.teardown(() => socket.destroy())
  await new Promise<void>((resolve) => socket.once('data', () => resolve()))
  server.close()
  await turns()
  let [second, third] = [first, first]
  first.onResponse = () => {
    second = scene.asks('PUT')
    third = scene.asks('DELETE')
  }
  socket.on('data', () => socket.write(response('2')))
  socket.write(response('1'))
  t.equal(await second.done(), 'ok 200')
  t.equal(await third.done(), 'upstream-failed 502')
  t.strictSame(second.failures, [])
  t.strictSame(third.failures, ['connect-refused'])
  t.equal(third.exchange.failureDetail, `dial tcp 127.0.0.1:${port}: connect: connection refused`)
})

t.test('every exchange learns that the endpoint refuses', async (t) => {
  const scene = new EndpointScene(t, await freePort())
  const clients = Array.from({ length: 5 }, () => scene.asks())
  for (const client of clients) {
    t.equal(await client.done(), 'upstream-failed 502')
    t.strictSame(client.failures, ['connect-refused'])
  }
})

t.test('who left while connecting is not served; its connection is kept for the next', async (t) => {
  const origin = await Origin.start(t)
  const scene = new EndpointScene(t, origin.port)
  const client = scene.asks()
  client.leaves()
  t.equal(await client.done(), 'client-gone 0')
  await until('the connection is in the pool', () => scene.endpoint.idleConnections === 1)
  const next = scene.asks()
  const peer = await origin.accepts()
  await peer.readsMessage()
  peer.sends(response('x'))
  t.equal(await next.done(), 'ok 200')
  t.equal(origin.accepted.count, 1)
})

t.test('who left while its connection was looked at is not served; the connection is kept', async (t) => {
  const { scene, peers } = await setUp(t, 1)
  scene.pass(1500)
  const client = scene.asks('POST')
  client.leaves()
  t.equal(await client.done(), 'client-gone 0')
  await until('the connection is back', () => scene.endpoint.idleConnections === 1)
  t.equal(peers[0].unread, '')
})

t.test('close: idle connections end at once, one in use when its exchange is over', async (t) => {
  const { origin, scene, peers } = await setUp(t, 2)
  const running = scene.asks()
  await peers[1].readsMessage()
  const waiting = scene.asks() // takes the other one
  await peers[0].readsMessage()
  const dialling = scene.asks()
  scene.endpoint.close()
  t.equal(await dialling.done(), 'upstream-failed 502')
  t.strictSame(dialling.failures, ['connect-failed'])
  peers[1].sends(response('y'))
  peers[0].sends(response('z'))
  t.equal(await running.done(), 'ok 200')
  t.equal(await waiting.done(), 'ok 200')
  await until('nothing is open', () => scene.endpoint.openConnections === 0)
  const late = scene.asks()
  t.equal(await late.done(), 'upstream-failed 502', 'and nobody is served after it')
  await turns()
  t.equal(
    origin.accepted.all.every((peer) => peer.socket.destroyed || peer.isOver),
    true,
  )
})

// ── the race with a server that closes an idle connection ─────────────────────────────────────────────────────────

t.test('a GET on a connection that the server just closed goes out again on a new one', async (t) => {
  const { origin, scene, peers } = await setUp(t, 3)
  for (const peer of peers) peer.closes()
  // In the same turn: nobody here can know yet.
  const client = scene.asks()
  const peer = await origin.accepts()
  await peer.readsMessage()
  peer.sends(response('again'))
  t.equal(await client.done(), 'ok 200')
  t.equal(client.downstream.received, 'again')
  t.strictSame(client.failures, [], 'nobody had to be asked')
  t.equal(client.exchange.attempts, 1)
  await until('only the new one is left', () => scene.endpoint.openConnections === 1)
})

t.test('a POST is not sent twice: on a connection that was used just now it fails', async (t) => {
  const { origin, scene, peers } = await setUp(t, 1)
  peers[0].closes()
  const client = scene.asks('POST')
  t.equal(await client.done(), 'upstream-failed 502')
  t.strictSame(client.failures, ['upstream-closed'])
  t.equal(origin.accepted.count, 1)
})

t.test(
  'a POST does not go out on a connection that was idle for long before the server had its say',
  async (t) => {
    for (const place of ['a turn of its own', 'the middle of a poll']) {
      const { origin, scene, peers } = await setUp(t, 1)
      scene.pass(1500)
      if (place === 'the middle of a poll') {
        const ping = await Origin.start(t)
        const inPoll = new EndpointScene(t, ping.port)
        const trigger = inPoll.asks()
        const pinged = await ping.accepts()
        await pinged.readsMessage()
        const arrived = new Promise<void>((resolve) => (trigger.onResponse = resolve))
        pinged.sends(response('now'))
        await arrived
      }
      peers[0].closes()
      const client = scene.asks('POST')
      const peer = await origin.accepts()
      t.match(await peer.readsMessage(), { line: 'POST / HTTP/1.1' }, place)
      peer.sends(response('once'))
      t.equal(await client.done(), 'ok 200', place)
      t.strictSame(client.failures, [], place)
    }
  },
)

t.test('a POST goes out on a connection that was idle for long and is still open', async (t) => {
  const { origin, scene, peers } = await setUp(t, 1)
  scene.pass(1500)
  const client = scene.asks('POST')
  await peers[0].readsMessage()
  peers[0].sends(response('x'))
  t.equal(await client.done(), 'ok 200')
  t.equal(origin.accepted.count, 1)
})

t.test('a refused dial does not fail a request whose connection is being looked at', async (t) => {
  const { origin, scene, peers } = await setUp(t, 1)
  scene.pass(1500)
  origin.stopsListening()
  const post = scene.asks('POST')
  const get = scene.asks()
  await peers[0].readsMessage()
  peers[0].sends(response('x'))
  t.equal(await post.done(), 'ok 200')
  t.equal(await get.done(), 'upstream-failed 502')
})

// ── nothing is left ───────────────────────────────────────────────────────────────────────────────────────────────

/** An application that does everything an application should not. */
const misbehave =
  (dice: Dice) =>
  async (peer: Peer): Promise<void> => {
    for (;;) {
      await peer.readsMessage()
      switch (dice.below(9)) {
        case 0:
          return peer.closes()
        case 1:
          return peer.resets()
        case 2:
          peer.sends('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
          return peer.closes()
        case 3:
          peer.sends(response('x'))
          return peer.closes()
        case 4:
          peer.sends(response('x', '200 OK', 'Connection: close\r\n'))
          break
        case 5:
          peer.sends('garbage\r\n\r\n')
          break
        case 6:
          peer.sends(`${response('x')}trailing garbage`)
          break
        case 7:
          // Never answers: the client will have to leave.
          return
        default:
          peer.sends(response('x'))
      }
    }
  }

t.test('after any storm every exchange has ended once and only idle connections are open', async (t) => {
  for (let run = 0; run < runs(12); run++) {
    const seed = SEED + run
    const dice = new Dice(seed)
    const origin = await Origin.start(t, misbehave(dice))
    const scene = new EndpointScene(t, origin.port, { idleMax: dice.below(4) })
    for (let round = 0; round < 15; round++) {
      for (let i = dice.below(5); i > 0; i--) scene.asks(dice.pick(['GET', 'POST', 'PUT']))
      if (dice.chance(40)) await turns(dice.below(3))
      if (dice.chance(30)) scene.pass(dice.pick([100, 1200, 95_000]))
      for (const client of scene.clients) if (!client.isDone && dice.chance(10)) client.leaves()
    }
    await turns(10)
    for (const client of scene.clients) if (!client.isDone) client.leaves()
    await until(
      `seed ${seed}: only idle connections are open`,
      () => scene.endpoint.openConnections === scene.endpoint.idleConnections,
    )
    t.ok(
      scene.clients.every((client) => client.isDone),
      `seed ${seed}: ${scene.clients.length} exchanges have ended`,
    )
    t.strictSame(scene.journal.faults, [], `seed ${seed}`)
    scene.endpoint.close()
    await until(`seed ${seed}: nothing is open`, () => scene.endpoint.openConnections === 0)
    t.equal(scene.wheel.armed, 0, `seed ${seed}: nothing is armed`)
    await origin.close()
  }
})
