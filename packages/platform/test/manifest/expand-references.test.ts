import fc from 'fast-check'
import t from 'tap'
import { expandReferences } from '../../src/manifest/expand-references.ts'
import { ReferenceTexts, shellText } from '../../src/manifest/reference-texts.ts'

const VARIABLES: Readonly<Record<string, string>> = { A: 'one', B: '$(A)', EMPTY: '' }
const lookup = (name: string): string | undefined =>
  Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined

for (const [text, expected] of [
  ['$(A)', 'one'],
  ['-$(A)$(A)-', '-oneone-'],
  ['$(EMPTY)', ''],
  ['$(B)', '$(A)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$one'],
  ['$$$$(A)', '$$(A)'],
  ['$(C)', '$(C)'],
  ['$A ${A} $ $', '$A ${A} $ $'],
  ['$(A', '$(A'],
  ['$()', '$()'],
  ['a$$b', 'a$b'],
  ['$(A$(A)', '$(A$(A)'],
])
  t.test(`${text} is ${expected}`, async (t) => {
    t.equal(expandReferences(text, lookup), expected)
  })

/** Pieces that mean something together. */
const pieces = fc
  .array(fc.constantFrom('$', '$$', '(', ')', '$(A)', '$(B)', '$(PORT)', '$(K_SERVICE)', '$(X)', 'a', ' '), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''))

t.test('what is left for the instance comes out as if it were replaced at once', async () => {
  const own: Readonly<Record<string, string>> = { PORT: '8000', K_SERVICE: 'hel$$lo' }
  const atStart = (text: string): string =>
    text.includes('$(') ? expandReferences(text, (name) => own[name]) : text
  fc.assert(
    fc.property(pieces, pieces, pieces, (a, b, text) => {
      const texts = new ReferenceTexts()
      const values = { ...own }
      const atOnce = (one: string): string =>
        expandReferences(one, (name) => (Object.hasOwn(values, name) ? values[name] : undefined))
      const found = [texts.define('A', a), texts.define('B', b), texts.take(text)]
      values.A = atOnce(a)
      values.B = atOnce(b)
      t.strictSame(
        found.map((one) => atStart(one!)),
        [values.A, values.B, atOnce(text)],
      )
    }),
  )
})

t.test('a command line keeps what means something to a shell', async (t) => {
  const atStart = (text: string): string =>
    text.includes('$(') ? expandReferences(text, (name) => (name === 'PORT' ? '8000' : undefined)) : text
  const line = 'exec app --port=$(PORT) --pid=$$ --at=$(date) "$HOME"'
  t.equal(atStart(shellText(line)), 'exec app --port=8000 --pid=$$ --at=$(date) "$HOME"')
  t.equal(shellText('echo $$ $HOME'), 'echo $$ $HOME')
})

t.test('references to references to references end', async (t) => {
  const texts = new ReferenceTexts()
  let isTooLong = false
  texts.define('V0', 'x'.repeat(1000))
  for (let i = 1; i < 60; i++)
    isTooLong = texts.define(`V${i}`, `$(V${i - 1})`.repeat(2)) === null || isTooLong
  t.equal(isTooLong, true)
})
