import { createServer, type Socket } from 'node:net'
import t from 'tap'
import type { HttpGetAction, HttpHeader } from '../src/probe-action.ts'
import { freePort, listen, startH2, startHttp1, startRaw, within } from '../../../test/support/probed-apps.ts'
import { FakeClock } from './support/fake-clock.ts'
import { attempt } from './support/probing.ts'

// With Node's HTTP client; the queue-proxy has its own, and the tests of that.
const get = (port: number, path = '/', headers: readonly HttpHeader[] = []): HttpGetAction => ({
  kind: 'httpGet',
  scheme: 'HTTP',
  host: '127.0.0.1',
  port: String(port),
  path,
  headers,
})

t.test('a status from 200 to 399 is ready, another is named', async (t) => {
  const port = await startHttp1(t, (request, response) => {
    response.statusCode = Number(request.url!.slice(1))
    response.end('x'.repeat(100))
  })
  for (const status of [200, 204, 304, 399])
    t.equal(await attempt(t, get(port, `/${status}`)), 'ready', String(status))
  for (const status of [400, 404, 503])
    t.equal(
      await attempt(t, get(port, String(status))),
      `HTTP probe did not respond Ready, got status code: ${status}`,
    )
})

t.test("the user's fields are sent as they are, with kubelet's", async (t) => {
  let seen: string[] = []
  const port = await startHttp1(t, (request, response) => {
    seen = request.rawHeaders
    response.end()
  })
  const headers = [
    { name: 'A', value: 'b' },
    { name: 'A', value: ' c ' },
    { name: 'Host', value: 'a.test' },
    { name: 'Content-Length', value: '9' },
  ]
  t.equal(await attempt(t, get(port, '/', headers)), 'ready')
  t.strictSame(
    seen,
    [
      ['Host', 'a.test'],
      ['Connection', 'close'],
      ['User-Agent', 'kube-probe//'],
      ['A', 'b'],
      ['A', 'c'],
      ['Accept-Encoding', 'gzip'],
    ].flat(),
  )
  t.match(await attempt(t, get(port, '/', [{ name: 'a b', value: '' }])), /invalid header field name "a b"$/)
})

t.test('a redirect on the same host is followed, another is taken for the answer', async (t) => {
  const left: string[] = []
  const port = await startHttp1(t, (request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: 'http://elsewhere.test/' })
    else if (request.url === '/here') response.writeHead(307, { location: '/end' })
    else response.statusCode = 418
    response.end()
  })
  t.match(await attempt(t, get(port, '/here')), /got status code: 418$/)
  t.equal(await attempt(t, get(port, '/away'), { onRedirectAway: (_, to) => left.push(to) }), 'ready')
  t.strictSame(left, ['http://elsewhere.test/'])
})

t.test('an app that speaks HTTP/2 only is asked over it when that is wanted', async (t) => {
  const port = await startH2(t, (request, response) =>
    response.writeHead(request.url === '/r' ? 200 : 500).end(),
  )
  t.equal(await attempt(t, get(port, '/r'), { detectHttp2: true }), 'ready')
  t.not(await attempt(t, get(port, '/r')), 'ready')
})

t.test('what is no answer fails by name', async (t) => {
  const url = (port: number): string => `Get "http://127.0.0.1:${port}/": `
  const cases: [onFirst: (socket: Socket) => void, text: string | RegExp][] = [
    [(socket) => socket.end(), 'EOF'],
    [(socket) => socket.resetAndDestroy(), 'read: connection reset by peer'],
    [
      (socket) => socket.end('SSH-2.0-x\r\n'),
      /^net\/http: HTTP\/1\.x transport connection broken: malformed/,
    ],
    [
      (socket) => socket.write(`HTTP/1.1 200 OK\r\na: ${'a'.repeat(70_000)}`),
      /^net\/http: HTTP\/1\.x transport connection broken: malformed/,
    ],
    [
      (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(6)),
      'net/http: too many 1xx informational responses',
    ],
  ]
  for (const [onFirst, expected] of cases) {
    const port = await startRaw(t, onFirst)
    const text = await attempt(t, get(port))
    t.ok(text.startsWith(url(port)), text)
    const rest = text.slice(url(port).length)
    if (typeof expected === 'string') t.equal(rest, expected)
    else t.match(rest, expected)
  }
  const port = await freePort()
  t.equal(await attempt(t, get(port)), `${url(port)}dial tcp 127.0.0.1:${port}: connect: connection refused`)
})

t.test('an interim response is not the answer, a change of protocol is one', async (t) => {
  const early = await startRaw(t, (socket) =>
    socket.end('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 No\r\n\r\n'),
  )
  t.match(await attempt(t, get(early)), /got status code: 500$/)
  const upgrade = await startRaw(t, (socket) =>
    socket.write('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
  )
  t.match(await attempt(t, get(upgrade)), /got status code: 101$/)
})

t.test('an app that does not answer takes an attempt its time, no more', async (t) => {
  const clock = new FakeClock()
  const received = Promise.withResolvers<void>()
  const port = await startRaw(t, () => received.resolve())
  const result = attempt(t, get(port), { timeoutMs: 100, clock })
  await within('the request arrives', received.promise)
  await clock.advance(100)
  t.match(await result, /context deadline exceeded \(Client\.Timeout exceeded while awaiting headers\)$/)
  t.equal(clock.pending, 0)
})

t.test('a body without an end is read for a while and then given up', async (t) => {
  const ended = Promise.withResolvers<void>()
  const port = await listen(
    t,
    createServer((socket) => {
      socket.on('error', () => {})
      socket.once('close', () => ended.resolve())
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.write(Buffer.alloc(200_000))
      })
    }),
  )
  t.equal(await attempt(t, get(port)), 'ready')
  await within('the connection ends', ended.promise)
})
