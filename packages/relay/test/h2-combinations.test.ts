import type { ServerHttp2Stream } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import t from 'tap'
import { h1App, h2App, h2Client, type Running, startRelay, type Test } from './support/h2-harness.ts'
import { type Got, h1Request, h2Request, valuesOf } from './support/h2-requests.ts'

/** What both applications answer, whatever they speak. */
const FIELDS: [string, string | string[]][] = [
  ['set-cookie', ['a=1', 'b=2']],
  ['x-many', ['one', 'two']],
]

function onH1(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url!
  const seen = {
    'x-method': request.method!,
    'x-host': request.headers.host!,
    'x-cookie': request.headers.cookie ?? '',
  }
  for (const [name, value] of [...FIELDS, ...Object.entries(seen)]) response.setHeader(name, value)
  if (path === '/204') return void response.writeHead(204).end()
  if (path === '/304') return void response.writeHead(304, { etag: '"x"' }).end()
  if (path === '/length') return void response.writeHead(200, { 'content-length': 5 }).end('hello')
  if (path === '/interim') response.writeEarlyHints({ link: '</style.css>; rel=preload' })
  if (path === '/early') return void response.writeHead(413).end('too much')
  if (request.headers.expect !== undefined) response.writeContinue()
  if (request.method === 'HEAD') return void response.end()
  response.writeHead(200, { trailer: 'x-end' })
  response.flushHeaders()
  request.on('data', (chunk: Buffer) => response.write(chunk))
  request.on('end', () => {
    response.addTrailers({ 'x-end': 'whole', 'x-got': request.trailers['x-sent'] ?? '' })
    response.end()
  })
}

function onH2(stream: ServerHttp2Stream, headers: Record<string, unknown>, raw: readonly string[]): void {
  const path = headers[':path'] as string
  const seen = {
    'x-method': headers[':method'] as string,
    'x-host': headers[':authority'] as string,
    'x-cookie': valuesOf(raw, 'cookie').join('|'),
  }
  const fields = Object.fromEntries([...FIELDS, ...Object.entries(seen)])
  if (path === '/204') return stream.respond({ ':status': 204, ...fields }, { endStream: true })
  if (path === '/304') return stream.respond({ ':status': 304, etag: '"x"', ...fields }, { endStream: true })
  if (path === '/length') {
    stream.respond({ ':status': 200, 'content-length': 5, ...fields })
    return void stream.end('hello')
  }
  if (path === '/interim') stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload' })
  if (path === '/early') {
    stream.respond({ ':status': 413, ...fields })
    return void stream.end('too much')
  }
  let sent = ''
  stream.respond({ ':status': 200, ...fields }, { waitForTrailers: true })
  stream.on('trailers', (trailers) => (sent = (trailers['x-sent'] as string | undefined) ?? ''))
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'whole', 'x-got': sent }))
  stream.on('data', (chunk: Buffer) => stream.write(chunk))
  stream.on('end', () => stream.end())
}

interface Ask {
  method?: string
  body?: string | Buffer
  trailers?: Record<string, string>
  headers?: Record<string, string | string[]>
  expect?: boolean
}

/** Asks the relay in one of the two protocols. */
type Asker = (t: Test, running: Running, path: string, ask?: Ask) => Promise<Got>

const askH1: Asker = (_t, { port }, path, ask = {}) =>
  h1Request(
    port,
    path,
    { method: ask.method ?? 'GET', headers: { host: 'app.test', te: 'trailers', ...ask.headers } },
    ask,
  )

const askH2: Asker = (t, { port }, path, ask = {}) => {
  const session = h2Client(t, port)
  const expect = ask.expect === true ? { expect: '100-continue' } : {}
  const headers = { ':path': path, ':method': ask.method ?? 'GET', te: 'trailers', ...expect, ...ask.headers }
  if (ask.expect !== true) return h2Request(session, headers, ask)
  return h2Request(session, headers, {
    isOpen: true,
    onStream: (stream) => stream.on('continue', () => stream.end(ask.body)),
  })
}

const combinations: [name: string, ask: Asker, protocol: 'http1' | 'h2'][] = [
  ['HTTP/1.1 to HTTP/1.1', askH1, 'http1'],
  ['HTTP/1.1 to HTTP/2', askH1, 'h2'],
  ['HTTP/2 to HTTP/1.1', askH2, 'http1'],
  ['HTTP/2 to HTTP/2', askH2, 'h2'],
]

