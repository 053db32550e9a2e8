import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http2 from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { Relay } from '../src/relay.ts'
import type { RelayEvents, RelayOptions } from '../src/index.ts'
import { DEFAULT_TLS, type TlsSettings } from '../src/settings.ts'
import { Events } from './support/events.ts'
import { answering, Origin, response } from './support/origin.ts'
import { CA, connectTls, fixture, PairFiles, pairOf, serialOf } from './support/pairs.ts'
import { Peer } from './support/peer.ts'
import { until, within } from './support/within.ts'

const GET = 'GET / HTTP/1.1\r\nHost: one.test\r\n\r\n'

/** A relay on a TLS port before an origin that answers `ok`, or what the test drives. */
async function setUp(
  t: Test,
  options: { tls?: Partial<TlsSettings>; relay?: RelayOptions; events?: RelayEvents; origin?: Origin } = {},
) {
  const origin =
    options.origin ??
    (await Origin.start(
      t,
      answering(() => response('ok')),
    ))
  const pair = { certFile: fixture('one-cert.pem'), keyFile: fixture('one-key.pem') }
  const relay = await Relay.start(
    { listen: [{ host: '127.0.0.1', port: 0, tls: { ...pair, ...options.tls } }], ...options.relay },
    {
      onRequest: (exchange) => exchange.forward(endpoint),
      onResponse: () => {},
      onFailure: () => false,
      onDone: () => {},
    },
    options.events,
  )
  const endpoint = relay.endpoint({ host: '127.0.0.1', port: origin.port })
  t.teardown(async () => {
    relay.destroy()
    endpoint.close()
    await until('every connection is closed', () => relay.connections === 0 && endpoint.openConnections === 0)
    await until('no deadline is armed', () => relay.wheel.armed === 0)
  })
  return { relay, origin, endpoint, port: relay.ports[0] }
}

t.test('HTTP/1.1 over TLS 1.3, request after request', async (t) => {
  const { port } = await setUp(t)
  const client = await connectTls(t, port)
  t.equal(client.socket.authorized, true)
  t.equal(client.socket.getProtocol(), 'TLSv1.3')
  t.equal(client.socket.alpnProtocol, 'http/1.1')
  for (let i = 0; i < 3; i++) {
    client.sends(GET)
    t.match(await client.readsMessage(), { status: 200, body: 'ok' })
  }
})

t.test('a client without ALPN speaks HTTP/1.1', async (t) => {
  const { port } = await setUp(t)
  const client = await connectTls(t, port, { ALPNProtocols: [] })
  t.equal(client.socket.alpnProtocol, false)
  client.sends(GET)
  t.match(await client.readsMessage(), { status: 200 })
})

t.test('HTTP/2 by ALPN', async (t) => {
  const { port } = await setUp(t)
  const session = http2.connect(`https://127.0.0.1:${port}`, { ca: CA })
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': '/' })
  const [headers] = (await within('the response', once(stream, 'response'))) as [http2.IncomingHttpHeaders]
  t.equal(headers[':status'], 200)
  t.equal((session.socket as import('node:tls').TLSSocket).alpnProtocol, 'h2')
})

t.test('certificates of clients', async (t) => {
  const answers = async (port: number, options: object): Promise<boolean> => {
    const client = await connectTls(t, port, options)
    client.sends(GET)
    return await client.readsMessage().then(
      ({ status }) => status === 200,
      () => false,
    )
  }
  const good = pairOf('two')
  const bad = { cert: readFileSync(fixture('cert.pem')), key: readFileSync(fixture('key.pem')) }
  const clientCaFile = fixture('ca-cert.pem')
  const { port: requiring } = await setUp(t, { tls: { clientAuth: 'require', clientCaFile } })
  t.equal(await answers(requiring, good), true)
  t.equal(await answers(requiring, bad), false)
  t.equal(await answers(requiring, {}), false)
  const { port: offering } = await setUp(t, { tls: { clientAuth: 'optional', clientCaFile } })
  t.equal(await answers(offering, good), true)
  t.equal(await answers(offering, bad), false, 'one that is shown must be good')
  t.equal(await answers(offering, {}), true)
  await t.rejects(setUp(t, { tls: { clientAuth: 'require' } }), /clientCaFile is ""/)
  await t.rejects(
    setUp(t, { tls: { clientAuth: 'require', clientCaFile: '/nowhere' } }),
    /client CA file \/nowhere/,
  )
})

