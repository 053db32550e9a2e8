import t from 'tap'
import { isFieldValue, isToken, trimOws } from '../src/field-text.ts'
import { Framing, requestText } from '../src/index.ts'
import { request } from './support/heads.ts'

const sent = (head: ReturnType<typeof request>): string => requestText(head, head.framing, 'fallback')
const withHost = (lines: string): string => `GET / HTTP/1.1\r\nHost: a.example\r\n${lines}\r\n`

t.test('fields are read by index and by name', async (t) => {
  const head = request('X-A: 1\r\nx-b:\t2 \r\nX-A: 3\r\n')
  t.equal(head.count, 4)
  t.equal(head.name(2), 'x-b')
  t.equal(head.value(2), '2')
  t.equal(head.get('x-a'), '1', 'the first one')
  t.equal(head.get('x-c'), undefined)
  t.equal(head.indexOf('x-a', 2), 3)
  t.equal(head.indexOf('x-a', 4), -1)
  t.equal(head.indexOf(''), -1)
})

t.test('a removed field is gone, every one of its name', async (t) => {
  const head = request('X: 1\r\nY: 2\r\nx: 3\r\n')
  head.remove('x')
  t.equal(sent(head), withHost('Y: 2\r\n'))
  t.equal(head.get('x'), '1', 'get tells what was received')
  t.notOk(head.isForwarded(1))
})

t.test('a field that was added is removed as well', async (t) => {
  const head = request('')
  head.add('X', '1')
  head.add('Y', '2')
  head.add('x', '3')
  t.match(head.added, /^x: 3\r$/m)
  head.remove('x')
  t.notMatch(head.added, /^x:/im)
  t.equal(sent(head), withHost('Y: 2\r\n'))
})

t.test('removing what is not there changes nothing', async (t) => {
  const head = request('X: 1\r\n')
  head.add('Y', '2')
  for (const name of ['z', 'x-y', '', ':', 'y: 2']) head.remove(name)
  t.equal(sent(head), withHost('X: 1\r\nY: 2\r\n'))
  t.equal(head.added, 'Y: 2\r\n')
})

t.test('set leaves exactly one field', async (t) => {
  const head = request('X: 1\r\nx: 2\r\n')
  head.add('X', '3')
  head.set('X', '4')
  t.equal(sent(head), withHost('X: 4\r\n'))
  head.set('x', '5')
  t.equal(sent(head), withHost('x: 5\r\n'))
})

t.test('what could not stand in a head is not added', async (t) => {
  const head = request('X: 1\r\n')
  head.add('Y', '2')
  const before = sent(head)
  for (const name of ['', 'a b', 'a:', 'a\r\nb', 'é', '\u{212a}'])
    t.throws(() => head.add(name, 'v'), TypeError, JSON.stringify(name))
  for (const value of ['a\r\nB: c', '\n', '\r', '\0', '\x7f', '€', '\u{10d}\u{10a}']) {
    t.throws(() => head.add('X', value), TypeError, JSON.stringify(value))
    t.throws(() => head.set('X', value), TypeError, 'and set changes nothing')
  }
  t.throws(() => head.set('', 'v'), TypeError)
  t.equal(sent(head), before)
})

t.test('framing is the business of the codec', async (t) => {
  const head = request('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n')
  const before = sent(head)
  for (const name of ['Content-Length', 'content-length', 'Transfer-Encoding', 'TRANSFER-ENCODING']) {
    t.throws(() => head.add(name, '5'), TypeError)
    t.throws(() => head.set(name, '5'), TypeError)
    t.throws(
      () => head.remove(name.toLowerCase()),
      TypeError,
      'without it the body would be read as a request',
    )
  }
  t.equal(sent(head), before)
})

t.test('white space around an added value is left out', async (t) => {
  const head = request('')
  head.add('X', ' \t1 2\t')
  head.add('Y', ' ')
  t.equal(sent(head), withHost('X: 1 2\r\nY: \r\n'))
})

t.test('edits are of one message', async (t) => {
  const head = request('X: 1\r\n')
  head.add('Y', '2')
  head.remove('x')
  const bytes = Buffer.from(withHost('X: 1\r\n'))
  head.reset()
  t.ok(head.isUntouched)
  head.parse(bytes, 0, bytes.length)
  t.equal(sent(head), bytes.toString())
})

t.test('lines that are not canonical are written anew, others are copied', async (t) => {
  const head = request('A:1\r\nB: 2\r\nC:  3\r\nD: 4 \r\nE:\t5\r\nF:\r\nG: \r\n')
  t.equal(sent(head), withHost('A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: \r\nG: \r\n'))
})

t.test('dropping fields at the ends and in the middle keeps the rest', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  for (let mask = 0; mask < 16; mask++) {
    const head = request(`GET / HTTP/1.0\r\n${names.map((name) => `${name}: 1\r\n`).join('')}\r\n`)
    const kept = names.filter((_, bit) => (mask & (1 << bit)) !== 0)
    for (const name of names) if (!kept.includes(name)) head.remove(name)
    t.equal(head.forwardedText(head.fieldsStart), kept.map((name) => `${name}: 1\r\n`).join(''))
    t.strictSame(
      head.pairs(),
      kept.map((name) => [name, '1']),
    )
  }
})

t.test('pairs are what is forwarded: received and added, in order', async (t) => {
  const head = request('Connection: x\r\nX: 1\r\nY: a: b\r\n')
  head.add('Z', 'c: d')
  head.add('E', '')
  t.strictSame(head.pairs(), [
    ['Host', 'a.example'],
    ['Y', 'a: b'],
    ['Z', 'c: d'],
    ['E', ''],
  ])
})

t.test('a head without fields has none to forward', async (t) => {
  const head = request('GET / HTTP/1.0\r\n\r\n')
  t.equal(head.count, 0)
  t.equal(head.fieldsStart, head.sectionEnd)
  t.equal(head.framing, Framing.None)
  t.equal(sent(head), 'GET / HTTP/1.1\r\nHost: fallback\r\n\r\n')
})

t.test('tokens, values and white space are those of RFC 9110', async (t) => {
  t.ok(isToken('a-b'))
  for (const text of ['', ' ', 'a b', 'a:', '\x7f', 'é', '\u{141}'])
    t.notOk(isToken(text), JSON.stringify(text))
  for (const text of ['', 'a b\t', '\x80\xff']) t.ok(isFieldValue(text))
  for (const text of ['\r', '\n', '\0', '\x0b', '\x7f', '\u{100}'])
    t.notOk(isFieldValue(text), JSON.stringify(text))
  t.equal(trimOws(' \ta b\t '), 'a b')
  t.equal(trimOws('\xa0\x0b'), '\xa0\x0b')
  t.equal(trimOws(' \t'), '')
})
