import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import tls from 'node:tls'
import t from 'tap'
import {
  freePort,
  http1App,
  listen,
  startHttp1,
  startRaw,
  startSilent,
  within,
} from '../../../../test/support/probed-apps.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { attempt, actionOf } from './support/probing.ts'
import { startProbe } from '../../src/readiness/probe-run.ts'

const httpGet = (port: number | string, more: object = {}): object => ({ httpGet: { port, ...more } })

t.test('a status from 200 to 399 is ready, another is named', async (t) => {
  const port = await startHttp1(t, (request, response) => {
    response.statusCode = Number(request.url?.slice(1))
    response.end()
  })
  for (const status of [200, 204, 299, 300, 304, 302, 399])
    t.equal(await attempt(t, httpGet(port, { path: String(status) })), 'ready', String(status))
  for (const status of [400, 404, 500, 503, 599]) {
    const text = `HTTP probe did not respond Ready, got status code: ${status}`
    t.equal(await attempt(t, httpGet(port, { path: String(status) })), text)
  }
})

t.test('the path is the same with and without a leading slash, and keeps its query', async (t) => {
  const seen: string[] = []
  const port = await startHttp1(t, (request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.end()
  })
  const paths = ['/a/b?c=d&e', 'a/b?c=d&e', '', '/', '//x', '/a b?c d', '/%41%2f', '/é?"', '/a#b']
  for (const path of paths) t.equal(await attempt(t, httpGet(port, { path })), 'ready', path)
  t.strictSame(seen, [
    'GET /a/b?c=d&e',
    'GET /a/b?c=d&e',
    'GET /',
    'GET /',
    'GET //x',
    'GET /a%20b?c%20d',
    'GET /%41%2f',
    'GET /%C3%A9?%22',
    'GET /a',
  ])
})

t.test("sends Knative's fields, and the user's", async (t) => {
  const seen: (readonly string[])[] = []
  const port = await startHttp1(t, (request, response) => {
    seen.push(request.rawHeaders)
    response.end()
  })
  const host = `127.0.0.1:${port}`
  const rest = ['Accept-Encoding', 'gzip', 'Connection', 'close']
  await attempt(t, httpGet(port))
  t.strictSame(seen[0], ['Host', host, 'User-Agent', 'kube-probe//', ...rest])

  const httpHeaders = [
    { name: 'A', value: 'b' },
    { name: 'a', value: 'c' },
    { name: 'Content-Length', value: '5' },
    { name: 'Transfer-Encoding', value: 'chunked' },
    { name: 'connection', value: 'keep-alive' },
  ]
  await attempt(t, httpGet(port, { httpHeaders }))
  t.strictSame(seen[1], ['Host', host, 'User-Agent', 'kube-probe//', 'A', 'b', 'a', 'c', ...rest])
})

t.test("a user's Host, User-Agent and Accept-Encoding win", async (t) => {
  let seen: readonly string[] = []
  const port = await startHttp1(t, (request, response) => {
    seen = request.rawHeaders
    response.end()
  })
  const httpHeaders = [
    { name: 'host', value: 'a.test' },
    { name: 'User-Agent', value: 'mine' },
    { name: 'accept-encoding', value: 'br' },
  ]
  t.equal(await attempt(t, httpGet(port, { httpHeaders })), 'ready')
  t.strictSame(seen, ['Host', 'a.test', 'User-Agent', 'mine', 'accept-encoding', 'br', 'Connection', 'close'])
  await attempt(t, httpGet(port, { httpHeaders: [{ name: 'User-Agent', value: '' }] }))
  t.notOk(seen.includes('User-Agent'), 'an empty one sends none')
})

t.test('what cannot be sent fails, and nothing is sent', async (t) => {
  const port = await startHttp1(t, () => t.fail('a request arrived'))
  const get = `Get "http://127.0.0.1:${port}/": `
  const field = (name: string, value: string): object => httpGet(port, { httpHeaders: [{ name, value }] })
  t.equal(await attempt(t, field('A b', 'c')), `${get}net/http: invalid header field name "A b"`)
  t.equal(await attempt(t, field('A', 'b\r\nC: d')), `${get}net/http: invalid header field value for "A"`)
  t.equal(await attempt(t, field('Host', 'a b')), `${get}http: invalid Host header "a b"`)
  const parse = (url: string): string => `error constructing probe url parse ${JSON.stringify(url)}: `
  t.equal(
    await attempt(t, httpGet(port, { path: '/a%zz' })),
    `${parse(`HTTP://127.0.0.1:${port}/a%zz`)}invalid URL escape "%zz"`,
  )
  t.equal(
    await attempt(t, httpGet(port, { path: '/a\r\nb' })),
    `${parse(`HTTP://127.0.0.1:${port}/a\r\nb`)}net/url: invalid control character in URL`,
  )
  t.equal(
    await attempt(t, httpGet('http')),
    `${parse('HTTP://127.0.0.1:http/')}invalid port ":http" after host`,
  )
  t.equal(
    await attempt(t, httpGet(port, { scheme: 'FTP' })),
    `Get "ftp://127.0.0.1:${port}/": unsupported protocol scheme "ftp"`,
  )
  t.equal(
    await attempt(t, httpGet(99999)),
    'Get "http://127.0.0.1:99999/": dial tcp: address 99999: invalid port',
  )
})

