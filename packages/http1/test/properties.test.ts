import fc from 'fast-check'
import t from 'tap'
import { Framing, isFieldValue, isHost, isToken, RequestHead, requestText } from '../src/index.ts'
import { sentOn } from './support/against-llhttp.ts'
import { damaged, randomRequests, randomResponses } from './support/generate.ts'
import { bytesOf } from './support/heads.ts'
import {
  type Field,
  type Message,
  pieces,
  type Reading,
  readRequests,
  readResponses,
} from './support/message-reader.ts'
import { Random } from './support/random.ts'
import { bounded } from './support/settings.ts'

const TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
const latin1 = (accepts: (byte: number) => boolean): string[] =>
  Array.from({ length: 256 }, (_, byte) => byte)
    .filter(accepts)
    .map((byte) => String.fromCharCode(byte))
const isVisible = (byte: number): boolean => byte > 0x20 && byte !== 0x7f

const token = fc.string({ unit: fc.constantFrom(...TCHAR.split('')), minLength: 1, maxLength: 12 })
const value = fc.string({
  unit: fc.constantFrom(...latin1((byte) => byte === 9 || byte === 0x20 || isVisible(byte))),
  maxLength: 20,
})
const space = fc.constantFrom('', ' ', ' ', ' ', '\t', ' \t ')
const octets = fc.string({
  unit: fc.constantFrom(...latin1(() => true), '\r', '\n', '0', ';', ' '),
  maxLength: 40,
})
const path = fc
  .string({ unit: fc.constantFrom(...latin1((byte) => isVisible(byte) && byte !== 0x23)), maxLength: 20 })
  .map((text) => `/${text}`)

/** Names that the codec reads itself have their own generators below. */
const OWN =
  /^(?:host|connection|content-length|transfer-encoding|expect|upgrade|te|trailer|keep-alive|proxy-.*|http2-settings|date)$/i
const field = fc.tuple(
  token.filter((name) => !OWN.test(name)),
  space,
  value,
  space,
)
const fields = fc.array(field, { maxLength: 6 })
const lines = (list: readonly (readonly [string, string, string, string])[]): string =>
  list.map(([name, before, text, behind]) => `${name}:${before}${text}${behind}\r\n`).join('')

const chunk = fc.tuple(
  octets.filter((data) => data !== ''),
  fc.constantFrom('', '', ';a', ';a=b', ' ;a="b"'),
  fc.nat(3),
)
const body = fc.oneof(
  fc.constant({ line: '', text: '', data: '' }),
  octets.map((data) => ({ line: `Content-Length: ${data.length}\r\n`, text: data, data })),
  fc.tuple(fc.array(chunk, { maxLength: 4 }), fields).map(([chunks, trailers]) => ({
    line: 'Transfer-Encoding: chunked\r\n',
    data: chunks.map(([data]) => data).join(''),
    text: `${chunks.map(([data, extension, zeros]) => `${'0'.repeat(zeros)}${data.length.toString(16)}${extension}\r\n${data}\r\n`).join('')}0\r\n${lines(trailers)}\r\n`,
  })),
)

/** A request that must be accepted, and what it must be read as. */
const request = fc
  .record({ method: token, path, fields, body, isLast: fc.boolean() })
  .map(({ method, path, fields, body, isLast }) => ({
    method: method === 'CONNECT' ? 'GET' : method,
    path,
    data: body.data,
    text: `${method === 'CONNECT' ? 'GET' : method} ${path} HTTP/1.1\r\n${isLast ? lines(fields) : ''}Host: a.example\r\n${body.line}${isLast ? '' : lines(fields)}\r\n${body.text}`,
  }))

const response = fc
  .record({ status: fc.integer({ min: 200, max: 999 }), reason: value, fields, body })
  .map(({ status, reason, fields, body }) => {
    const hasBody = status !== 204 && status !== 304
    return {
      status,
      data: hasBody ? body.data : '',
      text: `HTTP/1.1 ${status} ${reason}\r\n${lines(fields)}${body.line === '' ? 'Content-Length: 0\r\n' : body.line}\r\n${hasBody ? body.text : ''}`,
    }
  })

const cuts = fc.array(fc.nat(1000), { maxLength: 8 })
const cutBy = (bytes: Buffer, at: readonly number[]): Buffer[] =>
  pieces(
    bytes,
    at.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b),
  )

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
const meaning = ({ method, status, body, trailerLines, keepAlive }: Message): unknown => [
  method,
  status,
  body,
  trailerLines,
  keepAlive,
]

