import { readFileSync } from 'node:fs'
import http2, { type ServerHttp2Stream } from 'node:http2'
import { createServer as createTlsServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { goaway, headers, OK, rawApp, reset, setting } from './support/h2-frames.ts'
import { eventually, h2App, h2Client, listen, startRelay } from './support/h2-harness.ts'
import { h1Request, h2Request } from './support/h2-requests.ts'

const KEY = readFileSync(fileURLToPath(new URL('fixtures/key.pem', import.meta.url)))
const CERT = readFileSync(fileURLToPath(new URL('fixtures/cert.pem', import.meta.url)))

function answer(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 })
  stream.end('hello')
}

t.test('exchanges share a session', async (t) => {
  const app = await h2App(t, answer)
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const all = await Promise.all(Array.from({ length: 50 }, (_, i) => h1Request(port, `/${i}`)))
  t.ok(all.every((got) => got.body.toString() === 'hello'))
  t.equal(app.sessions, 1)
  t.equal(recorder.endpoint!.openConnections, 1)
  await eventually(() => recorder.endpoint!.idleConnections === 1, 'idle')
})

t.test('more streams than a session takes wait, oldest first', async (t) => {
  const held: ServerHttp2Stream[] = []
  const paths: string[] = []
  const app = await h2App(
    t,
    (stream, head) => {
      held.push(stream)
      paths.push(head[':path']!)
    },
    { settings: { maxConcurrentStreams: 2 } },
  )
  const { port, relay, recorder } = await startRelay(t)
  recorder.endpoint = relay.endpoint({ host: '127.0.0.1', port: app.port, protocol: 'h2' }, { idleMax: 1 })
  // The first stream waits for the SETTINGS; later ones know them.
  const first = h1Request(port, '/0')
  await eventually(() => held.length === 1, 'the first')
  answer(held.shift()!)
  await first
  const asked = Array.from({ length: 6 }, (_, i) => i + 1)
  const all = []
  for (const i of asked) {
    all.push(h1Request(port, `/${i}`))
    await recorder.until(() => recorder.begun.length === i + 1, `begun ${i}`)
  }
  let most = 0
  for (const i of asked) {
    await eventually(() => held.length > 0, `stream ${i}`)
    most = Math.max(most, held.length)
    answer(held.shift()!)
  }
  await Promise.all(all)
  t.same(paths, ['/0', ...asked.map((i) => `/${i}`)])
  t.equal(most, 2)
  t.equal(app.sessions, 1)
})

t.test('further sessions are opened while one is full', async (t) => {
  const held: ServerHttp2Stream[] = []
  const app = await h2App(t, (stream) => held.push(stream), { settings: { maxConcurrentStreams: 2 } })
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const warm = h1Request(port, '/')
  await eventually(() => held.length === 1, 'the first')
  answer(held.shift()!)
  await warm
  const all = Array.from({ length: 6 }, (_, i) => h1Request(port, `/${i}`))
  await eventually(() => held.length === 6, 'all at the same time')
  for (const stream of held) answer(stream)
  t.ok((await Promise.all(all)).every((got) => got.status === 200))
  t.equal(app.sessions, 3)
  t.ok(recorder.outcomes.every((outcome) => outcome === 'ok'))
})

t.test('a client that leaves gives up its place in the line', async (t) => {
  const held: ServerHttp2Stream[] = []
  const app = await h2App(t, (stream) => held.push(stream), { settings: { maxConcurrentStreams: 1 } })
  const { port, relay, recorder } = await startRelay(t)
  recorder.endpoint = relay.endpoint({ host: '127.0.0.1', port: app.port, protocol: 'h2' }, { idleMax: 1 })
  const first = h1Request(port, '/first')
  await eventually(() => held.length === 1, 'the first')
  await eventually(() => recorder.endpoint!.openConnections === 1, 'open')
  const session = h2Client(t, port)
  const left = h2Request(
    session,
    { ':path': '/left' },
    { onStream: (stream) => setImmediate(() => stream.close(8)) },
  )
  await left
  await recorder.until(() => recorder.done.length === recorder.begun.length - 1, 'left')
  answer(held[0])
  t.equal((await first).status, 200)
  await recorder.until(() => recorder.done.length === recorder.begun.length, 'all')
  t.notOk(app.streams.length > 1 && !app.streams[1].aborted, 'the one who left was not sent')
})

