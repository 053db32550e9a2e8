import fc from 'fast-check'
import t from 'tap'
import { age, ago, bytes, counted, duration, rate, whole } from '../../src/admin/page/format.js'

const plain = (text: string): string => text.replaceAll('\u00a0', ' ')

t.test('a duration has its unit and three figures at most', async (t) => {
  for (const [ms, text] of [
    [0, '0 ms'],
    [0.04, '<0.1 ms'],
    [1.24, '1.2 ms'],
    [9.96, '10 ms'],
    [74.2, '74 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1_391, '1.39 s'],
    [12_340, '12.3 s'],
    [59_960, '59 s'],
    [125_000, '2 min 5 s'],
    [7_500_000, '2 h 5 min'],
    [100_000_000, '1 d 3 h'],
    [-12, '−12 ms'],
    [NaN, '–'],
    [Infinity, '–'],
  ] as const) {
    t.equal(plain(duration(ms)), text, String(ms))
  }
})

t.test('a duration never wraps between its number and its unit', async () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 59_000, noNaN: true }), (ms) =>
      /^<?[\d.]+\u00a0m?s$/.test(duration(ms)),
    ),
  )
})

t.test('ages do not go below zero', async (t) => {
  t.equal(plain(age(-5)), '0 s')
  t.equal(plain(age(83_900)), '1 min 23 s')
  t.equal(plain(ago(83_900)), '1 min ago')
  t.equal(plain(ago(4_000)), '4 s ago')
  t.equal(ago(NaN), '–')
})

t.test('sizes, rates and counts', async (t) => {
  t.strictSame(
    [512, 1_536, 2_202_009, 88_080_384, 1_342_177_280].map((size) => plain(bytes(size))),
    ['512 B', '1.5 KiB', '2.1 MiB', '84 MiB', '1.25 GiB'],
  )
  t.strictSame([0, 0.01, 0.25, 9.94, 39.4, 12_400].map(rate), ['0', '<0.1', '0.3', '9.9', '39', '12,400'])
  t.strictSame([0, 999, 1_000, 1_234_567].map(whole), ['0', '999', '1,000', '1,234,567'])
  t.strictSame([counted(1, 'request'), counted(2_000, 'request')], ['1 request', '2,000 requests'])
})
