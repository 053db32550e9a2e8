import t from 'tap'
import { Framing, INCOMPLETE, RequestHead, requestText } from '../src/index.ts'
import { bytesOf, nameOf, request } from './support/heads.ts'

const TEXT = 'POST /a?b HTTP/1.1\r\nHost: a.example\r\nX:  y \r\nContent-Length: 3\r\n\r\n'

const built = (
  fields: readonly string[],
  { method = 'GET', path = '/', authority = 'a.example', hasBody = false } = {},
): RequestHead => {
  const head = new RequestHead()
  const code = head.build(method, path, authority, fields, hasBody)
  if (code !== 0) throw new Error(`refused: ${nameOf(code)}`)
  return head
}
const buildRefusal = (
  fields: readonly string[],
  { method = 'GET', path = '/', authority = 'a.example', hasBody = false } = {},
): string | number => nameOf(new RequestHead().build(method, path, authority, fields, hasBody))
const sent = (head: RequestHead): string => requestText(head, head.framing, 'fallback')

t.test('a head is read', async (t) => {
  const head = request(TEXT)
  t.equal(head.method, 'POST')
  t.equal(head.target, '/a?b')
  t.equal(head.host, 'a.example')
  t.equal(head.version, 11)
  t.equal(head.framing, Framing.Length)
  t.equal(head.contentLength, 3)
  t.ok(head.hasHost)
  t.ok(head.keepAlive)
})

t.test('a new head and one that was reset are ready', async (t) => {
  const bytes = bytesOf(TEXT)
  const head = new RequestHead()
  t.ok(head.isUntouched)
  t.equal(head.parse(bytes, 0, bytes.length), bytes.length)
  head.reset()
  t.ok(head.isUntouched)
  t.equal(head.parse(bytes, 0, 5), INCOMPLETE)
  t.notOk(head.isUntouched)
  head.reset()
  t.equal(head.parse(bytes, 0, bytes.length), bytes.length)
})

t.test('parsing goes on where it stopped, also when the bytes were moved', async (t) => {
  const bytes = bytesOf(TEXT)
  for (let cut = 1; cut < bytes.length; cut++) {
    const head = new RequestHead()
    t.equal(head.parse(bytes, 0, cut), INCOMPLETE)
    const moved = Buffer.concat([Buffer.alloc(cut, 0), bytes, bytesOf('GET / HT')])
    t.equal(head.parse(moved, cut, moved.length), bytes.length)
    t.equal(head.text, TEXT)
    t.equal(sent(head), TEXT.replace('X:  y ', 'X: y'))
  }
})

t.test('a read without a byte changes nothing', async (t) => {
  const bytes = bytesOf(TEXT)
  const head = new RequestHead()
  for (let end = 0; end < bytes.length; end++) {
    t.equal(head.parse(bytes, 0, end), INCOMPLETE)
    t.equal(head.parse(bytes, 0, end), INCOMPLETE)
  }
  t.equal(head.parse(bytes, 0, bytes.length), bytes.length)
})

t.test('what is behind the head is left alone', async (t) => {
  const bytes = bytesOf(`${TEXT}abc\0\r\n`)
  t.equal(new RequestHead().parse(bytes, 0, bytes.length), TEXT.length)
})

t.test('nothing of an earlier head stays', async (t) => {
  const head = request(
    'POST http://b.example/ HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nTE: trailers\r\nUpgrade: x\r\nKeep-Alive: timeout=1\r\nDate: x\r\n\r\n',
  )
  const fresh = request('')
  const bytes = bytesOf(fresh.text)
  head.reset()
  head.parse(bytes, 0, bytes.length)
  for (const key of [
    'method',
    'target',
    'host',
    'version',
    'framing',
    'contentLength',
    'keepAlive',
    'keepAliveSeconds',
    'upgrade',
    'hasDate',
    'connectionNames',
    'expectsContinue',
    'acceptsTrailers',
    'lineStart',
    'hasHost',
    'added',
    'count',
    'text',
  ] as const) {
    t.equal(head[key], fresh[key], key)
  }
  t.equal(sent(head), fresh.text)
})

t.test('the target says for whom the request is, before Host', async (t) => {
  t.equal(request('').host, 'a.example')
  t.equal(request('GET http://b.example/ HTTP/1.1\r\nHost: a\r\n\r\n').host, 'b.example')
  t.equal(request('CONNECT b.example:443 HTTP/1.1\r\nHost: a\r\n\r\n').host, 'b.example:443')
  t.equal(request('GET / HTTP/1.0\r\n\r\n').hasHost, false)
})

t.test('a request waits for 100 only when it can', async (t) => {
  const expects = (version: string, lines: string): boolean =>
    request(`POST / HTTP/${version}\r\nHost: a\r\nExpect: 100-Continue\r\n${lines}\r\n`).expectsContinue
  t.ok(expects('1.1', 'Content-Length: 1\r\n'))
  t.ok(expects('1.1', 'Transfer-Encoding: chunked\r\n'))
  t.notOk(expects('1.1', ''))
  t.notOk(expects('1.1', 'Content-Length: 0\r\n'))
  t.notOk(expects('1.0', 'Content-Length: 1\r\n'))
})

t.test('Host is replaced, never doubled and never missing', async (t) => {
  const head = request('X: y\r\n')
  t.throws(() => head.add('host', 'b.example'), TypeError)
  head.set('Host', 'b.example')
  t.equal(sent(head), 'GET / HTTP/1.1\r\nX: y\r\nHost: b.example\r\n\r\n')
  t.throws(() => head.add('Host', 'c.example'), TypeError)
  head.remove('host')
  t.equal(sent(head), 'GET / HTTP/1.1\r\nX: y\r\nHost: fallback\r\n\r\n')
  const absolute = request('GET http://b.example/ HTTP/1.1\r\nHost: a\r\n\r\n')
  absolute.set('Host', 'c.example')
  t.equal(sent(absolute), 'GET / HTTP/1.1\r\nHost: c.example\r\n\r\n')
})

