import fc from 'fast-check'
import t from 'tap'
import { Environment, parseGoInteger } from '../src/environment.ts'

t.test('what is missing or malformed is said in the words of Knative', async (t) => {
  const env = new Environment({ A: '1x', B: '', C: '99999999999999999999', D: 'yes', E: '', F: '' })
  t.equal(env.requiredText('GONE'), '')
  t.equal(env.requiredText('F'), '', 'an empty text is there')
  t.equal(env.requiredInteger('GONE_TOO', 'GoneToo'), 0)
  t.equal(env.integer('A', 'Aa', 7), 7)
  env.integer('B', 'Bb', 7)
  env.integer('C', 'Cc', 7)
  t.equal(env.flag('D', 'Dd', true), true)
  env.flag('E', 'Ee', true)
  t.strictSame(env.problems, [
    'required key GONE missing value',
    'required key GONE_TOO missing value',
    `envconfig.Process: assigning A to Aa: converting '1x' to type int. details: strconv.ParseInt: parsing "1x": invalid syntax`,
    `envconfig.Process: assigning B to Bb: converting '' to type int. details: strconv.ParseInt: parsing "": invalid syntax`,
    `envconfig.Process: assigning C to Cc: converting '99999999999999999999' to type int. details: strconv.ParseInt: parsing "99999999999999999999": value out of range`,
    `envconfig.Process: assigning D to Dd: converting 'yes' to type bool. details: strconv.ParseBool: parsing "yes": invalid syntax`,
    `envconfig.Process: assigning E to Ee: converting '' to type bool. details: strconv.ParseBool: parsing "": invalid syntax`,
  ])
})

t.test('numbers as Go reads them', async (t) => {
  for (const [text, number] of [
    ['0', 0],
    ['10', 10],
    ['-7', -7],
    ['+7', 7],
    ['0x10', 16],
    ['0XfF', 255],
    ['010', 8],
    ['0o10', 8],
    ['0b101', 5],
    ['1_000', 1000],
    ['0x_1', 1],
    ['0_7', 7],
  ] as const)
    t.strictSame(parseGoInteger(text), [number, ''], text)
  for (const text of ['', ' 1', '1 ', '_1', '1_', '1__0', '08', '0x', '1.5', '1e3', '--1', 'Infinity', '٣'])
    t.strictSame(parseGoInteger(text), [0, 'invalid syntax'], text)
  t.strictSame(parseGoInteger('9223372036854775808'), [0, 'value out of range'])
  t.strictSame(parseGoInteger('-9223372036854775809'), [0, 'value out of range'])
})

t.test('every whole number is read in every notation', async () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (number) => {
      const sign = number < 0 ? '-' : ''
      const size = Math.abs(number)
      for (const [prefix, radix] of [
        ['', 10],
        ['0x', 16],
        ['0', 8],
        ['0o', 8],
        ['0b', 2],
      ] as const) {
        const text = `${sign}${prefix}${size.toString(radix)}`
        const [read, problem] = parseGoInteger(text)
        if (problem !== '' || read !== (number === 0 ? 0 : number)) throw new Error(text)
      }
    }),
  )
})

t.test('flags as Go reads them', async (t) => {
  for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True'])
    t.equal(new Environment({ A: text }).flag('A', 'A', false), true)
  for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False'])
    t.equal(new Environment({ A: text }).flag('A', 'A', true), false)
  t.equal(new Environment({}).flag('A', 'A', true), true)
})

t.test('our own variables: bounds, ports and words', async (t) => {
  const env = new Environment({
    N: '11',
    P: '65536',
    W: 'sometimes',
    OK: '10',
    PORT: '0',
    WORD: 'b',
    NEGATIVE: '-1',
    EMPTY: '',
  })
  const bounds = { min: 1, max: 10 }
  t.equal(env.bounded('OK', 5, bounds, 'requests'), 10)
  t.equal(env.bounded('GONE', 5, bounds, 'requests'), 5)
  t.equal(env.bounded('EMPTY', 5, bounds, 'requests'), 5)
  t.equal(env.port('PORT', 80), 0)
  t.equal(env.port('EMPTY', 80), 80)
  t.equal(env.choice('WORD', ['a', 'b'], 'a'), 'b')
  t.equal(env.choice('EMPTY', ['a', 'b'], 'a'), 'a')
  t.strictSame(env.problems, [])
  env.bounded('N', 5, bounds, 'requests')
  env.bounded('NEGATIVE', 5, bounds, 'requests')
  env.port('P', 80)
  env.choice('W', ['a', 'b'], 'a')
  t.strictSame(env.problems, [
    'N is "11": it must be a whole number of requests from 1 to 10',
    'NEGATIVE is "-1": it must be a whole number of requests from 1 to 10',
    'P is "65536": it must be a port from 0 to 65535; 0 takes any free one',
    'W is "sometimes": it must be one of a, b',
  ])
})
