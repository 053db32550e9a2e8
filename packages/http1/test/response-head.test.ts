import t from 'tap'
import { Framing, INCOMPLETE, ResponseHead, responseText } from '../src/index.ts'
import { bytesOf, nameOf, response } from './support/heads.ts'

const TEXT = 'HTTP/1.1 404 Not Found\r\nX:  y \r\nContent-Length: 3\r\n\r\n'
const sent = (head: ResponseHead): string => responseText(head, head.framing, '', '')
const framing = (text: string, method = 'GET'): Framing => response(text, method).framing

t.test('a head is read', async (t) => {
  const head = response(TEXT)
  t.equal(head.status, 404)
  t.equal(head.reason, 'Not Found')
  t.equal(head.version, 11)
  t.equal(head.framing, Framing.Length)
  t.equal(head.contentLength, 3)
  t.notOk(head.isInterim)
})

t.test('a new head and one that was reset are ready', async (t) => {
  const bytes = bytesOf(TEXT)
  const head = new ResponseHead()
  t.equal(head.parse(bytes, 0, bytes.length, 'GET'), bytes.length)
  head.reset()
  t.equal(head.parse(bytes, 0, 5, 'GET'), INCOMPLETE)
  head.reset()
  t.equal(head.parse(bytes, 0, bytes.length, 'GET'), bytes.length)
})

t.test('parsing goes on where it stopped, also when the bytes were moved', async (t) => {
  const bytes = bytesOf(TEXT)
  for (let cut = 1; cut < bytes.length; cut++) {
    const head = new ResponseHead()
    t.equal(head.parse(bytes, 0, cut, 'GET'), INCOMPLETE)
    const moved = Buffer.concat([Buffer.alloc(cut, 0), bytes, bytesOf('abc')])
    t.equal(head.parse(moved, cut, moved.length, 'GET'), bytes.length)
    t.equal(sent(head), TEXT.replace('X:  y ', 'X: y'))
  }
})

t.test('where the body ends is decided as RFC 9112 section 6.3 says', async (t) => {
  const LENGTH = 'Content-Length: 3\r\n'
  const CHUNKED = 'Transfer-Encoding: chunked\r\n'
  for (const status of [100, 101, 103, 199, 204, 304]) {
    for (const lines of ['', LENGTH, CHUNKED])
      t.equal(framing(`HTTP/1.1 ${status} x\r\n${lines}\r\n`), Framing.None, `${status}`)
  }
  for (const status of [200, 205, 302, 404, 500, 999]) {
    t.equal(framing(`HTTP/1.1 ${status} x\r\n${LENGTH}\r\n`), Framing.Length)
    t.equal(framing(`HTTP/1.1 ${status} x\r\n${CHUNKED}\r\n`), Framing.Chunked)
    t.equal(framing(`HTTP/1.1 ${status} x\r\nContent-Length: 0\r\n\r\n`), Framing.None)
    t.equal(framing(`HTTP/1.1 ${status} x\r\n\r\n`), Framing.UntilClose)
    for (const lines of ['', LENGTH, CHUNKED])
      t.equal(framing(`HTTP/1.1 ${status} x\r\n${lines}\r\n`, 'HEAD'), Framing.None)
  }
})

t.test('a length that may not stand there is dropped, one that may is kept', async (t) => {
  const kept = (status: number, method = 'GET'): boolean =>
    /Content-Length/.test(sent(response(`HTTP/1.1 ${status} x\r\nContent-Length: 3\r\n\r\n`, method)))
  for (const status of [100, 101, 199, 204]) t.notOk(kept(status), `${status}`)
  t.ok(kept(304))
  t.ok(kept(200, 'HEAD'))
  t.ok(kept(200))
})

t.test('all of 1xx but 101 are interim', async (t) => {
  for (const status of [100, 102, 103, 199]) t.ok(response(`HTTP/1.1 ${status} x\r\n\r\n`).isInterim)
  for (const status of [101, 200, 999]) t.notOk(response(`HTTP/1.1 ${status} x\r\n\r\n`).isInterim)
})

t.test('the reason is what stands behind the status', async (t) => {
  t.equal(response('HTTP/1.1 200\r\n\r\n').reason, '')
  t.equal(response('HTTP/1.1 200 \r\n\r\n').reason, '')
  t.equal(response('HTTP/1.1 200  a b \r\n\r\n').reason, ' a b ')
})

t.test('nothing of an earlier head stays', async (t) => {
  const head = response(
    'HTTP/1.0 103\r\nConnection: keep-alive, x\r\nKeep-Alive: timeout=1\r\nDate: x\r\nContent-Length: 3\r\n\r\n',
  )
  const fresh = response('')
  const bytes = bytesOf(fresh.text)
  head.reset()
  head.parse(bytes, 0, bytes.length, 'GET')
  for (const key of [
    'status',
    'version',
    'framing',
    'contentLength',
    'keepAlive',
    'keepAliveSeconds',
    'upgrade',
    'hasDate',
    'connectionNames',
    'isVerbatimLine',
    'added',
    'count',
    'text',
  ] as const) {
    t.equal(head[key], fresh[key], key)
  }
})

t.test('a response of HTTP/2 becomes one of HTTP/1.1', async (t) => {
  const head = new ResponseHead()
  t.equal(head.build(404, ['content-type', 'a', 'content-length', '3', ':status', '200'], 'GET', true), 0)
  t.equal(head.framing, Framing.Length)
  t.equal(sent(head), 'HTTP/1.1 404 Not Found\r\ncontent-type: a\r\ncontent-length: 3\r\n\r\n')
  t.equal(head.build(200, [], 'GET', true), 0)
  t.equal(head.framing, Framing.UntilClose)
  t.equal(head.build(200, [], 'GET', false), 0)
  t.equal(head.framing, Framing.None)
  t.equal(head.build(200, ['content-length', '3'], 'HEAD', false), 0)
  t.equal(head.build(304, ['content-length', '3'], 'GET', false), 0)
})

t.test('what HTTP/2 may not carry is refused', async (t) => {
  const refusal = (status: number, fields: string[] = [], hasBody = true): string | number =>
    nameOf(new ResponseHead().build(status, fields, 'GET', hasBody))
  for (const status of [0, 99, 1000, 101, Number.NaN, 200.5, -200])
    t.equal(refusal(status), 'bad-pseudo-field', `${status}`)
  t.equal(refusal(200, ['connection', 'close']), 'connection-field-in-h2')
  t.equal(refusal(200, ['x', 'a\r\nSet-Cookie: b']), 'control-in-head')
  t.equal(refusal(200, ['x\r\n', 'a']), 'bad-field-name')
  t.equal(refusal(200, ['content-length', 'x']), 'bad-content-length')
  t.equal(refusal(200, ['content-length', '3'], false), 'bad-content-length', 'a length, and no body to come')
  const small = { ...new ResponseHead().limits, headBytes: 6, headerCount: 1 }
  t.equal(nameOf(new ResponseHead(small).build(200, ['a', 'b'], 'GET', true)), 'head-too-large')
  t.equal(
    nameOf(new ResponseHead({ ...small, headBytes: 100 }).build(200, ['a', 'b', 'c', 'd'], 'GET', true)),
    'too-many-fields',
  )
})