t.test('TLS 1.2 is refused unless it is allowed', async (t) => {
  const { port } = await setUp(t)
  await t.rejects(connectTls(t, port, { maxVersion: 'TLSv1.2' }), /protocol version|alert/)
  const allowing = await setUp(t, {
    tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
  })
  const old = await connectTls(t, allowing.port, { maxVersion: 'TLSv1.2' })
  t.equal(old.socket.getProtocol(), 'TLSv1.2')
  t.equal(old.socket.getCipher().name, 'ECDHE-ECDSA-AES128-GCM-SHA256')
  old.sends(GET)
  t.match(await old.readsMessage(), { status: 200 })
  const recent = await connectTls(t, allowing.port)
  t.equal(recent.socket.getProtocol(), 'TLSv1.3', 'a cipher list for 1.2 leaves 1.3 alone')
})

t.test('key-exchange groups can be named', async (t) => {
  const { port } = await setUp(t, { tls: { groups: 'P-384' } })
  await t.rejects(connectTls(t, port, { ecdhCurve: 'X25519' }))
  const client = await connectTls(t, port, { ecdhCurve: 'P-384' })
  client.sends(GET)
  t.match(await client.readsMessage(), { status: 200 })
})

t.test('new handshakes get a changed certificate, open connections stay', async (t) => {
  const files = new PairFiles(t).mount('one')
  const reloads = new Events<string>('the certificate is read again')
  const problems = new Events<string>('the certificate cannot be used')
  const events = {
    onCertificate: (file: string) => reloads.push(file),
    onCertificateProblem: (text: string) => problems.push(text),
  }
  const { port } = await setUp(t, { tls: { certFile: files.certFile, keyFile: files.keyFile }, events })
  const before = await connectTls(t, port, { servername: 'one.test' })
  t.equal(serialOf(before), '1001')
  files.swap('two')
  t.equal(await reloads.next(), files.certFile)
  const after = await connectTls(t, port, { servername: 'two.test' })
  t.equal(serialOf(after), '1002')
  t.match(after.socket.getPeerCertificate().subjectaltname, 'DNS:two.test')
  for (const client of [before, after]) {
    client.sends(GET)
    t.match(await client.readsMessage(), { status: 200 })
  }
  t.equal(problems.count, 0)
})

t.test('half a pair is reported, and the old one stays in use', async (t) => {
  const files = new PairFiles(t).write('one')
  const problems = new Events<string>('the certificate cannot be used')
  const { port } = await setUp(t, {
    tls: { certFile: files.certFile, keyFile: files.keyFile },
    events: { onCertificateProblem: (text) => problems.push(text) },
  })
  files.writeKey('two')
  t.match(await problems.next(), files.keyFile)
  t.equal(serialOf(await connectTls(t, port)), '1001')
})

