import t from 'tap'
import { readDocuments } from '../../src/document/documents.ts'
import type { Section } from '../../src/document/section.ts'
import { Unique } from '../../src/document/unique.ts'

const BOUNDS = { min: 0, max: 10 }

/** Reads a document of one map; answers what is wrong with it then. */
function read(text: string, reader: (section: Section) => void): string[] {
  const { sections, problems } = readDocuments(text, 'f')
  reader(sections[0])
  return problems.all.map((problem) => problem.text)
}

t.test('values are read as what they are', async (t) => {
  const problems = read(
    'text: x\nwhole: 0x0a\npart: 2.5\nflag: true\nword: b\nlist: [1, x]\nmap: {a: 1}\nempty:\n',
    (section) => {
      t.equal(section.text('text', ''), 'x')
      t.equal(section.integer('whole', BOUNDS, '', 0), 10)
      t.equal(section.number('part', BOUNDS, '', 0), 2.5)
      t.equal(section.flag('flag', false), true)
      t.equal(section.choice('word', ['a', 'b'], 'a'), 'b')
      t.strictSame(
        section.list('list').map(({ kind }) => kind),
        ['number', 'text'],
      )
      t.equal(section.section('map')?.integer('a', BOUNDS, '', 0), 1)
      t.equal(section.get('empty'), null)
      section.end()
    },
  )
  t.strictSame(problems, [])
})

t.test('what is left out or empty is its fallback', async (t) => {
  const problems = read('a:\nb: ~\nc: null\n', (section) => {
    for (const name of ['a', 'b', 'c', 'd']) {
      t.equal(section.text(name, 'x'), 'x')
      t.equal(section.integer(name, BOUNDS, '', 7), 7)
      t.equal(section.number(name, BOUNDS, '', 7), 7)
      t.equal(section.flag(name, true), true)
      t.equal(section.choice(name, ['a', 'b'], 'b'), 'b')
      t.strictSame(section.list(name), [])
      t.equal(section.section(name), null)
    }
    section.end()
  })
  t.strictSame(problems, [])
})

t.test('what is of another type is told with its value, and what would be valid', async (t) => {
  const values = 'n: 5\nf: yes\nt: true\nl: [1]\nm: {a: 1}\ni: .inf\nd: -1\nh: 1.5\no: 11\nz: -0\n'
  t.strictSame(
    read(values, (section) => {
      t.equal(section.text('n', 'x'), 'x')
      section.text('t', '')
      section.text('l', '')
      section.text('m', '')
      section.flag('n', false)
      section.flag('f', false)
      section.integer('f', BOUNDS, '', 0)
      section.integer('i', BOUNDS, '', 0)
      section.integer('d', BOUNDS, 'seconds', 0)
      section.integer('h', BOUNDS, '', 0)
      t.equal(section.integer('o', BOUNDS, '', 3), 3)
      section.number('o', BOUNDS, 'seconds', 0)
      section.number('f', BOUNDS, '', 0)
      section.choice('f', ['a', 'b'], 'a')
      section.list('n')
      section.section('l')
      t.ok(Object.is(section.integer('z', BOUNDS, '', 1), 0), 'no negative zero')
    }),
    [
      'f:1: n is 5: it must be a text: it needs quotes',
      'f:1: n is 5: it must be true or false',
      'f:1: n is 5: it must be a list',
      'f:2: f is "yes": it must be true or false',
      'f:2: f is "yes": it must be a whole number from 0 to 10',
      'f:2: f is "yes": it must be a number from 0 to 10',
      'f:2: f is "yes": it must be one of a, b',
      'f:3: t is true: it must be a text: it needs quotes',
      'f:4: l is a list: it must be a text',
      'f:4: l is a list: it must be a map',
      'f:5: m is a map: it must be a text',
      'f:6: i is .inf: it must be a whole number from 0 to 10',
      'f:7: d is -1: it must be a whole number of seconds from 0 to 10',
      'f:8: h is 1.5: it must be a whole number from 0 to 10',
      'f:9: o is 11: it must be a whole number from 0 to 10',
      'f:9: o is 11: it must be a number of seconds from 0 to 10',
    ],
  )
})

t.test('members of lists have their own path and line', async (t) => {
  const text = 'list:\n  - 1\n  -\n  - x\n  - - y\n'
  t.strictSame(
    read(text, (section) => {
      for (const item of section.list('list')) item.integer(BOUNDS, '', 0)
      section.list('list')[3].list()[0].complain('is deep')
    }),
    [
      'f:3: list[1] is empty: it must be a whole number from 0 to 10',
      'f:4: list[2] is "x": it must be a whole number from 0 to 10',
      'f:5: list[3] is a list: it must be a whole number from 0 to 10',
      'f:5: list[3][0] is deep',
    ],
  )
})

t.test('what must be there and is not is told at the map, or at its name', async (t) => {
  t.strictSame(
    read('a: 1\nmap:\n\n  b: 1\n  c:\n', (section) => {
      const map = section.section('map')!
      t.equal(map.required('d', 'a name'), null)
      t.equal(map.required('c', 'a name'), null)
      t.not(map.required('b', 'a number'), null)
      map.complain('is small')
      section.required('e', 'a name')
      section.complain('is odd')
    }),
    [
      'f:1: e is missing: it must be a name',
      'f:1: the document is odd',
      'f:4: map.d is missing: it must be a name',
      'f:4: map is small',
      'f:5: map.c is missing: it must be a name',
    ],
  )
})

