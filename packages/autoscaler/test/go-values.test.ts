import t, { type Test } from 'tap'
import { parseCount, parseDurationMs, parseFlag, parseNumber, toInt32 } from '../src/go-values.ts'

type Parser = (text: string) => unknown

/** Each text comes to the value beside it. The pairs were looked up with Go 1.26. */
function check(t: Test, parse: Parser, values: Readonly<Record<string, unknown>>): void {
  for (const [text, value] of Object.entries(values)) t.equal(parse(text), value, JSON.stringify(text))
}
/** None of the texts is a value. */
function checkNone(t: Test, parse: Parser, texts: readonly string[]): void {
  for (const text of texts) t.ok(Number.isNaN(parse(text)), JSON.stringify(text))
}

t.test('numbers are those of ParseFloat', async (t) => {
  check(t, parseNumber, {
    '1_000': 1000,
    '1_0.5': 10.5,
    '1e3': 1000,
    '1E+2': 100,
    '+5': 5,
    '-1': -1,
    '.5': 0.5,
    '5.': 5,
    '00012': 12,
    '1e-400': 0,
  })
  checkNone(t, parseNumber, ['', ' 5', '5 ', '1_', '_1', '1__0', '1_.5', '0x10', '1e400', '1e', '.', '--1'])
})

t.test('neither hexadecimal numbers nor infinities nor none are taken', async (t) => {
  checkNone(t, parseNumber, ['0x1p4', 'inf', '+Inf', 'infinity', 'nan', 'NaN'])
})

t.test('counts are those of ParseInt with 32 bits', async (t) => {
  check(t, parseCount, { '+5': 5, '-5': -5, '007': 7, '2147483647': 2147483647, '-2147483648': -2147483648 })
  checkNone(t, parseCount, ['', '1_000', '2147483648', '-2147483649', '0x10', '1.0', '1e3', ' 1'])
})

t.test('durations are those of ParseDuration', async (t) => {
  check(t, parseDurationMs, {
    '0': 0,
    '-0': 0,
    '+0': 0,
    '0s': 0,
    '+1s': 1000,
    '-1s': -1000,
    '1.5h': 5_400_000,
    '1h2m3s': 3_723_000,
    '1us': 0.001,
    '1µs': 0.001,
    '1μs': 0.001,
    '1ns': 0.000001,
    '100ns99us': 0.0991,
    '.5s': 500,
    '5.s': 5000,
    '-.5s': -500,
    '0.1ms': 0.1,
    '1.0000000001s': 1000,
    '0.0000000001s': 0,
    '0.100000000000000000000h': 360_000,
  })
  const none = ['', '1', 's', '.s', '1 s', ' 1s', '1S', '1d', '1m-1s', '1.1.1s', '--1s', '1e3s', '1_0s', '٣s']
  checkNone(t, parseDurationMs, [...none, '9223372037s', '3000000h'])
})

t.test('flags are those of ParseBool', async (t) => {
  for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True']) t.equal(parseFlag(text), true, text)
  for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False']) t.equal(parseFlag(text), false, text)
  for (const text of ['', 'yes', 'tRUE', ' true', '2']) t.equal(parseFlag(text), undefined, text)
})

t.test('whole numbers of 32 bits are cut off, and end at their bounds', async (t) => {
  t.strictSame([2.9, -2.9, 0, -0.3].map(toInt32), [2, -2, 0, 0])
  t.strictSame(
    [1e12, -1e12, Infinity, -Infinity].map(toInt32),
    [2147483647, -2147483648, 2147483647, -2147483648],
  )
})
