import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http2 from 'node:http2'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { frame, FrameReader, FrameType, headers, PREFACE } from './support/h2-frames.ts'
import { h1App, h2App, h2Client, rawClient, startRelay, type Test, within } from './support/h2-harness.ts'
import { h1Request, h2Request } from './support/h2-requests.ts'

const CERT = fileURLToPath(new URL('fixtures/cert.pem', import.meta.url))
const KEY = fileURLToPath(new URL('fixtures/key.pem', import.meta.url))

const hello = (t: Test): Promise<number> => h1App(t, (_request, response) => response.end('hello'))

const REQUEST: [string, string][] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'app.test'],
]

t.test('HTTP/1.1 and HTTP/2 are served on one port', async (t) => {
  const { port, relay } = await startRelay(t, { port: await hello(t) })
  const [one, two] = await Promise.all([h1Request(port, '/'), h2Request(h2Client(t, port), { ':path': '/' })])
  t.equal(one.body.toString(), 'hello')
  t.equal(two.body.toString(), 'hello')
  t.equal(relay.connections, 2)
})

t.test('the preface may come byte by byte', async (t) => {
  const { port } = await startRelay(t, { port: await hello(t) })
  const socket = await rawClient(t, port)
  const reader = new FrameReader(socket)
  const bytes = Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0), headers(1, REQUEST)])
  socket.setNoDelay(true)
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await reader.until(() => reader.find(FrameType.Data, 1) !== undefined, 'the response')
  t.equal(reader.find(FrameType.Headers, 1)!.payload[0], 0x88, 'is 200')
})

t.test('a method that begins like the preface is HTTP/1.1', async (t) => {
  const { port } = await startRelay(t, { port: await hello(t) })
  for (const method of ['PROPFIND', 'PUT', 'PATCH'])
    t.equal((await h1Request(port, '/', { method })).status, 200, method)
})

t.test('a preface that goes wrong is no HTTP/1.1 request either', async (t) => {
  const { port, recorder } = await startRelay(t, { port: await hello(t) })
  for (const text of [
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\rX',
    'PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
    'PRI * HTTP/1.1\r\n\r\n',
  ]) {
    const socket = await rawClient(t, port)
    socket.end(text)
    socket.resume()
    await within(once(socket, 'close'), 'close')
  }
  t.equal(recorder.begun.length, 0)
})

t.test('a client that sends no SETTINGS is dropped', async (t) => {
  const { port, relay } = await startRelay(t, null, { headMs: 100 })
  const socket = await rawClient(t, port)
  socket.resume()
  socket.write(PREFACE)
  await within(once(socket, 'close'), 'close')
  t.equal(relay.connections, 0)
})

t.test('an idle connection is closed with a GOAWAY, one with a stream is not', async (t) => {
  const { port, recorder } = await startRelay(t, { port: await hello(t) }, { keepAliveMs: 100 })
  recorder.decide = (exchange) => {
    if (exchange.request.target !== '/held') exchange.forward(recorder.endpoint!)
  }
  const [busy, idle] = [h2Client(t, port), h2Client(t, port)]
  const held = h2Request(busy, { ':path': '/held' })
  await recorder.until(() => recorder.begun.length === 1, 'held')
  const goaway = once(idle, 'goaway')
  await h2Request(idle, { ':path': '/' })
  const [code] = (await within(goaway, 'goaway')) as [number]
  t.equal(code, 0)
  if (!idle.destroyed) await within(once(idle, 'close'), 'close')
  t.notOk(busy.closed)
  recorder.begun[0].reply(200, '', 'late')
  t.equal((await held).body.toString(), 'late')
})

t.test('connectionsMax counts HTTP/2 connections', async (t) => {
  const { port } = await startRelay(t, { port: await hello(t) }, { connectionsMax: 1 })
  const session = h2Client(t, port)
  await h2Request(session, { ':path': '/' })
  t.equal((await h1Request(port, '/')).status, 503)
  t.equal((await h2Request(session, { ':path': '/' })).status, 200)
})

t.test('the settings are announced, and a stream above the limit is refused', async (t) => {
  const { port, recorder } = await startRelay(t, null, { streamsMax: 250 })
  recorder.decide = () => {}
  const socket = await rawClient(t, port)
  const reader = new FrameReader(socket)
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FrameType.Settings, 0, 0)]))
  // The SETTINGS of the relay stay unacknowledged: from then on nghttp2 takes it as an error of the whole connection.
  for (let i = 0; i < 251; i++) socket.write(headers(1 + 2 * i, REQUEST))
  await reader.until(() => reader.find(FrameType.Reset, 501) !== undefined, 'the reset')
  t.equal(reader.find(FrameType.Reset, 501)!.payload.readUInt32BE(0), 7, 'REFUSED_STREAM')
  await recorder.until(() => recorder.begun.length === 250, '250 begun')
  const settings = settingsOf(reader.find(FrameType.Settings, 0)!.payload)
  t.match(settings, { 2: 0, 3: 250, 4: 1024 * 1024, 5: 1024 * 1024, 6: 1024 * 1024 })
})

function settingsOf(payload: Buffer): Record<number, number> {
  const settings: Record<number, number> = {}
  for (let at = 0; at + 6 <= payload.length; at += 6)
    settings[payload.readUInt16BE(at)] = payload.readUInt32BE(at + 2)
  return settings
}

