import t from 'tap'
import { escaped, unescaped } from './support/escapes.ts'
import { type Case, parseCases, readCase, readCorpus, render } from './support/corpus.ts'
import { pieces } from './support/message-reader.ts'

const CASES_MIN = { requests: 300, responses: 150 }

for (const kind of ['requests', 'responses'] as const) {
  const cases = readCorpus(kind)

  t.test(`every case of the ${kind} is read as expected`, async (t) => {
    for (const one of cases) t.strictSame(render(readCase(one, [one.input])), one.expected, one.name)
  })

  t.test(`how the ${kind} are cut into reads changes nothing`, async (t) => {
    for (const one of cases) t.strictSame(differingCuts(one), [], one.name)
  })

  t.test(`the corpus of ${kind} only grows`, async (t) => {
    t.ok(cases.length >= CASES_MIN[kind], `${cases.length} cases`)
    t.equal(new Set(cases.map((one) => one.name)).size, cases.length, 'names are unique')
    const inputs = cases.map((one) => JSON.stringify([one.input.toString('latin1'), one.limits, one.methods]))
    t.equal(new Set(inputs).size, cases.length, 'no input stands twice')
    t.strictSame(
      cases.filter((one) => one.why === '').map((one) => one.name),
      [],
      'every case says why',
    )
  })
}

/** The ways to cut the input that give another result: byte by byte, and in two at every position. */
function differingCuts(one: Case): string[] {
  const found: string[] = []
  const { input, expected } = one
  const wanted = expected.join('\n')
  const check = (name: string, cuts: readonly number[]): void => {
    const read = render(readCase(one, pieces(input, cuts))).join('\n')
    if (read !== wanted) found.push(`${name}:\n${read}`)
  }
  check(
    'byte by byte',
    Array.from({ length: Math.max(0, input.length - 1) }, (_, index) => index + 1),
  )
  for (let cut = 1; cut < input.length; cut++) check(`cut at ${cut}`, [cut])
  return found
}

t.test('a line that is not understood is an error, not a case less', async (t) => {
  t.throws(() => parseCases('requests', 'x.txt', '## a\n<GET'), /requests\/x\.txt:2/)
  t.throws(() => parseCases('requests', 'x.txt', '## a\n< \\q'), /unknown escape/)
  t.throws(() => parseCases('requests', 'x.txt', '## a\n@ headbytes=1'), /unknown option/)
  t.throws(() => parseCases('requests', 'x.txt', '## a\n@ headBytes'), /without "="/)
})

t.test('escapes are read as they are written', async (t) => {
  const every = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))
  t.equal(unescaped(escaped(every)), every)
  t.equal(unescaped(escaped('a ')), 'a ')
  t.equal(escaped('a '), String.raw`a\x20`)
})
