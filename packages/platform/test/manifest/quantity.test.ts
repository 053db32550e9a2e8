import fc from 'fast-check'
import t from 'tap'
import { cpuOf, memoryOf, parseQuantity } from '../../src/manifest/quantity.ts'

for (const [text, expected] of [
  ['1', 1],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['5.', 5],
  ['+2', 2],
  ['500m', 0.5],
  ['100u', 0.0001],
  ['1k', 1000],
  ['1G', 1e9],
  ['128Mi', 134_217_728],
  ['1.5Gi', 1_610_612_736],
  ['1e3', 1000],
  ['2E', 2e18],
  ['2E2', 200],
  ['1e-3', 0.001],
] as const)
  t.test(`${text} is ${expected}`, async (t) => {
    t.equal(parseQuantity(text), expected)
  })

for (const text of [
  '',
  ' 1',
  '1 ',
  '-1',
  '1K',
  '1MB',
  '1mi',
  'x',
  '.',
  'm',
  '0x10',
  '1e',
  '1e1000',
  '1,5',
  'Infinity',
  '1_000',
])
  t.test(`${JSON.stringify(text)} is none`, async (t) => {
    t.ok(Number.isNaN(parseQuantity(text)))
  })

t.test('limits', async (t) => {
  t.equal(cpuOf('250m'), 0.25)
  t.equal(cpuOf('0'), null)
  t.equal(cpuOf('1u'), undefined)
  t.equal(memoryOf('1.5'), 2)
  t.equal(memoryOf('0'), null)
  t.equal(memoryOf('100m'), undefined, 'a tenth of a byte')
  t.equal(memoryOf('8192P'), undefined)
})

t.test('numbers mean themselves', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 999 }), (whole, milli) => {
      const text = `${whole}.${String(milli).padStart(3, '0')}`
      return (
        parseQuantity(text) === Number(text) && Math.abs(parseQuantity(`${whole}m`) - whole / 1000) < 1e-6
      )
    }),
  )
})