t.test('a refused connection is told apart: nothing listens yet', async (t) => {
  const port = await freePort()
  const settings = { userAgent: '', detectHttp2: false, onRedirectAway: () => {} }
  for (const detectHttp2 of [false, true]) {
    const run = startProbe(actionOf(httpGet(port)), 5000, new FakeClock(), { ...settings, detectHttp2 })
    const prefix = detectHttp2 ? 'failed to run HTTP protocol probe with error: ' : ''
    t.strictSame(await within('refused', run.outcome), {
      text: `${prefix}Get "http://127.0.0.1:${port}/": dial tcp 127.0.0.1:${port}: connect: connection refused`,
      isRefused: true,
    })
  }
})

t.test('an app that accepts and never answers takes an attempt its time, no more', async (t) => {
  const clock = new FakeClock()
  const port = await startSilent(t)
  const result = attempt(t, httpGet(port), { timeoutMs: 100, clock })
  await clock.advance(99)
  t.equal(clock.pending, 1, 'still waiting')
  await clock.advance(1)
  const text = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
  t.equal(await result, `Get "http://127.0.0.1:${port}/": ${text}`)
  t.equal(clock.pending, 0)
})

t.test('a head that never ends has a limit', async (t) => {
  const port = await startRaw(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    const more = (): void => {
      while (socket.writable && socket.write(`A: ${'b'.repeat(1000)}\r\n`)) continue
      socket.once('drain', more)
    }
    more()
  })
  t.match(await attempt(t, httpGet(port)), /malformed HTTP response "HTTP\/1\.1 200 OK" \(.*\)$/)
})

t.test('a response in pieces, behind interim ones, is whole when its head is', async (t) => {
  const text =
    'HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'
  const port = await startRaw(t, async (socket) => {
    for (const byte of text) {
      socket.write(byte)
      await settle()
    }
  })
  t.equal(await attempt(t, httpGet(port)), 'ready')
})

t.test('interim responses without end are a failure', async (t) => {
  const port = await startRaw(t, (socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(6)))
  t.match(await attempt(t, httpGet(port)), /net\/http: too many 1xx informational responses$/)
})