t.test('a request of HTTP/2 becomes one of HTTP/1.1', async (t) => {
  const head = built(['accept', '*/*', 'te', 'trailers', 'x-a', ' y '], { path: '/a?b' })
  t.equal(head.version, 20)
  t.equal(head.framing, Framing.None)
  t.equal(sent(head), 'GET /a?b HTTP/1.1\r\nHost: a.example\r\naccept: */*\r\nx-a: y\r\nTE: trailers\r\n\r\n')
})

t.test('Host may stand beside :authority when it says the same', async (t) => {
  t.equal(sent(built(['host', 'A.example', 'x', 'y'])), 'GET / HTTP/1.1\r\nHost: a.example\r\nx: y\r\n\r\n')
  t.equal(buildRefusal(['host', 'b.example']), 'repeated-host')
  t.equal(sent(built(['host', 'b.example'], { authority: '' })), 'GET / HTTP/1.1\r\nhost: b.example\r\n\r\n')
  t.equal(buildRefusal(['host', 'b', 'host', 'b'], { authority: '' }), 'repeated-host')
  t.equal(sent(built([], { authority: '' })), 'GET / HTTP/1.1\r\nHost: fallback\r\n\r\n')
})

t.test('the cookies of HTTP/2 become one (RFC 9113 section 8.2.3)', async (t) => {
  const head = built(['cookie', 'a=b', 'x', 'y', 'cookie', 'c=d', 'cookie', 'e=f'])
  t.equal(sent(head), 'GET / HTTP/1.1\r\nHost: a.example\r\ncookie: a=b; c=d; e=f\r\nx: y\r\n\r\n')
})

t.test('a body of HTTP/2 without length ends with its stream, and may be waited for', async (t) => {
  const head = built(['expect', '100-continue'], { method: 'POST', hasBody: true })
  t.equal(head.framing, Framing.UntilClose)
  t.ok(head.expectsContinue)
  t.match(
    requestText(head, Framing.Chunked, ''),
    /\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n/,
  )
  t.notOk(built(['expect', '100-continue'], { method: 'POST' }).expectsContinue)
  t.equal(built(['content-length', '3'], { method: 'POST', hasBody: true }).framing, Framing.Length)
  t.equal(built(['content-length', '0'], { method: 'POST', hasBody: true }).framing, Framing.None)
})

t.test(
  'a length without a body is refused: the next request would become the body (RFC 9113 section 8.1.1)',
  async (t) => {
    t.equal(buildRefusal(['content-length', '3'], { method: 'POST' }), 'bad-content-length')
    t.equal(buildRefusal(['content-length', '0'], { method: 'POST' }), 0)
  },
)

t.test('what HTTP/2 may not carry is refused', async (t) => {
  for (const name of ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']) {
    t.equal(buildRefusal([name, 'x']), 'connection-field-in-h2', name)
    t.equal(buildRefusal([name.toUpperCase(), 'x']), 'connection-field-in-h2', name)
  }
  for (const name of ['', 'a b', 'a:b', 'a\r\nb', 'a\0', 'é', '\u{212a}'])
    t.equal(buildRefusal([name, 'x']), 'bad-field-name', JSON.stringify(name))
  for (const value of ['a\r\nB: c', '\n', '\r', '\0', '\x7f', '€'])
    t.equal(buildRefusal(['x', value]), 'control-in-head', JSON.stringify(value))
  for (const path of ['', 'a', 'http://b/', '*', '/ ', '/a b', '/\r\nX: y', '/#', '/€', '/\0'])
    t.equal(buildRefusal([], { path }), 'bad-pseudo-field', JSON.stringify(path))
  t.equal(buildRefusal([], { path: '*', method: 'OPTIONS' }), 0)
  for (const method of ['', 'G T', 'GET\r\n', 'GÉT', 'x'.repeat(65)])
    t.equal(buildRefusal([], { method }), 'bad-method', JSON.stringify(method))
  t.equal(buildRefusal([], { method: 'CONNECT' }), 'bad-pseudo-field')
  for (const authority of ['u@a', 'a b', 'a/b', 'a\r\nX: y', ':80', 'a,b c'])
    t.equal(buildRefusal([], { authority }), 'bad-host', JSON.stringify(authority))
  t.equal(
    buildRefusal(['content-length', '3', 'content-length', '3'], { hasBody: true }),
    'repeated-content-length',
  )
  t.equal(buildRefusal(['content-length', '+3'], { hasBody: true }), 'bad-content-length')
  t.equal(buildRefusal(['expect', 'x']), 'unknown-expectation')
  t.equal(
    sent(built([':path', '/evil', ':x', 'y'])),
    'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n',
    'pseudo-fields are not fields',
  )
})

t.test('the limits hold for HTTP/2', async (t) => {
  const limited = (limits: object, fields: string[], path = '/'): string | number =>
    nameOf(new RequestHead({ ...new RequestHead().limits, ...limits }).build('GET', path, 'a', fields, false))
  t.equal(limited({ targetBytes: 3 }, [], '/12'), 0)
  t.equal(limited({ targetBytes: 3 }, [], '/123'), 'target-too-long')
  t.equal(limited({ headerCount: 2 }, ['a', 'b']), 0, 'Host counts')
  t.equal(limited({ headerCount: 2 }, ['a', 'b', 'c', 'd']), 'too-many-fields')
  t.equal(limited({ headBytes: 17 }, ['a', 'b']), 0)
  t.equal(limited({ headBytes: 16 }, ['a', 'b']), 'head-too-large')
})
