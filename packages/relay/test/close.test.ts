import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import type { Exchange } from '../src/exchange.ts'
import { answering, response } from './support/origin.ts'
import { fixture } from './support/pairs.ts'
import { Peer } from './support/peer.ts'
import { get, post, Rig } from './support/rig.ts'
import { turns, until, within } from './support/within.ts'

const ok = answering(() => response('ok'))

/** A client whose connection has served one request and is idle. */
async function idleClient(rig: Rig): Promise<Peer> {
  const client = await rig.connect()
  client.sends(get())
  await client.readsMessage()
  return client
}

/** Whether a promise has settled by now. */
function settled(promise: Promise<unknown>): { isSettled: boolean } {
  const state = { isSettled: false }
  void promise.then(() => (state.isSettled = true))
  return state
}

t.test('while draining everything is served, and every answer says that the connection ends', async (t) => {
  const rig = await Rig.start(t, { serve: ok })
  const kept = await idleClient(rig)
  rig.relay.beginDrain()
  const fresh = await rig.connect()
  for (const client of [kept, fresh]) {
    client.sends(get())
    const answer = await client.readsMessage()
    t.equal(answer.status, 200)
    t.ok(answer.fields.includes('Connection: close'))
    t.equal(await client.ending(), 'end')
  }
})

t.test('an answer of our own says it too', async (t) => {
  const rig = await Rig.start(t, { onRequest: (exchange) => exchange.reply(404, '', 'no') })
  rig.relay.beginDrain()
  const client = await rig.connect()
  client.sends(get())
  const answer = await client.readsMessage()
  t.equal(answer.status, 404)
  t.ok(answer.fields.includes('Connection: close'))
  t.equal(await client.ending(), 'end')
})

t.test('close: idle connections end at once, and nobody is accepted any more', async (t) => {
  const rig = await Rig.start(t, { serve: ok })
  const { port } = rig
  const idle = await idleClient(rig)
  const fresh = await rig.connect()
  await turns()
  const closed = rig.relay.close()
  for (const client of [idle, fresh]) {
    t.equal(await client.ending(), 'end')
    client.ends()
  }
  await within('the relay is closed', closed)
  t.equal(rig.relay.connections, 0)
  const late = connect({ host: '127.0.0.1', port })
  const [error] = (await within('a late client is refused', once(late, 'error'))) as [NodeJS.ErrnoException]
  t.equal(error.code, 'ECONNREFUSED')
})

t.test('close: a request that has arrived and was not read yet is served', async (t) => {
  const rig = await Rig.start(t, { serve: ok })
  const idle = await idleClient(rig)
  await turns()
  // The kernel has it, and nobody here has looked.
  idle.sends(post('body'))
  const closed = rig.relay.close()
  const answer = await idle.readsMessage()
  t.equal(answer.status, 200)
  t.ok(answer.fields.includes('Connection: close'))
  idle.ends()
  await within('the relay is closed', closed)
})

t.test('close: a connection that the kernel has accepted is served', async (t) => {
  const rig = await Rig.start(t, { serve: ok })
  const socket = connect({ host: '127.0.0.1', port: rig.port })
  const client = new Peer(socket, 'client')
  client.sends(get())
  await new Promise((resolve) => process.nextTick(resolve))
  const closed = rig.relay.close()
  t.match(await client.readsMessage(), { status: 200 })
  client.ends()
  await within('the relay is closed', closed)
})

t.test('close: what runs is answered to its end', async (t) => {
  const rig = await Rig.start(t)
  const started = await rig.connect()
  started.sends(get())
  const first = await rig.origin.accepts()
  await first.readsMessage()
  first.sends('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ')
  await started.readsThrough('half ')
  const waiting = await rig.connect()
  waiting.sends(get())
  const second = await rig.origin.accepts()
  await second.readsMessage()
  const closed = rig.relay.close()
  const state = settled(closed)
  await turns(5)
  t.equal(state.isSettled, false)
  second.sends(response('late'))
  const answer = await waiting.readsMessage()
  t.equal(answer.body, 'late')
  t.ok(answer.fields.includes('Connection: close'))
  waiting.ends()
  await turns(5)
  t.equal(state.isSettled, false, 'one is still running')
  first.sends('whole')
  t.equal(await started.reads(5), 'whole')
  t.equal(await started.ending(), 'end', 'although its head said nothing of it')
  started.ends()
  await within('the relay is closed', closed)
  t.strictSame(
    rig.ended.all.map((one) => one.outcome),
    ['ok', 'ok'],
  )
})