for (const [name, ask, protocol] of combinations) {
  t.test(name, async (t) => {
    const port = protocol === 'h2' ? (await h2App(t, onH2)).port : await h1App(t, onH1)
    const running = await startRelay(t, { port, protocol })
    const { recorder } = running

    await t.test('carries a response without a length, its fields and its trailers', async (t) => {
      const got = await ask(t, running, '/get')
      t.equal(got.status, 200)
      t.ok(got.isWhole)
      t.equal(got.headers['x-host'], 'app.test')
      t.same(valuesOf(got.raw, 'set-cookie'), ['a=1', 'b=2'])
      t.same(valuesOf(got.raw, 'x-many'), ['one', 'two'])
      t.equal(valuesOf(got.raw, 'date').length, 1)
      t.equal(got.trailers['x-end'], 'whole')
    })

    await t.test('carries a body and trailers both ways', async (t) => {
      const got = await ask(t, running, '/echo', {
        method: 'POST',
        body: 'hello',
        trailers: { 'x-sent': 'last' },
      })
      t.equal(got.body.toString(), 'hello')
      t.equal(got.trailers['x-got'], 'last')
      t.ok(got.isWhole)
    })

    await t.test('carries trailers behind an empty body', async (t) => {
      const got = await ask(t, running, '/echo', { method: 'POST', trailers: { 'x-sent': 'alone' } })
      t.equal(got.body.length, 0)
      t.equal(got.trailers['x-got'], 'alone')
    })

    await t.test('carries a response with a length', async (t) => {
      const got = await ask(t, running, '/length')
      t.equal(got.body.toString(), 'hello')
      t.equal(got.headers['content-length'], '5')
      t.ok(got.isWhole)
    })

    await t.test('carries responses without a body', async (t) => {
      for (const [path, method, status] of [
        ['/204', 'GET', 204],
        ['/304', 'GET', 304],
        ['/length', 'HEAD', 200],
        ['/get', 'HEAD', 200],
      ] as const) {
        const got = await ask(t, running, path, { method })
        t.equal(got.status, status, `${method} ${path}`)
        t.equal(got.body.length, 0)
        t.ok(got.isWhole, `${method} ${path} is whole`)
      }
    })

    await t.test('carries interim responses', async (t) => {
      const got = await ask(t, running, '/interim')
      t.same(got.informational, [103])
      t.equal(got.status, 200)
    })

    await t.test('answers a client that waits for 100', async (t) => {
      const got = await ask(t, running, '/echo', { method: 'POST', body: 'after', expect: true })
      t.equal(got.body.toString(), 'after')
    })

    await t.test('carries an answer that comes before the request is complete', async (t) => {
      const got = await ask(t, running, '/early', { method: 'POST', body: Buffer.alloc(50_000) })
      t.equal(got.status, 413)
      t.equal(got.body.toString(), 'too much')
    })

    await t.test('carries cookies as one field', async (t) => {
      const got = await ask(t, running, '/get', { headers: { cookie: ['a=1; b=2', 'c=3'].join('; ') } })
      t.equal(got.headers['x-cookie'], 'a=1; b=2; c=3')
    })

    await t.test('carries a large body whole, both ways', async (t) => {
      const body = Buffer.alloc(8 * 1024 * 1024, Buffer.from('0123456789abcde'))
      const got = await ask(t, running, '/echo', { method: 'POST', body })
      t.equal(got.body.length, body.length)
      t.ok(got.body.equals(body))
    })

    await recorder.until(() => recorder.done.length === recorder.begun.length, 'every exchange is done')
    t.same(new Set(recorder.outcomes), new Set(['ok']))
  })
}

t.test('an HTTP/1.1 upgrade goes to an HTTP/2 endpoint as a plain request', async (t) => {
  const app = await h2App(t, (stream, headers) => {
    stream.respond({ ':status': 200, 'x-upgrade': String(headers['upgrade']) }, { endStream: true })
  })
  const { port } = await startRelay(t, { port: app.port, protocol: 'h2' })
  const got = await h1Request(port, '/', { headers: { connection: 'upgrade', upgrade: 'websocket' } })
  t.equal(got.status, 200)
  t.equal(got.headers['x-upgrade'], 'undefined')
})

t.test('cookie crumbs are joined', async (t) => {
  const app = await h1App(t, (request, response) =>
    response.end(JSON.stringify(valuesOf(request.rawHeaders, 'cookie'))),
  )
  const { port } = await startRelay(t, { port: app })
  const got = await h2Request(h2Client(t, port), { ':path': '/', cookie: ['a=1', 'b=2', 'c=3'] })
  t.same(JSON.parse(got.body.toString()), ['a=1; b=2; c=3'])
})

t.test('a field that is no list may be repeated', async (t) => {
  const app = await h1App(t, (_request, response) => {
    response.setHeader('x-content-type-options', ['nosniff', 'nosniff'])
    response.end()
  })
  const { port } = await startRelay(t, { port: app })
  const got = await h2Request(h2Client(t, port), { ':path': '/' })
  t.equal(got.status, 200)
  t.equal(valuesOf(got.raw, 'x-content-type-options').join(', '), 'nosniff, nosniff')
})

t.test('a status that HTTP/2 cannot say is answered with 502', async (t) => {
  const app = await h1App(t, (_request, response) => response.writeHead(999).end('odd'))
  const { port, recorder } = await startRelay(t, { port: app })
  const session = h2Client(t, port)
  const got = await h2Request(session, { ':path': '/' })
  t.equal(got.status, 502)
  t.match(got.headers['proxy-status'], /http_protocol_error/)
  await recorder.untilDone(1)
  t.same(recorder.outcomes, ['upstream-failed'])
  t.equal((await h2Request(session, { ':path': '/again' })).status, 502, 'the connection lives on')
})