t.test('a megabyte goes through in both directions', async (t) => {
  const body = 'x'.repeat(1024 * 1024)
  const origin = await Origin.start(
    t,
    answering((request) => response(request.body.toUpperCase())),
  )
  const { port } = await setUp(t, { origin })
  const client = await connectTls(t, port)
  client.sends(`POST / HTTP/1.1\r\nHost: one.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const answer = await client.readsMessage()
  t.equal(answer.status, 200)
  t.equal(answer.body === body.toUpperCase(), true, 'as it was sent')
})

t.test('a client that leaves inside its body ends the exchange', async (t) => {
  const origin = await Origin.start(t)
  const { port, relay } = await setUp(t, { origin })
  const client = await connectTls(t, port)
  client.sends('POST / HTTP/1.1\r\nHost: one.test\r\nContent-Length: 100\r\n\r\nhalf')
  const upstream = await origin.accepts()
  await upstream.readsThrough('half')
  client.socket.destroy()
  t.match(await upstream.ending(), /end|reset/)
  await until('the connection is gone', () => relay.connections === 0)
})

t.test('a response that the endpoint cuts is cut, not ended', async (t) => {
  const origin = await Origin.start(t)
  const { port } = await setUp(t, { origin })
  const client = await connectTls(t, port)
  client.sends(GET)
  const upstream = await origin.accepts()
  await upstream.readsMessage()
  upstream.sends('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
  await client.readsThrough('half\r\n')
  upstream.closes()
  await client.ending()
  t.notMatch(client.unread, '0\r\n\r\n')
})

t.test('an idle connection is closed with a close_notify', async (t) => {
  const { port } = await setUp(t, { relay: { keepAliveMs: 50 } })
  const client = await connectTls(t, port)
  client.sends(GET)
  await client.readsMessage()
  t.equal(await client.ending(), 'end')
})

t.test('a client that ends its side while nothing runs is closed', async (t) => {
  const { port, relay } = await setUp(t)
  const client = await connectTls(t, port)
  client.ends()
  t.equal(await client.ending(), 'end')
  await until('the connection is gone', () => relay.connections === 0)
})

t.test('who speaks plain HTTP to a TLS port is told so', async (t) => {
  const { port, relay } = await setUp(t)
  for (const request of [
    GET,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]) {
    const client = await Peer.connect(port)
    client.sends(request)
    const answer = await client.readsMessage()
    t.equal(answer.status, 400)
    t.equal(answer.body, 'Client sent an HTTP request to an HTTPS server.\n')
    for (const field of [
      'Content-Type: text/plain; charset=utf-8',
      'Connection: close',
      'Proxy-Status: pilotlight; error=http_request_error',
    ]) {
      t.ok(answer.fields.includes(field), field)
    }
    t.equal(await client.ending(), 'end')
    client.ends()
    await client.closed()
  }
  t.equal(relay.connections, 0)
})

t.test('what is neither TLS nor HTTP is closed', async (t) => {
  const { port } = await setUp(t)
  const client = await Peer.connect(port)
  client.sends('\x00\x01\x02\x03')
  t.match(await client.ending(), /end|reset/)
  client.closes()
})

t.test('a handshake may come byte by byte', async (t) => {
  const { port } = await setUp(t)
  // A TLS client behind a pipe that passes on one byte at a time.
  const slow = connect({ host: '127.0.0.1', port, noDelay: true })
  t.teardown(() => slow.destroy())
  await once(slow, 'connect')
  const { Duplex } = await import('node:stream')
  const pipe = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _, done) => {
      const next = (i: number): void => {
        if (i === bytes.length) return done()
        slow.write(bytes.subarray(i, i + 1))
        setImmediate(next, i + 1)
      }
      next(0)
    },
  })
  slow.on('data', (bytes) => pipe.push(bytes))
  const client = await connectTls(t, port, { socket: pipe })
  client.sends(GET)
  t.match(await client.readsMessage(), { status: 200 })
})

t.test('handshakes under way end with the listener, and so do silent connections', async (t) => {
  const { port, relay } = await setUp(t)
  const silent = await Peer.connect(port)
  const begun = await Peer.connect(port)
  await begun.sendsWhole(Buffer.from([0x16, 0x03, 0x01]))
  await within('close', relay.close())
  t.match(await silent.ending(), /end|reset/)
  t.match(await begun.ending(), /end|reset/)
  silent.closes()
  begun.closes()
})

t.test('no more handshakes are under way at a time than connections may be', async (t) => {
  const { port } = await setUp(t, { relay: { connectionsMax: 2 } })
  let isOver = false
  t.teardown(() => (isOver = true))
  const whenThereIsRoom = (): ReturnType<typeof connectTls> =>
    connectTls(t, port).catch((error) => (isOver ? Promise.reject(error) : whenThereIsRoom()))
  const held = [await Peer.connect(port), await Peer.connect(port)]
  for (const peer of held) await peer.sendsWhole(Buffer.from([0x16]))
  const beyond = await Peer.connect(port)
  t.match(await beyond.ending(), /end|reset/, 'closed at once')
  for (const peer of held) peer.closes()
  const client = await within('there is room again', whenThereIsRoom())
  client.sends(GET)
  t.match(await client.readsMessage(), { status: 200 })
  beyond.closes()
})

t.test('an HTTP/2 client beyond connectionsMax is told in its own words', async (t) => {
  const { port } = await setUp(t, { relay: { connectionsMax: 1 } })
  const first = await connectTls(t, port)
  first.sends(GET)
  t.match(await first.readsMessage(), { status: 200 })
  const session = http2.connect(`https://127.0.0.1:${port}`, { ca: CA })
  t.teardown(() => session.destroy())
  session.on('error', () => {})
  const [code] = (await within('GOAWAY', once(session, 'goaway'))) as [number]
  t.equal(code, http2.constants.NGHTTP2_ENHANCE_YOUR_CALM)
})

// ── towards the endpoint ──────────────────────────────────────────────────────────────────────────────────────────

/** A TLS application that answers `secure`, and what it was asked for. */
async function tlsOrigin(t: Test) {
  const connections = new Events<Peer>('a TLS connection')
  const server = createTlsServer({ ...pairOf('two') }, (socket) => {
    const peer = new Peer(socket, 'TLS origin')
    connections.push(peer)
    peer.patienceMs = Infinity
    const serve = async (): Promise<void> => {
      for (;;) {
        const request = await peer.readsMessage()
        peer.sends(response(request.body === '' ? 'secure' : request.body.toUpperCase()))
      }
    }
    serve().catch(() => socket.destroy())
  })
  server.on('tlsClientError', () => {})
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, connections }
}