t.test('what is no HTTP response fails by name', async (t) => {
  const answers: [bytes: string, text: RegExp][] = [
    ['SSH-2.0-x\r\n', /HTTP\/1\.x transport connection broken: malformed HTTP response "SSH-2\.0-x" \(/],
    ['', /: EOF$/],
    ['HTTP/1.1 200', /: unexpected EOF$/],
    ['HTTP/1.1 101 Switching Protocols\r\n\r\n', /got status code: 101$/],
  ]
  for (const [bytes, text] of answers) {
    const port = await startRaw(t, (socket) => socket.end(bytes))
    t.match(await attempt(t, httpGet(port)), text)
  }
  const port = await startRaw(t, (socket) => socket.resetAndDestroy())
  t.match(await attempt(t, httpGet(port)), /: read: connection reset by peer$/)
})

t.test('only the head decides; the body is read on, up to a limit', async (t) => {
  let written = 0
  const closed = new Promise<void>((resolve) => {
    void startEndless(t, (bytes) => (written = bytes), resolve).then(async (port) => {
      t.equal(await attempt(t, httpGet(port)), 'ready')
    })
  })
  await within('the connection ends', closed)
  t.ok(written >= 64 * 1024, 'some of it was read')
})

/** An app whose body has no end. */
function startEndless(
  t: Parameters<typeof startRaw>[0],
  onBytes: (bytes: number) => void,
  onClose: () => void,
): Promise<number> {
  return startRaw(t, (socket) => {
    let bytes = 0
    const chunk = 'x'.repeat(16 * 1024)
    socket.once('close', onClose)
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
    const more = (): void => {
      onBytes((bytes += chunk.length))
      if (!socket.destroyed) socket.write(chunk, more)
    }
    more()
  })
}

t.test('a body that stops arriving is left with the time of the attempt', async (t) => {
  const clock = new FakeClock()
  let closed: Promise<unknown> = Promise.resolve()
  const port = await startRaw(t, (socket) => {
    closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx')
  })
  t.equal(await attempt(t, httpGet(port), { timeoutMs: 100, clock }), 'ready')
  t.equal(clock.pending, 1)
  await clock.advance(100)
  await within('the connection is closed', closed)
  t.equal(clock.pending, 0)
})

t.test('a whole body ends the connection before the time is over', async (t) => {
  const clock = new FakeClock()
  let closed: Promise<unknown> = Promise.resolve()
  const port = await startRaw(t, (socket) => {
    closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n')
    setImmediate(() => socket.write('abc'))
  })
  t.equal(await attempt(t, httpGet(port), { clock }), 'ready')
  await within('the connection is closed', closed)
  await settle()
  t.equal(clock.pending, 0, 'and its timer is gone')
})

t.test('redirects to the same host are followed, on any port, up to ten', async (t) => {
  const seen: string[] = []
  const other = await startHttp1(t, (request, response) => {
    seen.push(`other ${request.url} ${request.headers.host}`)
    response.end()
  })
  const port = await startHttp1(t, (request, response) => {
    seen.push(`${request.url} ${request.headers.host}`)
    const left = Number(request.url?.slice(1))
    const location = left > 0 ? `/${left - 1}` : `http://127.0.0.1:${other}/x?y`
    response.writeHead([301, 302, 303, 307, 308][left % 5], { location }).end()
  })
  const httpHeaders = [{ name: 'Host', value: 'a.test' }]
  t.equal(await attempt(t, httpGet(port, { path: '2', httpHeaders })), 'ready')
  t.strictSame(seen, ['/2 a.test', '/1 a.test', '/0 a.test', `other /x?y 127.0.0.1:${other}`])

  seen.length = 0
  t.equal(await attempt(t, httpGet(port, { path: '8' })), 'ready')
  t.equal(await attempt(t, httpGet(port, { path: '50' })), 'Get "/40": stopped after 10 redirects')
  t.equal(seen.length, 10 + 10)
})

t.test('a redirect to another host is ready, and told', async (t) => {
  const port = await startHttp1(t, (_, response) => {
    response.writeHead(302, { location: 'http://localhost:1/x' }).end()
  })
  const told: string[] = []
  const onRedirectAway = (from: string, to: string): number => told.push(`${from} ${to}`)
  t.equal(await attempt(t, httpGet(port, { path: '/a' }), { onRedirectAway }), 'ready')
  t.strictSame(told, [`http://127.0.0.1:${port}/a http://localhost:1/x`])
})

t.test('a redirect that leads nowhere fails, one without Location is an answer', async (t) => {
  const locations = ['ftp://127.0.0.1/x', 'http://[', '']
  const port = await startHttp1(t, (_, response) => {
    response.writeHead(302, { location: locations.shift() as string }).end()
  })
  t.equal(await attempt(t, httpGet(port)), 'Get "ftp://127.0.0.1/x": unsupported protocol scheme "ftp"')
  t.equal(
    await attempt(t, httpGet(port)),
    `Get "http://127.0.0.1:${port}/": failed to parse Location header "http://["`,
  )
  t.equal(await attempt(t, httpGet(port)), 'ready')
})

const fixture = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}`, import.meta.url))

t.test('the certificate of an HTTPS app is not looked at', async (t) => {
  let requests = 0
  const handler = http1App((_, response) => {
    requests++
    response.end()
  })
  const server = tls.createServer({ cert: fixture('cert.pem'), key: fixture('key.pem') }, (socket) =>
    handler.emit('connection', socket),
  )
  server.on('tlsClientError', () => {})
  const port = await listen(t, server)
  t.equal(await attempt(t, httpGet(port, { scheme: 'HTTPS' })), 'ready')
  t.equal(await attempt(t, httpGet(port, { scheme: 'https' }), { detectHttp2: true }), 'ready')
  t.equal(requests, 2, 'HTTP/2 with prior knowledge is not tried')
  t.match(await attempt(t, httpGet(port)), /EOF|reset|malformed/, 'which is TLS indeed')
})

t.test('an HTTPS probe of a plain app, or of a silent one, fails', async (t) => {
  const port = await startHttp1(t, (_, response) => response.end())
  t.equal(
    await attempt(t, httpGet(port, { scheme: 'HTTPS' })),
    `Get "https://127.0.0.1:${port}/": http: server gave HTTP response to HTTPS client`,
  )
  const clock = new FakeClock()
  const silent = await listen(t, createServer())
  const accepted = attempt(t, httpGet(silent, { scheme: 'HTTPS' }), { clock, timeoutMs: 100 })
  await clock.advance(100)
  t.match(await accepted, /Client\.Timeout exceeded while awaiting headers\)$/)
})