t.test('a refused stream may be tried again, whatever its method', async (t) => {
  const app = await rawApp(t, ({ socket }, stream) => socket.write(reset(stream, 7)))
  const other = await h2App(t, answer)
  const { port, relay, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const second = relay.endpoint({ host: '127.0.0.1', port: other.port, protocol: 'h2' })
  t.teardown(() => second.close())
  recorder.retry = (exchange, failure) => {
    t.equal(failure, 'stream-refused')
    t.ok(exchange.canRetry(failure))
    exchange.forward(second)
    return true
  }
  const got = await h2Request(h2Client(t, port), { ':path': '/', ':method': 'POST' }, { body: 'again' })
  t.equal(got.body.toString(), 'hello')
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['ok'])
  t.equal(recorder.begun[0].attempts, 2)
})

for (const [name, code] of [
  ['gracefully', 0],
  ['with an error', 11],
] as const) {
  t.test(`a GOAWAY that ends ${name} refuses what is above it`, async (t) => {
    const app = await rawApp(t, ({ socket, streams }) => {
      if (streams.length < 2) return
      socket.write(goaway(1, code))
      if (code === 0) socket.write(headers(1, OK))
      else socket.end()
    })
    const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
    const failures: string[] = []
    recorder.retry = (exchange, failure) => {
      failures.push(`${exchange.request.target} ${failure} ${exchange.canRetry(failure)}`)
      return false
    }
    const first = h1Request(port, '/1', { method: 'POST' })
    await eventually(() => app.peers[0]?.streams.length === 1, 'the first')
    const second = h1Request(port, '/2', { method: 'POST' })
    const [one, two] = await Promise.all([first, second])
    t.equal(one.status, code === 0 ? 200 : 502)
    t.equal(two.status, 502)
    t.ok(failures.includes('/2 stream-refused true'), failures.join())
    if (code !== 0) t.ok(failures.includes('/1 upstream-closed false'), failures.join())
    await recorder.untilDone(2)
    t.equal(recorder.outcomes.length, 2)
  })
}

t.test('after a GOAWAY the next request gets a new session', async (t) => {
  const app = await rawApp(t, ({ socket }, stream) => {
    socket.write(Buffer.concat([goaway(stream, 0), headers(stream, OK)]))
  })
  const { port } = await startRelay(t, { port: app.port, protocol: 'h2' })
  for (let i = 0; i < 3; i++) t.equal((await h1Request(port, '/', { method: 'POST' })).status, 200)
  t.equal(app.peers.length, 3)
})

t.test('a session that died while it was idle is replaced without a failure', async (t) => {
  const app = await rawApp(t, ({ socket }, stream) => {
    if (app.peers.length === 1 && app.peers[0].streams.length > 1) socket.destroy()
    else socket.write(headers(stream, OK))
  })
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  t.equal((await h1Request(port, '/1')).status, 200)
  await eventually(() => recorder.endpoint!.idleConnections === 1, 'idle')
  t.equal((await h1Request(port, '/2')).status, 200)
  t.equal(app.peers.length, 2)
  t.same(recorder.outcomes, ['ok', 'ok'])
})

t.test('a session that dies under a request that cannot be repeated is a failure', async (t) => {
  const app = await rawApp(t, ({ socket }) => socket.destroy())
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const got = await h1Request(port, '/', { method: 'POST' })
  t.equal(got.status, 502)
  await recorder.untilDone(1)
  t.equal(recorder.done[0].failure, 'upstream-closed')
  t.equal(app.peers.length, 1)
})

