import { appendForwardedFor } from '@pilotlight/service'
import fc from 'fast-check'
import t from 'tap'
import { addForwarded, forwardedValue } from '../src/forwarded-fields.ts'
import { RequestMarks } from '../src/request-marks.ts'
import { forwardedValues, requestHead } from './support/request-head.ts'

const passed = (...lines: string[]) => {
  const head = requestHead(...lines)
  const marks = new RequestMarks()
  marks.read(head, true)
  addForwarded(head, marks)
  appendForwardedFor(head, marks.hasForwardedFor, '10.0.0.9')
  return {
    forwarded: forwardedValues(head, 'forwarded'),
    forwardedFor: forwardedValues(head, 'x-forwarded-for'),
  }
}

t.test("Knative's vectors", async (t) => {
  for (const [forwardedFor, host, proto, expected] of [
    ['127.0.0.1, ::1', 'h', 'p', 'for=127.0.0.1;host=h;proto=p, for="[::1]"'],
    ['127.0.0.1', 'h', 'p', 'for=127.0.0.1;host=h;proto=p'],
    ['127.0.0.1, ::1', '', '', 'for=127.0.0.1, for="[::1]"'],
    ['127.0.0.1, ::1', '', 'p', 'for=127.0.0.1;proto=p, for="[::1]"'],
    ['127.0.0.1, ::1', 'h', '', 'for=127.0.0.1;host=h, for="[::1]"'],
    ['', 'h', '', 'host=h'],
    ['', '', 'p', 'proto=p'],
    ['', 'h', 'p', 'host=h;proto=p'],
  ])
    t.equal(forwardedValue(forwardedFor, host, proto), expected)
})

t.test('where Knative writes what is not valid, we do not', async (t) => {
  t.equal(forwardedValue(',,,', '', ''), '', 'empty nodes are no nodes')
  t.equal(forwardedValue(',x', 'h', ''), 'for=x;host=h')
  t.equal(forwardedValue('1.2.3.4:80', '', ''), 'for="1.2.3.4:80"')
  t.equal(forwardedValue('[::1]:80', '', ''), 'for="[::1]:80"')
  t.equal(forwardedValue('', 'h:8080', 'https'), 'host="h:8080";proto=https')
  t.equal(forwardedValue('a"b\\c', '', ''), String.raw`for="a\"b\\c"`)
})

t.test('what comes out can be read back by the grammar of RFC 7239', async () => {
  const pair = String.raw`[!#$%&'*+.^_|~\w-]+=(?:[!#$%&'*+.^_\`|~\w-]+|"(?:[^"\\]|\\.)*")`
  const element = `${pair}(?:;${pair})*`
  const grammar = new RegExp(`^(?:${element}(?:, ${element})*)?$`)
  const value = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 20,
  })
  fc.assert(
    fc.property(value, value, value, (forwardedFor, host, proto) => {
      const made = forwardedValue(forwardedFor, host, proto)
      if (!grammar.test(made)) throw new Error(made)
    }),
  )
})

t.test('X-Forwarded-For gets the peer, all lines in one', async (t) => {
  t.strictSame(passed().forwardedFor, ['10.0.0.9'])
  t.strictSame(passed('X-Forwarded-For: a, b').forwardedFor, ['a, b, 10.0.0.9'])
  t.strictSame(passed('X-Forwarded-For: a', 'X-Forwarded-For: b').forwardedFor, ['a, b, 10.0.0.9'])
  t.strictSame(passed('X-Forwarded-For:').forwardedFor.at(-1), '10.0.0.9')
  t.strictSame(passed('X-Forwarded-For: a', 'Connection: X-Forwarded-For').forwardedFor, ['10.0.0.9'])
})

t.test('Forwarded is made of every line, without the peer, unless there is one', async (t) => {
  t.strictSame(passed().forwarded, [])
  t.strictSame(passed('X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 2.2.2.2').forwarded, [
    'for=1.1.1.1, for=2.2.2.2',
  ])
  t.strictSame(passed('Forwarded: for=me', 'X-Forwarded-For: 1.1.1.1').forwarded, ['for=me'])
  t.strictSame(passed('X-Forwarded-For: ,').forwarded, [])
})