t.test('fields that nobody asked for are told with those that are known', async (t) => {
  t.strictSame(
    read('a: 1\ncolour: red\nmap:\n  x/y: 1\n  b: 2\n', (section) => {
      section.get('a')
      section.get('absent')
      const map = section.section('map')!
      map.get('b')
      map.end()
      section.end()
    }),
    ['f:2: colour is not known: known are a, absent, map', 'f:4: map["x/y"] is not known: known are b'],
  )
})

t.test('a name that stands twice is told with the line of the first, which counts', async (t) => {
  t.strictSame(
    read('a: 1\nb: 2\na: 3\nm: {x/y: 1,\n x/y: 2}\n', (section) => {
      t.equal(section.integer('a', BOUNDS, '', 0), 1)
      section.section('m')
    }),
    [
      'f:3: a stands twice: it must stand once, and line 1 has it',
      'f:5: m["x/y"] stands twice: it must stand once, and line 4 has it',
    ],
  )
})

t.test('names are texts', async (t) => {
  t.strictSame(
    read('1: a\ntrue: b\n: c\n[x]: d\nm: {2: e}\n__proto__: f\n', (section) => {
      t.equal(section.text('__proto__', ''), 'f')
      section.section('m')
      section.end()
    }),
    [
      'f:1: the document has the key 1: it must be a text',
      'f:2: the document has the key true: it must be a text',
      'f:3: the document has the key empty: it must be a text',
      'f:4: the document has the key a list: it must be a text',
      'f:5: m has the key 2: it must be a text',
    ],
  )
})

t.test('every field of a map of anybody can be gone through', async (t) => {
  const problems = read('labels:\n  app: a\n  example.com/x: "1"\n  e:\n', (section) => {
    const labels = section.section('labels')!
    t.strictSame(
      labels.entries().map(([name, item]) => [name, item.path, item.kind, item.line]),
      [
        ['app', 'labels.app', 'text', 2],
        ['example.com/x', 'labels["example.com/x"]', 'text', 3],
        ['e', 'labels.e', 'empty', 4],
      ],
    )
    labels.end()
    section.end()
  })
  t.strictSame(problems, [])
})

t.test('what << merges into a map counts as its own, after what it says itself', async (t) => {
  const text = `a: &a {x: 1, y: 1, z: 1}
b: &b {y: 2, w: 2}
one: {x: 9, <<: *a}
two: {<<: [*b, *a]}
bad: {<<: 5}
quoted: {"<<": 5}
more: {<<: *a, u: 1}
`
  t.strictSame(
    read(text, (section) => {
      const one = section.section('one')!
      t.equal(one.integer('x', BOUNDS, '', 0), 9)
      t.equal(one.integer('y', BOUNDS, '', 0), 1)
      const two = section.section('two')!
      t.strictSame(
        ['x', 'y', 'w'].map((name) => two.integer(name, BOUNDS, '', 0)),
        [1, 2, 2],
        'the first of several wins',
      )
      section.section('bad')
      t.equal(section.section('quoted')!.integer('<<', BOUNDS, '', 0), 5)
      const more = section.section('more')!
      more.get('u')
      more.get('x')
      more.get('y')
      more.end()
    }),
    ['f:1: more.z is not known: known are u, x, y', 'f:5: bad.<< must be a map or a list of maps'],
  )
})

t.test(
  'a problem of what an alias stands for has the path of the alias and the line of the anchor',
  async (t) => {
    t.strictSame(
      read('a: &a\n  - x\nb: *a\nc: *a\n', (section) => {
        section.list('b')[0].integer(BOUNDS, '', 0)
        section.get('c')!.text()
      }),
      ['f:2: b[0] is "x": it must be a whole number from 0 to 10', 'f:4: c is a list: it must be a text'],
    )
  },
)

t.test('what YAML 1.1 knows beside that is no text and no number', async (t) => {
  t.strictSame(
    read('%YAML 1.1\n---\nd: !!binary aGk=\ns: !!set {a, b}\no: !!omap [a: 1]\n', (section) => {
      t.equal(section.get('d')!.kind, 'other')
      section.text('d', '')
      section.text('s', '')
      section.text('o', '')
      for (const item of section.list('o')) item.text()
    }),
    [
      'f:3: d is "aGk=": it must be a text',
      'f:4: s is a map: it must be a text',
      'f:5: o is a list: it must be a text',
      'f:5: o[0] is no value: it must be a text',
    ],
  )
})

t.test('long values are cut off', async (t) => {
  const [problem] = read(`a: ${'x'.repeat(1000)}\n`, (section) => section.flag('a', false))
  t.equal(problem, `f:1: a is "${'x'.repeat(80)}…": it must be true or false`)
})

t.test('what must be unique is told with the line of the first', async (t) => {
  t.strictSame(
    read('a: [x, y,\n x]\n', (section) => {
      const names = new Unique()
      for (const item of section.list('a')) names.take(item, item.text(), 'a name of its own')
    }),
    ['f:2: a[2] is "x": it must be a name of its own, and line 1 has it already'],
  )
})