t.test('SETTINGS that come late and small are respected', async (t) => {
  const app = await rawApp(t, ({ socket }, stream) => socket.write(headers(stream, OK)), setting(3, 1))
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const all = await Promise.all(Array.from({ length: 5 }, (_, i) => h1Request(port, `/${i}`)))
  t.ok(all.every((got) => got.status === 200))
  t.ok(recorder.outcomes.every((outcome) => outcome === 'ok'))
})

t.test('an idle session is closed', async (t) => {
  const app = await h2App(t, answer)
  const { port, relay, recorder } = await startRelay(t)
  recorder.endpoint = relay.endpoint({ host: '127.0.0.1', port: app.port, protocol: 'h2' }, { idleMs: 100 })
  t.equal((await h1Request(port, '/')).status, 200)
  t.equal(recorder.endpoint.openConnections, 1)
  await eventually(() => recorder.endpoint!.openConnections === 0, 'closed')
})

t.test('close() lets streams end', async (t) => {
  const held: ServerHttp2Stream[] = []
  const app = await h2App(t, (stream) => held.push(stream))
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const got = h1Request(port, '/')
  await eventually(() => held.length === 1, 'the stream')
  recorder.endpoint!.close()
  answer(held[0])
  t.equal((await got).body.toString(), 'hello')
  await eventually(() => recorder.endpoint!.openConnections === 0, 'closed')
  t.equal((await h1Request(port, '/')).status, 502, 'nothing more is sent there')
})

t.test('an endpoint that refuses the connection', async (t) => {
  const app = await h2App(t, answer)
  app.server.close()
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const all = await Promise.all([h1Request(port, '/'), h2Request(h2Client(t, port), { ':path': '/' })])
  t.same(
    all.map((got) => got.status),
    [502, 502],
  )
  await recorder.untilDone(2)
  t.ok(recorder.done.every((done) => done.failure === 'connect-refused'))
})

t.test('an endpoint that speaks only HTTP/1.1', async (t) => {
  const { createServer } = await import('node:http')
  const app = await listen(
    t,
    createServer((_request, response) => response.end('hello')),
  )
  const { port, recorder } = await startRelay(t, { port: app, protocol: 'h2' })
  t.equal((await h1Request(port, '/', { method: 'POST' })).status, 502)
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['upstream-failed'])
})

t.test('TLS towards an endpoint, with and without HTTP/2', async (t) => {
  const app = http2.createSecureServer({ key: KEY, cert: CERT }, (request, response) => {
    response.end(`${request.httpVersion} ${request.scheme}`)
  })
  const appPort = await listen(t, app)
  const tls = { ca: CERT, servername: 'localhost' }
  const { port, recorder, relay } = await startRelay(t, { port: appPort, protocol: 'h2', tls })
  t.equal((await h1Request(port, '/')).body.toString(), '2.0 https')

  const old = createTlsServer({ key: KEY, cert: CERT, ALPNProtocols: ['http/1.1'] }, (socket) =>
    socket.on('error', () => {}),
  )
  old.on('tlsClientError', () => {})
  const oldPort = await listen(t, old)
  recorder.endpoint = relay.endpoint({ host: '127.0.0.1', port: oldPort, protocol: 'h2', tls })
  t.equal((await h1Request(port, '/')).status, 502)
  await recorder.untilDone(2)
  t.equal(recorder.done[1].failure, 'tls-failed')
})

t.test('a request that HTTP/2 cannot say is refused', async (t) => {
  const app = await h2App(t, answer)
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  recorder.decide = (exchange) => {
    exchange.request.target = ''
    exchange.request.method = 'CONNECT'
    exchange.forward(recorder.endpoint!)
  }
  t.equal((await h2Request(h2Client(t, port), { ':path': '/' })).status, 400)
  await recorder.untilDone(1)
  t.equal(recorder.outcomes.length, 1)
  recorder.decide = (exchange) => exchange.forward(recorder.endpoint!)
  t.equal((await h2Request(h2Client(t, port), { ':path': '/' })).status, 200)
})
