import fc from 'fast-check'
import t from 'tap'
import { JSON_LINE_KEYS, jsonLine } from '../../src/request-log/json-line.ts'
import { CUT_MARK, JSON_TEXT_BYTES_MAX, jsonPlainText, jsonText } from '../../src/request-log/json-text.ts'
import { JSON_TEMPLATE, RequestLog } from '../../src/request-log/request-log.ts'
import type { RequestRecord } from '../../src/request-log/request-record.ts'
import { bytesOf, recordOf, REVISION, type Sample } from './support/record.ts'

const NOW = Date.UTC(2026, 1, 3, 4, 5, 6, 78)

/** Control characters of every kind, quotes, halves of surrogate pairs, and bytes that are no UTF-8. */
const HOSTILE: readonly string[] = [
  ...Array.from({ length: 0x21 }, (_, code) => String.fromCharCode(code)),
  ...Array.from({ length: 0x81 }, (_, i) => String.fromCharCode(0x7f + i)),
  ...'"\\/?#@'.split(''),
  '\u2028',
  '\u2029',
  '\ud800',
  '\udfff',
  '\ufeff',
  '\ufffe',
  '😀',
  '","status":1,"x":"',
  '\\u0000',
  '\r\n{}',
]

const texts = fc.oneof(
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 40 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc
    .array(fc.constantFrom(...HOSTILE, 'x'.repeat(500)), { minLength: 3000, maxLength: 4000, size: 'max' })
    .map((parts) => parts.join('')),
)

const records: fc.Arbitrary<RequestRecord> = fc
  .record({
    method: texts,
    target: texts,
    protocol: texts,
    host: texts,
    remoteAddress: texts,
    traceId: texts,
    requestId: texts,
    outcome: texts,
    userAgent: texts,
    referer: texts,
    name: texts,
    podName: texts,
    status: fc.nat(999),
    responseBytes: fc.maxSafeNat(),
    requestBytes: fc.maxSafeNat(),
    latencySeconds: fc.double({ min: 0, max: 1e9, noNaN: true }),
  })
  .map(({ userAgent, referer, name, podName, ...given }) => ({
    ...recordOf(),
    ...given,
    revision: { ...REVISION, name, podName },
    header: (lowerName: string) => (lowerName === 'user-agent' ? [userAgent] : [referer]),
  }))

function parsed(sample: Sample): Record<string, unknown> {
  return JSON.parse(jsonLine(recordOf(sample), NOW)) as Record<string, unknown>
}

t.test('a line has every key once, in one order', async (t) => {
  const line = jsonLine(
    recordOf({
      method: 'POST',
      target: '/orders/7?token=secret',
      headers: [
        ['User-Agent', 'curl/8'],
        ['Referer', 'https://me:pw@shop.example/cart?session=secret'],
      ],
      status: 201,
      requestBytes: 5,
      latencySeconds: 0.0123456,
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      requestId: 'r-1',
    }),
    NOW,
  )
  t.equal(
    line,
    '{"time":"2026-02-03T04:05:06.078Z","requestId":"r-1","traceId":"4bf92f3577b34da6a3ce929d0e0e4736",' +
      '"method":"POST","host":"hello.example","path":"/orders/7","protocol":"HTTP/1.1",' +
      '"remoteAddr":"10.0.0.1:4711","userAgent":"curl/8","referer":"https://shop.example/cart","status":201,' +
      '"requestBytes":5,"responseBytes":12,"latencyMs":12.346,"outcome":"ok","namespace":"default",' +
      '"service":"hello","configuration":"hello","revision":"hello-00001","pod":"hello-00001-deployment-abc"}\n',
  )
  t.strictSame(Object.keys(JSON.parse(line) as object), JSON_LINE_KEYS)
})

