import t from 'tap'
import { DEFAULT_LIMITS, INCOMPLETE, TrailerSection } from '../src/index.ts'
import { bytesOf, nameOf, request } from './support/heads.ts'

const parsed = (text: string): TrailerSection => {
  const section = new TrailerSection()
  const bytes = bytesOf(text)
  const length = section.parse(bytes, 0, bytes.length)
  if (length !== bytes.length) throw new Error(`not one section: ${nameOf(length)}`)
  return section
}

t.test('a section is read, however it is cut', async (t) => {
  const bytes = bytesOf('A: 1\r\nB:2\r\n\r\n')
  for (let cut = 0; cut < bytes.length; cut++) {
    const section = new TrailerSection()
    t.equal(section.parse(bytes, 0, cut), INCOMPLETE)
    t.equal(
      section.parse(Buffer.concat([bytesOf('???'), bytes, bytesOf('GET')]), 3, bytes.length + 6),
      bytes.length,
    )
    t.equal(section.lines, 'A: 1\r\nB: 2\r\n')
  }
  t.equal(parsed('\r\n').lines, '')
})

t.test('what frames or routes is refused', async (t) => {
  for (const line of ['Content-Length: 0', 'TRANSFER-ENCODING: chunked', 'Host: a', 'host:']) {
    t.throws(() => parsed(`X: y\r\n${line}\r\n\r\n`), /bad-trailer/, line)
  }
})

t.test('other fields of the connection are dropped', async (t) => {
  const names = [
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Upgrade',
    'Expect',
    'Proxy-Authenticate',
    'Proxy-Authorization',
    'HTTP2-Settings',
  ]
  t.equal(parsed(`${names.map((name) => `${name}: x\r\n`).join('')}X: y\r\n\r\n`).lines, 'X: y\r\n')
  t.equal(parsed('Date: x\r\n\r\n').lines, 'Date: x\r\n')
})

t.test('what Connection names is dropped too (RFC 9110 section 7.6.1)', async (t) => {
  const section = parsed('X-Hop: 1\r\nX-End: 2\r\nx-HOP: 3\r\n\r\n')
  section.dropNamedIn(request('X-End: 1\r\n'))
  t.equal(section.lines, 'X-Hop: 1\r\nX-End: 2\r\nx-HOP: 3\r\n', 'nothing is named')
  section.dropNamedIn(request('Connection: close, x-hop\r\n'))
  t.equal(section.lines, 'X-End: 2\r\n')
})

t.test('trailers of HTTP/2 are checked by the same rules', async (t) => {
  const section = new TrailerSection({ ...DEFAULT_LIMITS, headerCount: 2, trailerBytes: 24 })
  t.equal(section.build(['grpc-status', '0']), 0)
  t.equal(section.lines, 'grpc-status: 0\r\n')
  t.equal(section.build([]), 0)
  t.equal(section.lines, '')
  for (const [fields, refusal] of [
    [[':status', '200'], 'bad-pseudo-field'],
    [['content-length', '3'], 'bad-trailer'],
    [['host', 'a'], 'bad-trailer'],
    [['transfer-encoding', 'chunked'], 'connection-field-in-h2'],
    [['connection', 'close'], 'connection-field-in-h2'],
    [['x', 'a\r\nb: c'], 'control-in-head'],
    [['x:', 'a'], 'bad-field-name'],
    [['x', 'a'.repeat(20)], 'trailer-too-large'],
    [['a', '1', 'b', '2', 'c', '3'], 'too-many-fields'],
  ] as const) {
    t.equal(nameOf(section.build(fields)), refusal, JSON.stringify(fields))
  }
})

t.test('trailers can be edited as fields are', async (t) => {
  const section = parsed('A: 1\r\n\r\n')
  section.add('B', '2')
  section.remove('a')
  t.equal(section.lines, 'B: 2\r\n')
  section.reset()
  t.ok(section.isUntouched)
})
