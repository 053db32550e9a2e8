import t from 'tap'
import type { H1Downstream } from '../src/h1-downstream.ts'
import { response } from './support/origin.ts'
import type { Peer } from './support/peer.ts'
import { get, Rig, type RigOptions } from './support/rig.ts'
import { until } from './support/within.ts'

/** How a client leaves: politely, or not. */
const WAYS: [string, (client: Peer) => void][] = [
  ['FIN', (client) => client.ends()],
  ['close', (client) => client.closes()],
  ['RST', (client) => client.resets()],
]

/** `sendsBefore` brings the exchange into a phase; then the client leaves. */
interface Phase {
  readonly what: string
  readonly options?: RigOptions
  /** Answers the origin's side of the exchange, if there is one by then. */
  readonly reach: (rig: Rig, client: Peer) => Promise<Peer | null>
  /** Whether the client can leave with a FIN that the kernel of the relay sees. */
  readonly seesFin?: boolean
}

const HOLD = { onRequest: () => {} }
const upload = (size: number, sent: number): string =>
  `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(sent)}`
const isPaused = (rig: Rig): boolean => (rig.begun.all[0].downstream as H1Downstream).socket.isPaused()

async function forwarded(rig: Rig, client: Peer, request: string): Promise<Peer> {
  client.sends(request)
  const origin = await rig.origin.accepts()
  await origin.readsHead()
  return origin
}

const PHASES: Phase[] = [
  {
    what: 'while it is held without a body',
    options: HOLD,
    reach: async (rig, client) => {
      client.sends(get())
      await rig.begun.next()
      return null
    },
  },
  {
    what: 'while it is held with a small body, complete',
    options: HOLD,
    reach: async (rig, client) => {
      client.sends(upload(1000, 1000))
      await rig.begun.next()
      return null
    },
  },
  {
    what: 'while it is held with a small body, unfinished',
    options: HOLD,
    reach: async (rig, client) => {
      client.sends(upload(1000, 500))
      await rig.begun.next()
      return null
    },
  },
  {
    what: 'while it is held with as much body as may be held, complete',
    options: { ...HOLD, relay: { holdBytes: 4096 } },
    reach: async (rig, client) => {
      client.sends(upload(4096, 4096))
      await rig.begun.next()
      return null
    },
  },
  {
    what: 'while it is held with more body than may be held, so that nobody reads',
    options: { ...HOLD, relay: { holdBytes: 4096 } },
    reach: async (rig, client) => {
      client.sends(upload(1_000_000, 100_000))
      await rig.begun.next()
      await until('the relay stops reading', () => isPaused(rig))
      return null
    },
  },
  {
    what: 'while it is held and pipelined requests fill the read-ahead',
    options: HOLD,
    reach: async (rig, client) => {
      client.sends(get().repeat(4000))
      await rig.begun.next()
      await until('the relay stops reading', () => isPaused(rig))
      return null
    },
  },
  {
    what: 'while the request is connecting',
    options: {
      // Nobody answers in TEST-NET-1; were it unreachable, the failure is taken over and the exchange waits.
      onRequest: (exchange, rig) => exchange.forward(rig.relay.endpoint({ host: '192.0.2.1', port: 9 })),
      onFailure: () => true,
    },
    reach: async (rig, client) => {
      client.sends(get())
      await rig.begun.next()
      return null
    },
  },
  {
    what: 'while the origin thinks',
    reach: (rig, client) => forwarded(rig, client, get()),
  },
  {
    what: 'while the body is on its way',
    reach: (rig, client) => forwarded(rig, client, upload(1000, 500)),
  },
  {
    what: 'while the origin does not read the body',
    reach: async (rig, client) => {
      client.sends(upload(100_000_000, 1))
      const origin = await rig.origin.accepts()
      origin.socket.pause()
      client.socket.write(Buffer.alloc(32 * 1024 * 1024))
      await until('the relay stops reading', () => isPaused(rig))
      return origin
    },
    // A FIN stands behind all that was not read.
    seesFin: false,
  },
  {
    what: 'while the response streams',
    reach: async (rig, client) => {
      const origin = await forwarded(rig, client, get())
      origin.sends('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome')
      await client.readsThrough('some')
      return origin
    },
  },
  {
    what: 'while the response waits for the client to read',
    reach: async (rig, client) => {
      const origin = await forwarded(rig, client, get())
      client.socket.pause()
      origin.sends('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n')
      origin.socket.write(Buffer.alloc(32 * 1024 * 1024))
      await until('the client is congested', () => rig.begun.all[0].downstream.isCongested)
      return origin
    },
  },
  {
    what: 'while the response streams and its own body is unread',
    reach: async (rig, client) => {
      client.sends(upload(100_000_000, 1))
      const origin = await rig.origin.accepts()
      await origin.readsHead()
      origin.sends('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome')
      await client.readsThrough('some')
      origin.socket.pause()
      client.socket.write(Buffer.alloc(32 * 1024 * 1024))
      await until('the relay stops reading', () => isPaused(rig))
      return origin
    },
    seesFin: false,
  },
]