t.test('whatever a client sends, a line is one JSON object with these keys', async () => {
  fc.assert(
    fc.property(records, (record) => {
      const line = jsonLine(record, NOW)
      const values = JSON.parse(line) as Record<string, unknown>
      const numbers = ['status', 'requestBytes', 'responseBytes', 'latencyMs']
      return (
        Object.keys(values).join() === JSON_LINE_KEYS.join() &&
        JSON_LINE_KEYS.every((key) => typeof values[key] === (numbers.includes(key) ? 'number' : 'string')) &&
        values['status'] === record.status &&
        line.indexOf('\n') === line.length - 1 &&
        // oxlint-disable-next-line no-control-regex
        !/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(line.slice(0, -1)) &&
        line.isWellFormed()
      )
    }),
    { numRuns: 300 },
  )
})

t.test('a text reads back as JSON.stringify would have written it', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = JSON.parse(jsonText(Buffer.from(bytes).toString('latin1'))) as unknown
      return text === JSON.parse(JSON.stringify(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)))
    }),
  )
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (text) => JSON.parse(jsonPlainText(text)) === text.toWellFormed(),
    ),
  )
  // Printable ASCII is most of what is sent: there the bytes are the same.
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => jsonText(text) === JSON.stringify(text)),
  )
})

t.test('a text that is too long is cut between two characters', async (t) => {
  const full = 'x'.repeat(JSON_TEXT_BYTES_MAX)
  t.equal(JSON.parse(jsonText(full)), full)
  t.equal(JSON.parse(jsonText(`${full}y`)), full + CUT_MARK)
  for (const character of ['é', '€', '😀'])
    for (let before = 0; before < 4; before++) {
      const text = 'x'.repeat(before) + character.repeat(JSON_TEXT_BYTES_MAX)
      const cut = JSON.parse(jsonText(bytesOf(text))) as string
      const kept = cut.slice(0, -CUT_MARK.length)
      t.ok(cut.endsWith(CUT_MARK) && text.startsWith(kept), `${character} after ${before}`)
      t.ok(Buffer.byteLength(kept) > JSON_TEXT_BYTES_MAX - 4)
    }
  t.ok(jsonText('\x80'.repeat(10_000)).length < JSON_TEXT_BYTES_MAX + 10, 'and when there are no characters')
})

t.test('queries and credentials are left out of paths and referers', async (t) => {
  const paths = [
    ['/a?b=/c', '/a'],
    ['/a#b', '/a'],
    ['//a@b/c', '//a@b/c'],
    ['http://u:p@host/a/b?c', '/a/b'],
    ['http://u:p@host', '/'],
    ['http://u:p@host?c=/d', '/'],
    ['*', '*'],
    ['host:443', 'host:443'],
    ['u:p@host:443', 'host:443'],
    ['/redirect/http://u@x/', '/redirect/http://u@x/'],
    ['', ''],
  ]
  for (const [target, path] of paths) t.equal(parsed({ target })['path'], path, target)
  const referers = [
    ['https://a.example/b', 'https://a.example/b'],
    ['https://a.example/@b?c', 'https://a.example/@b'],
    ['https://u:p@a.example/@b', 'https://a.example/@b'],
    ['https://u:p@q@a.example', 'https://a.example'],
    ['u:p@a.example/b', 'a.example/b'],
    ['android-app://a', 'android-app://a'],
  ]
  for (const [referer, logged] of referers)
    t.equal(parsed({ headers: [['Referer', referer]] })['referer'], logged, referer)
})

t.test('a log writes it for the template json, and templates beside it', async (t) => {
  const lines: string[] = []
  const log = new RequestLog({ template: JSON_TEMPLATE, write: (line) => lines.push(line), now: () => NOW })
  t.ok(log.enabled)
  t.equal(log.template, 'json')
  log.log(recordOf())
  log.template = 'json {{.Response.Code}}'
  log.log(recordOf())
  // As a block of YAML has it.
  log.template = 'json\n'
  log.log(recordOf())
  const line = jsonLine(recordOf(), NOW)
  t.strictSame(lines, [line, 'json 200\n', line])
})