t.test('close: what is held is answered when its service decides', async (t) => {
  const held: Exchange[] = []
  const rig = await Rig.start(t, { serve: ok, onRequest: (exchange) => held.push(exchange) })
  const [one, two] = [await rig.connect(), await rig.connect()]
  one.sends(get('/one'))
  two.sends(post('body', '/two'))
  await rig.begun.reaches(2)
  const closed = rig.relay.close()
  const state = settled(closed)
  await turns(5)
  t.equal(state.isSettled, false)
  held[0].forward(rig.endpoint)
  held[1].reply(503, '', 'no room')
  for (const [client, status] of [
    [one, 200],
    [two, 503],
  ] as const) {
    t.equal((await client.readsMessage()).status, status)
    client.ends()
  }
  await within('the relay is closed', closed)
})

t.test('close: a head that came in part may come whole', async (t) => {
  const rig = await Rig.start(t, { serve: ok })
  const client = await rig.connect()
  await client.sendsWhole('GET / HTTP/1.1\r\n')
  await turns(5)
  const closed = rig.relay.close()
  await turns(5)
  client.sends('Host: a.test\r\n\r\n')
  const answer = await client.readsMessage()
  t.equal(answer.status, 200)
  client.ends()
  await within('the relay is closed', closed)
})

t.test('close: a client that does not close its side is closed after lingerMs', async (t) => {
  const rig = await Rig.start(t, { serve: ok, relay: { lingerMs: 100 } })
  const client = await idleClient(rig)
  await within('the relay is closed', rig.relay.close())
  t.equal(await client.ending(), 'end')
})

t.test('close may be asked for twice, before and after', async (t) => {
  const rig = await Rig.start(t, { serve: ok })
  const client = await idleClient(rig)
  const closed = [rig.relay.close(), rig.relay.close()]
  await client.ending()
  client.ends()
  await within('both are told', Promise.all(closed))
  await within('and who asks later', rig.relay.close())
})

t.test('destroy cuts what runs', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const upstream = await rig.origin.accepts()
  await upstream.readsMessage()
  upstream.sends('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ')
  await client.readsThrough('half ')
  const closed = rig.relay.close()
  rig.relay.destroy()
  t.match(await client.ending(), /end|reset/)
  t.match(await upstream.ending(), /end|reset/)
  await within('whoever waits for the close is told', closed)
  t.equal((await rig.ended.next()).outcome, 'client-gone')
})

t.test('destroy ends connections that were turned away too', async (t) => {
  const rig = await Rig.start(t, { serve: ok, relay: { connectionsMax: 1, lingerMs: 60_000 } })
  await idleClient(rig)
  const away = await rig.connect()
  t.equal((await away.readsMessage()).status, 503)
  rig.relay.destroy()
  away.ends()
  await away.closed()
})

async function runsToItsEnd(t: Test, ...args: string[]): Promise<string> {
  const child = spawn(
    process.execPath,
    ['--conditions=@pilotlight/source', fixture('serve-once.ts'), ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const [code] = (await within('the process exits by itself', once(child, 'close'))) as [number | null]
  return `${output}, exit code ${code}`
}

t.test('a process that closed its relay and its endpoints exits by itself', async (t) => {
  t.equal(await runsToItsEnd(t), 'HTTP/1.1 200 OK, exit code 0')
  t.equal(
    await runsToItsEnd(t, fixture('one-cert.pem'), fixture('one-key.pem')),
    'HTTP/1.1 200 OK, exit code 0',
  )
})

t.test('the port is free again when the relay is closed', async (t) => {
  const rig = await Rig.start(t, { serve: ok })
  const { port } = rig
  await within('the relay is closed', rig.relay.close())
  const again = await Rig.start(t, { serve: ok, relay: { listen: [{ host: '127.0.0.1', port }] } })
  const client = await again.connect()
  client.sends(get())
  t.match(await client.readsMessage(), { status: 200 })
  await until('its exchange is over', () => again.ended.count === 1)
})