t.test('a client that respects the limit gets everything answered', async (t) => {
  const { port, recorder } = await startRelay(t, { port: await hello(t) }, { streamsMax: 5 })
  const session = h2Client(t, port)
  await within(once(session, 'remoteSettings'), 'settings')
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, i) => h2Request(session, { ':path': `/${i}` })),
  )
  t.ok(all.every((got) => got.status === 200))
  await recorder.untilDone(40)
  t.equal(recorder.outcomes.length, 40)
})

t.test('heads as large as over HTTP/1.1 pass', async (t) => {
  const app = await h1App(t, (request, response) => {
    response.setHeader('x-large', request.headers['x-large-0']!)
    response.end(String(Object.keys(request.headers).length))
  })
  const { port } = await startRelay(t, { port: app })
  const large = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`x-large-${i}`, 'v'.repeat(1000)]))
  const got = await h2Request(h2Client(t, port), { ':path': '/', ...large })
  t.equal(got.status, 200)
  t.equal((got.headers['x-large'] as string).length, 1000)
})

t.test('a head above the limit is refused without harm to others', async (t) => {
  const { port, recorder } = await startRelay(
    t,
    { port: await hello(t) },
    { limits: { headBytes: 4096, targetBytes: 1024 } },
  )
  const session = h2Client(t, port)
  const got = await h2Request(session, { ':path': '/', 'x-large': 'v'.repeat(5000) })
  t.not(got.status, 200)
  t.equal(recorder.begun.length, 0)
  t.equal((await h2Request(h2Client(t, port), { ':path': '/' })).status, 200)
})

t.test('TLS chooses the protocol by ALPN', async (t) => {
  const listen = [{ host: '127.0.0.1', port: 0, tls: { certFile: CERT, keyFile: KEY } }]
  const { port } = await startRelay(t, { port: await hello(t) }, { listen: listen })
  const ca = readFileSync(CERT)
  const session = http2.connect(`https://localhost:${port}`, { ca })
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  t.equal((await h2Request(session, { ':path': '/' })).body.toString(), 'hello')
  t.equal(session.alpnProtocol, 'h2')

  const socket = connectTls({ port, host: 'localhost', ca, ALPNProtocols: ['http/1.1'] })
  t.teardown(() => socket.destroy())
  await within(once(socket, 'secureConnect'), 'handshake')
  t.equal(socket.alpnProtocol, 'http/1.1')
  socket.write('GET / HTTP/1.1\r\nHost: app.test\r\n\r\n')
  const [answer] = (await within(once(socket, 'data'), 'answer')) as [Buffer]
  t.match(answer.toString(), /^HTTP\/1\.1 200 /)
})

/** Whether a program can be run; says so when not. */
function has(t: { comment(text: string): void }, program: string, needle: RegExp): boolean {
  try {
    if (needle.test(execFileSync(program, ['--version'], { encoding: 'latin1' }))) return true
    t.comment(`skipped: this ${program} has no HTTP/2`)
  } catch {
    t.comment(`skipped: ${program} is not installed`)
  }
  return false
}

async function run(program: string, args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await within(once(child, 'close'), program, 30_000)
  return text
}

t.test('curl speaks HTTP/2 by prior knowledge', async (t) => {
  if (!has(t, 'curl', /HTTP2/)) return
  const { port } = await startRelay(t, { port: await hello(t) })
  const url = `http://127.0.0.1:${port}/`
  t.match(await run('curl', ['-sS', '--http2-prior-knowledge', '-i', url]), /^HTTP\/2 200[\s\S]*hello$/)
  const post = [
    '-sS',
    '--http2-prior-knowledge',
    '-w',
    '%{http_version} %{http_code}',
    '--data-binary',
    'x'.repeat(100_000),
  ]
  t.match(await run('curl', [...post, url]), /hello2 200$/)
})

t.test('nghttp and h2load get everything answered', async (t) => {
  const { port, recorder } = await startRelay(t, { port: await hello(t) })
  const url = `http://127.0.0.1:${port}/`
  if (has(t, 'nghttp', /nghttp2/)) t.match(await run('nghttp', [url]), /hello/)
  if (!has(t, 'h2load', /nghttp2/)) return
  const before = recorder.done.length
  t.match(await run('h2load', ['-n', '400', '-c', '4', '-m', '20', url]), /400 succeeded, 0 failed/)
  await recorder.untilDone(before + 400)
  t.ok(recorder.outcomes.every((outcome) => outcome === 'ok'))
})

t.test('the same over an HTTP/2 endpoint', async (t) => {
  if (!has(t, 'h2load', /nghttp2/)) return
  const app = await h2App(t, (stream) => {
    stream.respond({ ':status': 200 })
    stream.end('hello')
  })
  const { port, recorder } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const text = await run('h2load', ['-n', '400', '-c', '4', '-m', '20', `http://127.0.0.1:${port}/`])
  t.match(text, /400 succeeded, 0 failed/)
  await recorder.untilDone(400)
  t.ok(recorder.outcomes.every((outcome) => outcome === 'ok'))
  t.equal(app.sessions, 1)
})