t.test('what is sent on is read as what was read, and sent on as it is', async (t) => {
  const holds = (text: string, read: (input: Buffer) => Reading): boolean => {
    const first = read(bytesOf(text))
    if (first.messages.length !== 1 || !first.messages[0].isComplete) return false
    const sent = sentOn(first.messages[0])
    const second = read(sent)
    return (
      second.messages.length === 1 &&
      isSame(meaning(first.messages[0]), meaning(second.messages[0])) &&
      sentOn(second.messages[0]).equals(sent)
    )
  }
  fc.assert(
    fc.property(request, ({ text }) => holds(text, (input) => readRequests([input]))),
    bounded(3000),
  )
  fc.assert(
    fc.property(response, ({ text }) => holds(text, (input) => readResponses([input]))),
    bounded(3000),
  )
  t.pass('for requests and responses')
})

t.test('what is sent on consists of parsed lines and nothing else', async (t) => {
  fc.assert(
    fc.property(request, ({ text }) => {
      const [message] = readRequests([bytesOf(text)]).messages
      const [line, ...rest] = message.forwarded.split('\r\n')
      if (line !== `${message.method} ${message.rawTarget} HTTP/1.1` || rest.splice(-2).join('') !== '')
        return false
      const received = message.fields.map(([name, text]) => `${name}: ${text}`)
      return rest.every(
        (one) =>
          received.includes(one) || one === 'Content-Length: 0' || one === 'Transfer-Encoding: chunked',
      )
    }),
    bounded(2000),
  )
  t.pass('of requests')
})

t.test('messages keep their boundaries: no byte of one appears in another', async (t) => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 5 }), cuts, (requests, at) => {
      const reading = readRequests(cutBy(bytesOf(requests.map(({ text }) => text).join('')), at))
      return (
        reading.end === 'done' &&
        isSame(
          reading.messages.map(({ method, rawTarget, body }) => [method, rawTarget, body]),
          requests.map(({ method, path, data }) => [method, path, data]),
        )
      )
    }),
    bounded(1500),
  )
  fc.assert(
    fc.property(fc.array(response, { minLength: 1, maxLength: 5 }), cuts, (responses, at) => {
      const input = cutBy(bytesOf(responses.map(({ text }) => text).join('')), at)
      const reading = readResponses(
        input,
        responses.map(() => 'GET'),
      )
      return (
        reading.end === 'answered' &&
        isSame(
          reading.messages.map(({ status, body }) => [status, body]),
          responses.map(({ status, data }) => [status, data]),
        )
      )
    }),
    bounded(1500),
  )
  t.pass('for requests and responses')
})

t.test('how an input is cut changes nothing, whatever the input', async (t) => {
  const seed = fc.nat(0x7fffffff)
  const noise = fc.oneof(
    seed.map((n) => randomRequests(new Random(n))),
    seed.map((n) => randomResponses(new Random(n))),
    fc.tuple(request, seed).map(([{ text }, n]) => damaged(new Random(n), text)),
    fc.tuple(response, seed).map(([{ text }, n]) => damaged(new Random(n), text)),
    octets,
  )
  const small = { headBytes: 60, headerCount: 3, targetBytes: 8, chunkExtensionBytes: 3, trailerBytes: 12 }
  const limits = fc.constantFrom({}, {}, {}, small)
  fc.assert(
    fc.property(noise, cuts, limits, (text, at, limits) => {
      const bytes = bytesOf(text)
      const parts = cutBy(bytes, at)
      const each = pieces(
        bytes,
        Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1),
      )
      return [parts, each].every(
        (cut) =>
          isSame(readRequests(cut, limits), readRequests([bytes], limits)) &&
          isSame(
            readResponses(cut, ['GET', 'HEAD', 'GET'], limits),
            readResponses([bytes], ['GET', 'HEAD', 'GET'], limits),
          ),
      )
    }),
    bounded(5000),
  )
  t.pass('for requests and responses')
})

