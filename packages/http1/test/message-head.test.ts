import t from 'tap'
import { Framing } from '../src/index.ts'
import { request, response } from './support/heads.ts'

const persists = (version: string, lines: string): boolean =>
  request(`GET / HTTP/${version}\r\nHost: a\r\n${lines}\r\n`).keepAlive

t.test('who closes is decided as RFC 9112 section 9.3 says', async (t) => {
  t.ok(persists('1.1', ''))
  t.ok(persists('1.1', 'Connection: keep-alive\r\n'))
  t.notOk(persists('1.1', 'Connection: close\r\n'))
  t.notOk(persists('1.1', 'Connection: x, CLOSE ,y\r\n'))
  t.notOk(persists('1.1', 'Connection: keep-alive\r\nConnection: close\r\n'))
  t.ok(persists('1.1', 'Connection: closed\r\n'))
  t.ok(persists('1.1', 'Connection: "close"\r\n'))
  t.notOk(persists('1.0', ''))
  t.ok(persists('1.0', 'Connection: Keep-Alive\r\n'))
  t.notOk(persists('1.0', 'Connection: keep-alive, close\r\n'))
  t.ok(persists('1.1', 'Proxy-Connection: close\r\n'), 'Proxy-Connection means nothing')
})

t.test('how long an idle connection is kept is read and not forwarded', async (t) => {
  const head = response('Connection: keep-alive\r\nKeep-Alive: timeout=5, max=100\r\nContent-Length: 0\r\n')
  t.equal(head.keepAliveSeconds, 5)
  t.equal(head.pairs().length, 1)
  t.equal(response('Content-Length: 0\r\n').keepAliveSeconds, -1)
})

t.test('fields that Connection names end here, but framing and Host do not', async (t) => {
  const head = request(
    'Connection: X-Hop, host, content-length,, x-other\r\nX-Hop: 1\r\nx-HOP: 2\r\nX-End: 3\r\nContent-Length: 4\r\n',
  )
  t.strictSame(head.pairs(), [
    ['Host', 'a.example'],
    ['X-End', '3'],
    ['Content-Length', '4'],
  ])
  t.equal(head.framing, Framing.Length)
  t.ok(head.connectionNames?.has('x-hop'))
  t.equal(
    request('Connection: keep-alive, close, upgrade\r\n').connectionNames,
    null,
    'its own options name nothing',
  )
  t.equal(request('X: 1\r\n').connectionNames, null)
})

t.test('what Connection names costs time in proportion to the head', async (t) => {
  const options = 'a,'.repeat(400_000)
  const fields = 'b: 1\r\n'.repeat(4000)
  const started = process.cpuUsage().user
  const head = request(`Connection: ${options}\r\n${fields}`)
  const milliseconds = (process.cpuUsage().user - started) / 1000
  t.equal(head.count, 4002)
  t.ok(milliseconds < 1500, `${milliseconds} ms; every option against every field took 5 s`)
})

t.test('a Date that ends here is not one that is forwarded', async (t) => {
  t.ok(response('Date: x\r\n').hasDate)
  t.notOk(response('X: y\r\n').hasDate)
  t.notOk(response('Connection: date\r\nDate: x\r\n').hasDate, 'so that the relay writes its own')
})

t.test('hop-by-hop fields never cross, in either direction', async (t) => {
  const lines = [
    'Connection: keep-alive',
    'Keep-Alive: timeout=1',
    'Proxy-Connection: close',
    'Proxy-Authenticate: a',
    'Proxy-Authorization: b',
    'TE: gzip',
    'Upgrade: x',
    'HTTP2-Settings: c',
    'Transfer-Encoding: chunked',
  ].join('\r\n')
  t.strictSame(request(`${lines}\r\n`).pairs(), [['Host', 'a.example']])
  t.strictSame(response(`${lines}\r\n`).pairs(), [])
})

t.test('an upgrade is one only when Connection says so, on HTTP/1.1', async (t) => {
  t.equal(request('Connection: upgrade\r\nUpgrade: websocket\r\n').upgrade, 'websocket')
  t.equal(request('Connection: upgrade\r\nUpgrade: a/1\r\nUpgrade: b\r\n').upgrade, 'a/1, b')
  t.equal(request('Upgrade: websocket\r\n').upgrade, '')
  t.equal(request('GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n').upgrade, '')
  t.equal(
    response('HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n').upgrade,
    'websocket',
  )
})
