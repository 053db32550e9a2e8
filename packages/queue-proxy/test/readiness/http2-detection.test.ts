import { createServer, type Socket } from 'node:net'
import http2 from 'node:http2'
import t, { type Test } from 'tap'
import {
  http1App,
  listen,
  startH2,
  startHttp1,
  startRaw,
  startSilent,
} from '../../../../test/support/probed-apps.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { attempt } from './support/probing.ts'

const httpHeaders = [
  { name: 'A', value: 'b' },
  { name: 'A', value: 'c' },
  { name: 'Host', value: 'a.test' },
]
const probe = (port: number): object => ({ httpGet: { port, path: '/r', httpHeaders } })
const PREFIX = 'failed to run HTTP protocol probe with error: '

/** An app that speaks both on one port. Tells each request by its protocol. */
async function startBoth(t: Test, statusOfH2: number, seen: string[]): Promise<number> {
  const h1 = http1App((request, response) => {
    seen.push(`1 ${String(request.headers['a'])}`)
    response.end()
  })
  const h2 = http2.createServer((request, response) => {
    seen.push(`2 ${String(request.headers['a'])}`)
    response.writeHead(statusOfH2).end()
  })
  const server = createServer((socket: Socket) => {
    socket.once('readable', () => {
      const chunk = socket.read() as Buffer
      socket.unshift(chunk)
      const app = chunk.toString('latin1').startsWith('PRI ') ? h2 : h1
      app.emit('connection', socket)
    })
  })
  return listen(t, server)
}

t.test(
  "an app that speaks HTTP/2 is asked twice over it, with the user's fields the second time",
  async (t) => {
    const seen: string[] = []
    const port = await startH2(t, (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.authority} ${String(request.headers['a'])}`)
      t.equal(request.headers['user-agent'], 'kube-probe//')
      response.end('x'.repeat(100_000))
    })
    t.equal(await attempt(t, probe(port), { detectHttp2: true }), 'ready')
    t.strictSame(seen, [`GET /r 127.0.0.1:${port} undefined`, 'GET /r a.test b, c'])
  },
)

t.test('the second answer decides', async (t) => {
  const port = await startH2(t, (request, response) => {
    response.writeHead(request.headers['a'] === undefined ? 200 : 503).end()
  })
  t.equal(
    await attempt(t, probe(port), { detectHttp2: true }),
    'HTTP probe did not respond Ready, got status code: 503',
  )
})

t.test("an app that speaks HTTP/1.1 only is asked over it, once and with the user's fields", async (t) => {
  const seen: string[] = []
  const port = await startHttp1(t, (request, response) => {
    seen.push(`${request.url} ${request.headers.host} ${String(request.headers['a'])}`)
    response.end()
  })
  t.equal(await attempt(t, probe(port), { detectHttp2: true }), 'ready')
  t.strictSame(seen, ['/r a.test b, c'])
})

t.test('an app that speaks both is asked over HTTP/2', async (t) => {
  const seen: string[] = []
  const port = await startBoth(t, 200, seen)
  t.equal(await attempt(t, probe(port), { detectHttp2: true }), 'ready')
  t.strictSame(seen, ['2 undefined', '2 b, c'])
})

t.test('an app that is ready over HTTP/1.1 only is ready', async (t) => {
  const seen: string[] = []
  const port = await startBoth(t, 503, seen)
  t.equal(await attempt(t, probe(port), { detectHttp2: true }), 'ready')
  t.strictSame(seen, ['2 undefined', '1 b, c'])
})

t.test('without detection HTTP/2 is not tried', async (t) => {
  const seen: string[] = []
  const port = await startBoth(t, 200, seen)
  t.equal(await attempt(t, probe(port)), 'ready')
  t.strictSame(seen, ['1 b, c'])
})

t.test('not ready over either fails with the answer of HTTP/1.1', async (t) => {
  const port = await startHttp1(t, (_, response) => response.writeHead(500).end())
  t.equal(
    await attempt(t, probe(port), { detectHttp2: true }),
    `${PREFIX}HTTP probe did not respond Ready, got status code: 500`,
  )
  const h2Only = await startH2(t, (_, response) => response.writeHead(500).end())
  t.match(await attempt(t, probe(h2Only), { detectHttp2: true }), new RegExp(`^${PREFIX}Get ".*malformed`))
})

t.test('redirects are followed over HTTP/2 too', async (t) => {
  const seen: string[] = []
  const port = await startH2(t, (request, response) => {
    seen.push(request.url)
    if (request.url === '/r') response.writeHead(302, { location: '/s' })
    response.end()
  })
  t.equal(await attempt(t, probe(port), { detectHttp2: true }), 'ready')
  t.strictSame(seen, ['/r', '/s', '/r', '/s'])
})

t.test('each request has the whole time', async (t) => {
  const clock = new FakeClock()
  let connections = 0
  const port = await startRaw(t, () => connections++)
  const result = attempt(t, probe(port), { detectHttp2: true, timeoutMs: 100, clock })
  await clock.advance(100)
  t.equal(clock.pending, 1, 'the second request waits')
  await clock.advance(100)
  t.match(await result, new RegExp(`^${PREFIX}.*Client.Timeout exceeded while awaiting headers`))
  t.equal(clock.pending, 0)
})

t.test('each request over HTTP/2 has the whole time', async (t) => {
  const clock = new FakeClock()
  const port = await startH2(t, (_, response) => {
    // The first is answered in time, and so is the second, but not both in the time of one.
    void clock.advance(60).then(() => response.end())
  })
  t.equal(await attempt(t, probe(port), { detectHttp2: true, timeoutMs: 100, clock }), 'ready')

  const hanging = await startH2(t, (request, response) => {
    if (request.headers['a'] === undefined) response.end()
    else void clock.advance(100)
  })
  t.equal(
    await attempt(t, probe(hanging), { detectHttp2: true, timeoutMs: 100, clock }),
    `Get "http://127.0.0.1:${hanging}/r": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  )
})

t.test('an app that is silent to HTTP/2 is asked over HTTP/1.1', async (t) => {
  const clock = new FakeClock()
  let asked = 0
  const port = await startRaw(t, (socket) => {
    // Silence for the first, which is the preface.
    if (asked++ > 0) socket.end('HTTP/1.1 200 OK\r\n\r\n')
    else setImmediate(() => clock.advance(100))
  })
  t.equal(await attempt(t, probe(port), { detectHttp2: true, timeoutMs: 100, clock }), 'ready')
  t.equal(asked, 2)
})

t.test('silence is bounded when nobody waits for it any more', async (t) => {
  const clock = new FakeClock()
  const port = await startSilent(t)
  void attempt(t, probe(port), { detectHttp2: true, timeoutMs: 100, clock })
  await clock.advance(1000)
  t.equal(clock.pending, 0)
})
