import fc from 'fast-check'
import t from 'tap'
import { FILE_BYTES_MAX, readDocuments } from '../../src/document/documents.ts'

const problemsOf = (text: string): readonly string[] =>
  readDocuments(text, 'a.yaml').problems.all.map((problem) => problem.text)

t.test('a file has several documents, and empty ones do not count', async (t) => {
  const { sections, problems } = readDocuments('a: 1\n---\n---\n# nothing\n---\nb: 2\n...\n', 'a.yaml')
  t.strictSame(problems.all, [])
  t.equal(sections.length, 2)
  t.equal(sections[0].integer('a', { min: 0, max: 9 }, '', 0), 1)
  t.equal(sections[1].integer('b', { min: 0, max: 9 }, '', 0), 2)
  for (const nothing of ['', '# nothing\n', '---\n', '---\n---\n', '\ufeff'])
    t.strictSame([readDocuments(nothing, 'a').sections.length, problemsOf(nothing)], [0, []], nothing)
})

t.test('a byte order mark and line ends of other systems are no part of the text', async (t) => {
  const { sections, problems } = readDocuments('\ufeffa: x\r\nb: y\r\n', 'a.yaml')
  t.strictSame([problems.all, sections[0].text('a', ''), sections[0].text('b', '')], [[], 'x', 'y'])
})

t.test('a document that is no map is a problem, and others are read all the same', async (t) => {
  const { sections, problems } = readDocuments('- a\n---\nb: 2\n---\ntext\n', 'a.yaml')
  t.equal(sections.length, 1)
  t.strictSame(
    problems.all.map((problem) => problem.text),
    [
      'a.yaml:1: the document is a list: it must be a map',
      'a.yaml:5: the document is "text": it must be a map',
    ],
  )
})

