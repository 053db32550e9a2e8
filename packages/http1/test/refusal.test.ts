import t from 'tap'
import { describeRefusal, Refusal } from '../src/refusal.ts'

const entries = Object.entries(Refusal)
const rows = entries.map(([, code]) => describeRefusal(code))

t.test('every code has a row of its own', async (t) => {
  const codes = entries.map(([, code]) => code)
  t.equal(new Set(codes).size, codes.length, 'codes are unique')
  t.strictSame(
    codes.toSorted((a, b) => b - a),
    codes.map((_, index) => -1 - index),
    'codes are -1, -2, -3 …',
  )
  t.equal(new Set(rows.map((row) => row.name)).size, rows.length, 'names are unique')
  t.equal(new Set(rows.map((row) => row.text)).size, rows.length, 'texts are unique')
})

t.test('the name of a row is the name of its code', async (t) => {
  const OTHER: Readonly<Record<string, string>> = {
    TransferEncodingIn10: 'transfer-encoding-in-1.0',
    ConnectionFieldInH2: 'connection-field-in-h2',
  }
  for (const [key, code] of entries) {
    const kebab = key.replace(/(?<=.)([A-Z])/g, '-$1').toLowerCase()
    t.equal(describeRefusal(code).name, OTHER[key] ?? kebab)
  }
})

t.test('a row is complete', async (t) => {
  for (const { name, text, source } of rows) {
    t.match(source, /^RFC \d{4} section \d+(\.\d+)*$/, name)
    t.match(text, /^[a-zA-Z].*[^.]$/, name)
  }
  const statuses = new Map(rows.filter((row) => row.status !== 400).map((row) => [row.name, row.status]))
  t.strictSame(
    Object.fromEntries(statuses),
    {
      'unsupported-version': 505,
      'head-too-large': 431,
      'too-many-fields': 431,
      'target-too-long': 414,
      'unknown-transfer-coding': 501,
      'trailer-too-large': 431,
      'unknown-expectation': 417,
    },
    'what is not 400',
  )
})

t.test('a code that is none is an error', async (t) => {
  t.throws(() => describeRefusal(-1000 as Refusal), RangeError)
  t.throws(() => describeRefusal(1 as unknown as Refusal), RangeError)
})