/** A plain relay before an endpoint that speaks TLS. */
async function secureUpstream(t: Test, port: number, tls: import('node:tls').ConnectionOptions) {
  const failures = new Events<string>('an attempt fails')
  const relay = await Relay.start(
    { listen: [{ host: '127.0.0.1', port: 0 }] },
    {
      onRequest: (exchange) => exchange.forward(endpoint),
      onResponse: () => {},
      onFailure: (exchange, failure) => {
        failures.push(`${failure}: ${exchange.failureDetail}`)
        return false
      },
      onDone: () => {},
    },
  )
  const endpoint = relay.endpoint({ host: '127.0.0.1', port, tls })
  t.teardown(async () => {
    relay.destroy()
    endpoint.close()
    await until('every connection is closed', () => relay.connections === 0 && endpoint.openConnections === 0)
  })
  const client = await Peer.connect(relay.ports[0])
  t.teardown(() => client.closes())
  return { client, failures, endpoint }
}

t.test('an endpoint over TLS: its connections are kept, and large bodies go through', async (t) => {
  const origin = await tlsOrigin(t)
  const { client, endpoint } = await secureUpstream(t, origin.port, { ca: CA, servername: 'two.test' })
  for (let i = 0; i < 3; i++) {
    client.sends(GET)
    t.match(await client.readsMessage(), { status: 200, body: 'secure' })
  }
  const body = 'y'.repeat(1024 * 1024)
  client.sends(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  t.equal((await client.readsMessage()).body === body.toUpperCase(), true)
  t.equal(origin.connections.count, 1)
  t.equal(endpoint.openConnections, 1)
})

t.test('a certificate of the endpoint that is not trusted, or for another name, is a failure', async (t) => {
  const origin = await tlsOrigin(t)
  const cases = [
    { tls: { servername: 'two.test' }, says: /verify|self-signed|unable/ },
    { tls: { ca: CA, servername: 'three.test' }, says: /three\.test/ },
    {
      tls: { ca: CA, servername: 'two.test', maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
      says: /handshake|cipher|alert/,
    },
  ] as const
  for (const { tls, says } of cases) {
    const { client, failures } = await secureUpstream(t, origin.port, tls)
    client.sends(GET)
    const answer = await client.readsMessage()
    t.equal(answer.status, 502)
    t.ok(answer.fields.includes('Proxy-Status: pilotlight; error=tls_protocol_error'))
    t.equal(answer.body, 'the TLS handshake with the endpoint failed\n', 'no internals')
    const failure = await failures.next()
    t.match(failure, /^tls-failed: dial tcp 127\.0\.0\.1:/)
    t.match(failure, says)
  }
})

t.test('the defaults are TLS 1.3 and nothing else', async (t) => {
  t.strictSame(DEFAULT_TLS, {
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ciphers: '',
    groups: '',
    clientAuth: 'none',
    clientCaFile: '',
  })
})

t.test('a client may end its side and still read the answer of a tunnel', async (t) => {
  const origin = await Origin.start(t)
  const { port } = await setUp(t, { origin })
  const client = await connectTls(t, port, { allowHalfOpen: true } as never)
  client.sends('GET / HTTP/1.1\r\nHost: one.test\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
  const upstream = await origin.accepts()
  await upstream.readsMessage()
  upstream.sends('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n')
  t.match(await client.readsHead(), { status: 101 })
  client.sends('last words')
  client.ends()
  await upstream.readsThrough('last words')
  t.equal(await upstream.ending(), 'end')
  upstream.sends('and the answer')
  upstream.ends()
  t.equal(await client.readsToEnd(), 'and the answer')
})