t.test(
  'what is no YAML is told with its line and what stands there, and nothing of the file is read',
  async (t) => {
    const text = 'a: 1\nb: [1\nc: 2\n---\nd:\n\t- 1\n---\ne: 1\n'
    const { sections, problems } = readDocuments(text, 'a.yaml')
    t.equal(sections.length, 0)
    t.match(problems.all[0], { line: 3, text: /^a\.yaml:3: "c: 2" is not valid YAML: .*end with a \]$/ })
    t.match(problems.all.at(-1), {
      line: 6,
      text: 'a.yaml:6: "- 1" is not valid YAML: Tabs are not allowed as indentation',
    })
    t.match(problemsOf('a: !env HOME\n'), [
      /^a\.yaml:1: "a: !env HOME" is not valid YAML: Unresolved tag: !env/,
    ])
    t.match(problemsOf(`a: "${'x'.repeat(300)}\n`), [/^a\.yaml:[12]: .{0,300}: Missing closing "quote$/])
  },
)

t.test('a file that is too large is not taken apart', async (t) => {
  t.strictSame(problemsOf(`# ${'x'.repeat(FILE_BYTES_MAX)}`), [
    `a.yaml:1: the file has ${FILE_BYTES_MAX + 2} characters: it must have at most ${FILE_BYTES_MAX}`,
  ])
  t.strictSame(problemsOf(`# ${'x'.repeat(FILE_BYTES_MAX - 2)}`), [])
})

t.test('a hundred collections may stand in each other, and no more', async (t) => {
  const lists = (count: number): string => `a: ${'['.repeat(count)}${']'.repeat(count)}\n`
  t.strictSame(problemsOf(lists(99)), [])
  t.match(problemsOf(lists(100)), [/^a\.yaml:1: .* stands too deep: at most 100 maps and lists/])
  for (const deep of ['- '.repeat(20_000), '{a: '.repeat(20_000), '? '.repeat(20_000), '['.repeat(20_000)])
    t.match(problemsOf(`a:\n ${deep}`), [/^a\.yaml:2: .* stands too deep/], deep.slice(0, 4))
})

t.test('an alias is what its anchor is', async (t) => {
  const { sections, problems } = readDocuments(
    'a: &n 5\nb: *n\nc: &m {d: &l [x, y]}\ne: *m\nf: *l\n&k g: 1\n---\nh: &n 7\ni: *n\n',
    'a.yaml',
  )
  t.strictSame(problems.all, [])
  const [first, second] = sections
  t.equal(first.integer('b', { min: 0, max: 9 }, '', 0), 5)
  t.strictSame(
    first
      .section('e')
      ?.list('d')
      .map((item) => [item.path, item.text()]),
    [
      ['e.d[0]', 'x'],
      ['e.d[1]', 'y'],
    ],
  )
  t.equal(first.list('f').length, 2)
  t.equal(second.integer('i', { min: 0, max: 9 }, '', 0), 7, 'anchors belong to their document')
})

t.test('an alias without an anchor before it is a problem', async (t) => {
  t.strictSame(problemsOf('a: 1\nb: [*c]\nc: &c 1\n'), [
    'a.yaml:2: *c stands for nothing: &c must come before it',
  ])
  t.strictSame(problemsOf('a: &a 1\n---\nb: *a\n'), [
    'a.yaml:3: *a stands for nothing: &a must come before it',
  ])
  t.strictSame(problemsOf('a: &a\n  - *a\n'), ['a.yaml:2: *a stands within &a: it must come after it'])
})

t.test('aliases that stand for too much are refused, without being followed', async (t) => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 40; i++) bomb.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]`)
  t.match(problemsOf(bomb.join('\n')), [
    /^a\.yaml:1: the document has more than 1000000 values, counting those that aliases repeat$/,
  ])
  const merges = ['a0: &a0 {x: 1}']
  for (let i = 1; i < 3000; i++) merges.push(`a${i}: &a${i} {<<: *a${i - 1}, x${i}: 1}`)
  t.match(problemsOf(merges.join('\n')), [/more than 1000000 values/])
})

t.test('a thousand problems are told, and of the rest how many there are', async (t) => {
  const { sections, problems } = readDocuments(`a:\n${'- x\n'.repeat(1500)}`, 'a.yaml')
  for (const item of sections[0].list('a')) item.mustBe('gone')
  const { all } = problems
  t.equal(all.length, 1001)
  t.equal(all[999].text, 'a.yaml:1001: a[999] is "x": it must be gone')
  t.strictSame(all[1000], { line: 1002, text: 'a.yaml:1002: here and below there are 500 more problems' })
})

t.test('problems are told in the order of the lines, one line each', async (t) => {
  const { sections, problems } = readDocuments('a: "x\\ny\\u2028\\u009b"\n"b\\nc": 1\nd: 2\n', 'the file')
  const [section] = sections
  section.get('d')!.complain('is the last')
  section.get('a')!.mustBe('another')
  section.end()
  t.strictSame(
    problems.all.map((problem) => problem.text),
    [
      'the file:1: a is "x\\ny\\u2028\\u009b": it must be another',
      'the file:2: ["b\\nc"] is not known: known are d, a',
      'the file:3: d is the last',
    ],
  )
})

t.test('nothing throws, whatever the text is, and problems are one line each', async () => {
  const piece = fc.constantFrom(
    ...'a: b\n|  |- |\t|[|]|{|}|,|&a |*a|!|!!set |? |: |"|\'|\n|---\n|...\n|%YAML 1.1\n|<<: |>\n|#|\r|\0|é'.split(
      '|',
    ),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
        fc.string({ unit: 'binary', maxLength: 80 }),
      ),
      (text) => {
        const { sections, problems } = readDocuments(text, 'a')
        for (const section of sections) {
          for (const [, item] of section.entries()) {
            item.text()
            for (const one of item.kind === 'list' ? item.list() : []) one.integer({ min: 0, max: 1 }, '', 0)
            item.section()?.end()
          }
        }
        const lines = text.split(/\r\n|\n/).length
        for (const { line, text: problem } of problems.all) {
          if (!problem.startsWith(`a:${line}: `) || /[\r\n]/.test(problem)) throw new Error(problem)
          if (line < 1 || line > lines) throw new Error(`no such line: ${problem}`)
        }
      },
    ),
    { numRuns: 2000 },
  )
})
