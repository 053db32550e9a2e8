import { connect } from 'node:net'
import t, { type Test } from 'tap'
import type { Exchange, Peer as Client } from '../src/index.ts'
import { Relay } from '../src/relay.ts'
import { DEFAULT_TLS, type ListenSettings, type TlsSettings } from '../src/settings.ts'
import { Events } from './support/events.ts'
import { h2Client } from './support/h2-harness.ts'
import { h2Request } from './support/h2-requests.ts'
import { connectTls, fixture } from './support/pairs.ts'
import { Peer } from './support/peer.ts'
import { get } from './support/rig.ts'
import { until, within } from './support/within.ts'

const TLS: TlsSettings = {
  ...DEFAULT_TLS,
  certFile: fixture('one-cert.pem'),
  keyFile: fixture('one-key.pem'),
}

/** A relay that answers everything itself, with the client of every exchange when it began and when it was over. */
async function setUp(t: Test, listen: Partial<ListenSettings> = {}) {
  const began = new Events<Exchange>('an exchange begins')
  const ended = new Events<Client>('an exchange ends')
  const refused = new Events<string>('a request is refused')
  const relay = await Relay.start(
    { listen: [{ host: '127.0.0.1', port: 0, ...listen }] },
    {
      onRequest: (exchange) => {
        began.push(exchange)
        if (exchange.request.target !== '/held') exchange.reply(200, '', 'ok')
      },
      onResponse: () => {},
      onFailure: () => false,
      onDone: (exchange) => ended.push(exchange.downstream.peer),
    },
    { onRefusal: (_, address) => refused.push(address) },
  )
  t.teardown(() => relay.destroy())
  return { relay, port: relay.ports[0], began, ended, refused }
}

t.test(
  'HTTP/1.1: address and port of the client, one object for all exchanges of a connection',
  async (t) => {
    const { port, began } = await setUp(t)
    const client = await Peer.connect(port)
    t.teardown(() => client.socket.destroy())
    client.sends(get() + get())
    const peers = [(await began.next()).downstream.peer, (await began.next()).downstream.peer]
    t.match(peers[0], { address: '127.0.0.1', port: client.socket.localPort, isEncrypted: false, tls: null })
    t.equal(peers[0], peers[1])
    const another = await Peer.connect(port)
    t.teardown(() => another.socket.destroy())
    another.sends(get())
    t.equal((await began.next()).downstream.peer.port, another.socket.localPort)
  },
)

t.test('HTTP/2: one object for all streams of a connection', async (t) => {
  const { port, began } = await setUp(t)
  const session = h2Client(t, port)
  await Promise.all([h2Request(session, { ':path': '/1' }), h2Request(session, { ':path': '/2' })])
  const peers = [(await began.next()).downstream.peer, (await began.next()).downstream.peer]
  t.match(peers[0], {
    address: '127.0.0.1',
    port: session.socket.localPort,
    isEncrypted: false,
    tls: null,
  })
  t.equal(peers[0], peers[1])
})

t.test(
  'a client is known to the end, also one that reset its connection and that nobody asked about before',
  async (t) => {
    const { port, began, ended } = await setUp(t)
    const client = await Peer.connect(port)
    const { localPort } = client.socket
    client.sends(get('/held'))
    await began.next()
    client.resets()
    const { address, port: clientPort, tls } = await ended.next()
    t.strictSame([address, clientPort, tls], ['127.0.0.1', localPort, null])
  },
)

t.test('TLS: version and cipher, as the client sees them', async (t) => {
  const { port, began, ended } = await setUp(t, { tls: TLS })
  const client = await connectTls(t, port)
  client.sends(get())
  const { peer } = (await began.next()).downstream
  t.match(peer, { address: '127.0.0.1', port: client.socket.localPort, isEncrypted: true })
  t.strictSame(peer.tls, { version: 'TLSv1.3', cipher: client.socket.getCipher().standardName })
  client.sends(get('/held'))
  await began.next()
  client.closes()
  await ended.next()
  const last = await ended.next()
  t.strictSame([last.address, last.isEncrypted, last.tls], ['127.0.0.1', true, null], 'gone, but known')
})

t.test('HTTP/2 over TLS', async (t) => {
  const { port, began } = await setUp(t, { tls: TLS })
  const { connect } = process.getBuiltinModule('node:http2')
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  t.teardown(() => session.destroy())
  await h2Request(session, { ':path': '/' })
  const { peer } = (await began.next()).downstream
  t.match(peer, { address: '127.0.0.1', port: session.socket.localPort, isEncrypted: true })
  t.match(peer.tls, { version: 'TLSv1.3', cipher: /^TLS_/ })
})

t.test('on a dual-stack listener an IPv4 client has an IPv4 address', async (t) => {
  const { port, began, refused } = await setUp(t, { host: '::' })
  const ipv4 = await Peer.connect(port)
  t.teardown(() => ipv4.socket.destroy())
  ipv4.sends(get())
  t.equal((await began.next()).downstream.peer.address, '127.0.0.1')
  ipv4.sends('what?\r\n\r\n')
  t.equal(await refused.next(), '127.0.0.1', 'also when its request is refused')
  const session = h2Client(t, port)
  await h2Request(session, { ':path': '/' })
  t.equal((await began.next()).downstream.peer.address, '127.0.0.1')
})

t.test('an IPv6 client has its own', async (t) => {
  const { port, began } = await setUp(t, { host: '::1' }).catch(() => ({ port: 0, began: null }))
  if (began === null) {
    t.pass('there is no IPv6 here')
    return
  }
  const socket = connect({ host: '::1', port })
  t.teardown(() => socket.destroy())
  await within('the client connects', new Promise<void>((resolve) => socket.once('connect', resolve)))
  socket.write(get())
  t.equal((await began.next()).downstream.peer.address, '::1')
})

t.test('who is turned away has an IPv4 address, too', async (t) => {
  const turnedAway = new Events<string>('a connection is turned away')
  const relay = await Relay.start(
    { listen: [{ host: '::', port: 0 }], connectionsMax: 1 },
    { onRequest: () => {}, onResponse: () => {}, onFailure: () => false, onDone: () => {} },
    { onConnectionRefused: (address) => turnedAway.push(address) },
  )
  t.teardown(() => relay.destroy())
  const clients = [await Peer.connect(relay.ports[0]), await Peer.connect(relay.ports[0])]
  t.teardown(() => clients.forEach((client) => client.socket.destroy()))
  t.equal(await turnedAway.next(), '127.0.0.1')
  await until('one is left', () => relay.connections === 1)
})
