import fc from 'fast-check'
import t from 'tap'
import {
  BAGGAGE_MAX,
  formatTraceparent,
  normalBaggage,
  normalTracestate,
  parseTraceparent,
} from '../../src/tracing/trace-context.ts'
import { seeded } from '../metrics/support/seed.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

t.test('a traceparent is read as W3C Trace Context has it', async (t) => {
  t.strictSame(parseTraceparent(`00-${TRACE}-${SPAN}-01`), { traceId: TRACE, spanId: SPAN, flags: 1 })
  t.strictSame(parseTraceparent(`00-${TRACE}-${SPAN}-00`), { traceId: TRACE, spanId: SPAN, flags: 0 })
  t.equal(parseTraceparent(`00-${TRACE}-${SPAN}-ff`)!.flags, 3, 'sampled and random; no other flag is known')
  t.ok(parseTraceparent(`cc-${TRACE}-${SPAN}-01`), 'a version to come')
  t.ok(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-holds`))
  for (const text of [
    '',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01.`,
    `cc-${TRACE}-${SPAN}-01.more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    `cc-${TRACE}-${SPAN}-01-${'x'.repeat(5000)}`,
  ])
    t.equal(parseTraceparent(text), null, text.slice(0, 80))
})

t.test('what is written is read again', async () => {
  const hex = (length: number) =>
    fc
      .string({
        unit: fc.constantFrom(...'0123456789abcdef'.split('')),
        minLength: length,
        maxLength: length,
      })
      .filter((text) => /[^0]/.test(text))
  fc.assert(
    fc.property(hex(32), hex(16), fc.nat(3), (traceId, spanId, flags) => {
      const parsed = parseTraceparent(formatTraceparent({ traceId, spanId, flags }))
      return JSON.stringify(parsed) === JSON.stringify({ traceId, spanId, flags })
    }),
    seeded(200),
  )
})

t.test('a tracestate goes on when all of it is valid', async (t) => {
  t.equal(normalTracestate('a=1'), 'a=1')
  t.equal(normalTracestate(' a=1 ,\tb=x y, ,tenant@vendor=z'), 'a=1,b=x y,tenant@vendor=z')
  t.equal(normalTracestate('0a@vendor=1,a_-*/0=~'), '0a@vendor=1,a_-*/0=~')
  for (const text of [
    '',
    'a',
    'a=',
    '=1',
    'A=1',
    'a=1,a=2',
    'a=1=2',
    'a=é',
    'a@=1',
    'a=1,b',
    Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(','),
    `a=${'x'.repeat(257)}`,
    `a=1,b=${'x'.repeat(512)}`,
  ])
    t.equal(normalTracestate(text), '', text.slice(0, 60))
})

t.test('a baggage goes on when all of it is valid and not too long', async (t) => {
  t.equal(normalBaggage('a=1'), 'a=1')
  t.equal(normalBaggage(' a = 1 , b=%20;p;q=r'), 'a = 1,b=%20;p;q=r')
  t.equal(normalBaggage('a='), 'a=')
  for (const text of [
    '',
    'a',
    '=1',
    'a=b c',
    'a="1"',
    'a=é',
    'a=1;=',
    Array.from({ length: 65 }, (_, i) => `k${i}=v`).join(','),
    `a=${'x'.repeat(BAGGAGE_MAX)}`,
  ])
    t.equal(normalBaggage(text), '', text.slice(0, 60))
})

t.test('no text takes long, whatever it is', async (t) => {
  // Each is at the limit of what is looked at, and nearly matches in as many ways as there are characters.
  const nearly = [' \t', 'a=1;', 'a;', 'a =', '=', 'a=a ', '; '].map((piece) =>
    piece.repeat(BAGGAGE_MAX).slice(0, BAGGAGE_MAX - 1),
  )
  for (const text of nearly) {
    t.equal(normalBaggage(`${text}"`), '')
    normalBaggage(`a=1${text}`)
    t.equal(normalTracestate(`a=${text.slice(0, 500)}\u0001`), '')
  }
})

t.test('nothing that comes in throws', async () => {
  const octet = fc.nat(255).map((code) => String.fromCharCode(code))
  fc.assert(
    fc.property(fc.string({ unit: octet, maxLength: 200 }), (text) => {
      parseTraceparent(text)
      normalTracestate(text)
      normalBaggage(text)
    }),
    seeded(300),
  )
})
