import fc from 'fast-check'
import t from 'tap'
import { assignSlice, compareAddresses, indexAmong } from '../src/slice.ts'

const upTo = (length: number): number[] => Array.from({ length }, (_, i) => i)

const slices = (length: number, count: number): (readonly number[])[] =>
  upTo(count).map((self) => assignSlice(upTo(length), self, count))

t.test('endpoints are divided evenly, and the last ones go to the first activators', async (t) => {
  t.strictSame(slices(10, 3), [
    [0, 1, 2, 9],
    [3, 4, 5],
    [6, 7, 8],
  ])
  t.strictSame(slices(6, 4), [[0, 4], [1, 5], [2], [3]])
  t.strictSame(slices(3, 3), [[0], [1], [2]])
  t.strictSame(slices(5, 2), [
    [0, 1, 4],
    [2, 3],
  ])
  const many = slices(150, 5)
  t.strictSame(many[0], upTo(30))
  t.strictSame(
    many[4],
    upTo(30).map((i) => 120 + i),
  )
})

t.test('with more activators than endpoints each uses one, and some the same', async (t) => {
  t.strictSame(slices(2, 3), [[0], [1], [0]])
  t.strictSame(slices(2, 5), [[0], [1], [0], [1], [0]])
})

t.test('an activator that is alone, or does not know its place, uses all', async (t) => {
  for (const length of [0, 1, 2, 10]) {
    t.strictSame(assignSlice(upTo(length), 0, 1), upTo(length))
    t.strictSame(assignSlice(upTo(length), -1, 0), upTo(length))
    t.strictSame(assignSlice(upTo(length), -1, 3), upTo(length))
  }
})

t.test('one endpoint is used by all activators, none by nobody', async (t) => {
  t.strictSame(slices(1, 1), [[0]])
  t.strictSame(slices(1, 2), [[0], [0]])
  t.strictSame(slices(0, 2), [[], []])
})

t.test('the list that is divided stays as it is', async (t) => {
  const sorted = Object.freeze(upTo(10))
  assignSlice(sorted, 0, 3)
  t.strictSame(sorted, upTo(10))
})

t.test(
  'slices cover all endpoints, each once while there are enough, and differ by one at most',
  async () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.integer({ min: 1, max: 250 }), (length, count) => {
        const all = slices(length, count)
        const used = all.flat()
        if (new Set(used).size !== length) throw new Error('an endpoint is used by nobody')
        if (count <= length && used.length !== length) throw new Error('an endpoint is used twice')
        const sizes = all.map((slice) => slice.length)
        if (Math.max(...sizes) - Math.min(...sizes) > 1) throw new Error(`sizes ${sizes.join()}`)
        for (const slice of all)
          if (slice.some((endpoint, i) => i > 0 && endpoint <= slice[i - 1])) throw new Error('not sorted')
      }),
    )
  },
)

t.test('addresses are sorted by code units: no language, no numbers', async (t) => {
  const sorted = ['10.0.0.10:8012', '10.0.0.1:8012', '10.0.0.9:8012', '[fd00::1]:8012', 'B:1', 'a:1', 'A:1']
  t.strictSame(sorted.toSorted(compareAddresses), [
    '10.0.0.10:8012',
    '10.0.0.1:8012',
    '10.0.0.9:8012',
    'A:1',
    'B:1',
    '[fd00::1]:8012',
    'a:1',
  ])
  t.equal(compareAddresses('10.0.0.1:8012', '10.0.0.1:8012'), 0)
})

t.test('addresses are sorted as the bytes of ASCII are', async () => {
  const text = fc.string({ unit: 'grapheme-ascii' })
  fc.assert(
    fc.property(
      text,
      text,
      (a, b) => Math.sign(compareAddresses(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b)),
    ),
  )
})

t.test('a place is where the own address stands when all are sorted', async (t) => {
  const addresses = ['10.0.0.9', '10.0.0.10', '10.0.0.1']
  t.strictSame(indexAmong(addresses, '10.0.0.1'), { index: 0, count: 3 })
  t.strictSame(indexAmong(addresses, '10.0.0.10'), { index: 1, count: 3 })
  t.strictSame(indexAmong(addresses, '10.0.0.9'), { index: 2, count: 3 })
  t.strictSame(addresses, ['10.0.0.9', '10.0.0.10', '10.0.0.1'], 'the list stays as it is')
})

t.test('who is not there has no place', async (t) => {
  t.equal(indexAmong(['10.0.0.1', '10.0.0.2'], '10.0.0.3'), null)
  t.equal(indexAmong(['10.0.0.1', '10.0.0.2'], '10.0.0'), null)
  t.equal(indexAmong(['10.0.0.1', '10.0.0.2'], ''), null)
  t.equal(indexAmong([], '10.0.0.1'), null)
})

t.test('an address that is named twice counts once', async (t) => {
  t.strictSame(indexAmong(['b', 'a', 'b', 'a', 'c'], 'b'), { index: 1, count: 3 })
})

t.test('one activator less moves those behind it', async (t) => {
  const before = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
  t.strictSame(indexAmong(before, '10.0.0.3'), { index: 2, count: 3 })
  t.strictSame(indexAmong(before.slice(1), '10.0.0.3'), { index: 1, count: 2 })
})