for (const { what, options, reach, seesFin = true } of PHASES) {
  for (const [how, leave] of WAYS) {
    if (how !== 'RST' && !seesFin) continue
    t.test(`a client that leaves ${what} is noticed at once (${how})`, async (t) => {
      const rig = await Rig.start(t, { relay: { clocks: { totalMs: 60_000 } }, ...options })
      const client = await rig.connect()
      const origin = await reach(rig, client)
      const startedAt = performance.now()
      leave(client)
      const ended = await rig.ended.next()
      const passed = performance.now() - startedAt
      t.strictSame([ended.outcome, ended.failure], ['client-gone', 'client-gone'])
      t.ok(passed < 1000, `noticed after ${passed.toFixed(0)} ms`)
      if (origin !== null) {
        origin.isDiscarding = true
        origin.socket.resume()
        await origin.ending()
        t.pass('the upstream connection is torn down')
      }
      await until('the client connection is closed', () => rig.relay.connections === 0)
    })
  }
}

t.test(
  'the connection of a complete request is read on: only who reads sees a client leave on every system',
  async (t) => {
    const rig = await Rig.start(t, { ...HOLD, relay: { holdBytes: 4096 } })
    const body = 'x'.repeat(4096)
    for (const bytes of [
      `Content-Length: 4096\r\n\r\n${body}`,
      `Transfer-Encoding: chunked\r\n\r\n1000\r\n${body}\r\n0\r\n\r\n`,
    ]) {
      const client = await rig.connect()
      client.sends(`POST / HTTP/1.1\r\nHost: a.test\r\n${bytes}`)
      const exchange = await rig.begun.next()
      await until('the body is complete', () => exchange.requestEnded)
      t.notOk((exchange.downstream as H1Downstream).socket.isPaused())
    }
  },
)

t.test('a client that left is not retried for, nor answered', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  client.closes()
  const { exchange } = await rig.ended.next()
  t.throws(() => exchange.forward(rig.endpoint))
  exchange.reply(200, '', 'late')
  exchange.fail('cut')
  t.strictSame([rig.ended.count, rig.failed.count], [1, 0])
})

t.test('a client that leaves after the answer was sent is no loss', async (t) => {
  const rig = await Rig.start(t)
  const client = await rig.connect()
  client.sends(get())
  const origin = await rig.origin.accepts()
  await origin.readsMessage()
  origin.sends(response('ok'))
  await client.readsMessage()
  client.resets()
  t.equal((await rig.ended.next()).outcome, 'ok')
  await until('the client connection is closed', () => rig.relay.connections === 0)
  t.equal(rig.endpoint.idleConnections, 1, 'the upstream connection is kept')
})

t.test('many held clients that leave are all noticed', async (t) => {
  const rig = await Rig.start(t, { ...HOLD, relay: { holdBytes: 100 } })
  const clients = await Promise.all(Array.from({ length: 200 }, () => rig.connect()))
  for (const [i, client] of clients.entries()) client.sends(upload(100_000, i % 2 === 0 ? 10 : 5000))
  await rig.begun.reaches(200)
  for (const [i, client] of clients.entries()) {
    if (i % 3 === 0) client.resets()
    else client.closes()
  }
  await rig.ended.reaches(200)
  t.ok(rig.ended.all.every((one) => one.outcome === 'client-gone'))
})