t.test('after any edits, what is removed is gone and what is sent can be read', async (t) => {
  const name = fc.oneof(
    token,
    fc.constantFrom(
      'X',
      'x',
      'Host',
      'Connection',
      'Content-Length',
      'Transfer-Encoding',
      'X-Forwarded-For',
      '',
      'a b',
      'a:b',
    ),
  )
  const text = fc.oneof(value, octets, fc.string())
  const edit = fc.record({ kind: fc.constantFrom('remove', 'set', 'add'), name, text })
  fc.assert(
    fc.property(request, fc.array(edit, { maxLength: 8 }), ({ text: input, data }, edits) => {
      const bytes = bytesOf(input)
      const head = new RequestHead()
      head.parse(bytes, 0, bytes.length)
      const absent = new Set<string>()
      for (const { kind, name, text } of edits) {
        try {
          if (kind === 'remove') head.remove(name.toLowerCase())
          else if (kind === 'set') head.set(name, text)
          else head.add(name, text)
        } catch (error) {
          if (!(error instanceof TypeError)) throw error
          continue
        }
        if (kind === 'remove') absent.add(name.toLowerCase())
        else absent.delete(name.toLowerCase())
      }
      const sent = requestText(head, head.framing, 'fallback')
      const whole =
        sent +
        (head.framing === Framing.Chunked
          ? `${data.length.toString(16)}\r\n${data}${data === '' ? '' : '\r\n0\r\n'}\r\n`
          : data)
      const reading = readRequests([bytesOf(whole)])
      // The service may write a Host that is none, or options of the connection; the head is one head all the same.
      if (
        reading.refusal !== 0 &&
        reading.end !== 'refused bad-host 400' &&
        reading.end !== 'refused bad-chunk-size 400'
      )
        return false
      const names = sent
        .split('\r\n')
        .slice(1, -2)
        .map((line) => line.split(':')[0].toLowerCase())
      const isGone = [...absent].every((gone) => gone === 'host' || !names.includes(gone))
      const hosts = names.filter((one) => one === 'host').length
      return (
        isGone &&
        hosts === 1 &&
        /^(?:[^\r\n]+\r\n)+\r\n$/.test(sent) &&
        (reading.refusal !== 0 || isSame(reading.messages[0]?.body, data))
      )
    }),
    bounded(4000),
  )
  t.pass('for requests')
})

t.test('nothing of HTTP/2 becomes anything else in HTTP/1.1', async (t) => {
  const evil = fc.constantFrom(
    '\r\n',
    '\r',
    '\n',
    '\0',
    '\r\nX: y',
    '\r\n\r\nGET / HTTP/1.1\r\n',
    ' ',
    ':',
    '\u010d\u010a',
    '\u{1f4a9}',
    '#',
    ',',
  )
  const spiced = (plain: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.oneof(
      plain,
      fc.tuple(plain, evil, plain).map((parts) => parts.join('')),
    )
  const known = fc.constantFrom(
    'host',
    'content-length',
    'transfer-encoding',
    'connection',
    'te',
    'expect',
    'cookie',
    'upgrade',
    ':path',
    ':authority',
    'x-forwarded-for',
  )
  const pair = fc.tuple(
    spiced(fc.oneof(token, known)),
    spiced(fc.oneof(value, fc.constantFrom('a.example', '3', 'chunked', 'trailers', '100-continue'))),
  )
  const source = fc.record({
    method: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('GET', 'POST', 'OPTIONS') },
      { weight: 1, arbitrary: spiced(token) },
    ),
    path: fc.oneof({ weight: 4, arbitrary: path }, { weight: 1, arbitrary: spiced(path) }),
    authority: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('a.example', 'a.example:80', '') },
      { weight: 1, arbitrary: spiced(value) },
    ),
    fields: fc.array(
      fc.oneof({ weight: 3, arbitrary: fc.tuple(token, value) }, { weight: 1, arbitrary: pair }),
      { maxLength: 5 },
    ),
    hasBody: fc.boolean(),
  })
  let accepted = 0
  fc.assert(
    fc.property(source, ({ method, path, authority, fields, hasBody }) => {
      const head = new RequestHead()
      if (head.build(method, path, authority, fields.flat(), hasBody) < 0) return true
      accepted++
      const framing = head.framing === Framing.UntilClose ? Framing.Chunked : head.framing
      const text = requestText(head, framing, 'fallback.example')
      const sentBody =
        framing === Framing.Chunked
          ? '0\r\n\r\n'
          : framing === Framing.Length
            ? 'x'.repeat(Math.min(head.contentLength, 1000))
            : ''
      const reading = readRequests([bytesOf(text + sentBody)])
      const [message] = reading.messages
      const isWhole = head.contentLength > 1000 ? reading.end === 'incomplete body' : reading.end === 'done'
      return (
        isWhole &&
        reading.messages.length === 1 &&
        message.method === method &&
        message.rawTarget === path &&
        message.framing === framing &&
        (hasBody || framing === Framing.None) &&
        message.fields.every((received) => cameFrom(received, authority, fields))
      )
    }),
    bounded(6000),
  )
  t.ok(accepted > 500, `${accepted} accepted`)
})

/** Whether a field was in the HTTP/2 message, or is one that the codec writes. */
function cameFrom(
  [name, text]: Field,
  authority: string,
  fields: readonly (readonly [string, string])[],
): boolean {
  if (!isToken(name) || !isFieldValue(text)) return false
  if (name === 'Host') return isHost(text) && (text === authority || text === 'fallback.example')
  if (['Transfer-Encoding', 'Content-Length', 'TE', 'Expect'].includes(name)) return true
  if (name.toLowerCase() === 'cookie') return true
  return fields.some(
    ([source, sourceText]) => source === name && sourceText.replace(/^[\t ]+|[\t ]+$/g, '') === text,
  )
}
