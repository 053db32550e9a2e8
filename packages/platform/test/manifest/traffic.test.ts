import t from 'tap'
import { problemsOf, read, readFiles, service } from './reading.ts'

const named = (name: string, command: string, traffic = ''): string =>
  service('', '', traffic === '' ? '' : `traffic: [${traffic}]`)
    .replace('./run', command)
    .replace('    spec:\n', name === '' ? '    spec:\n' : `    metadata: {name: ${name}}\n    spec:\n`)

const traffic = (entries: string): readonly string[] => problemsOf(service('', '', `traffic: [${entries}]`))

t.test('shares add up to 100', async (t) => {
  t.strictSame(traffic('{percent: 50}, {percent: 50, tag: a}'), [])
  t.strictSame(traffic('{percent: 100}, {latestRevision: true, tag: a}'), [])
  t.strictSame(traffic('{percent: 50}, {percent: 49}'), [
    'a.yaml:6: spec.traffic adds up to 99 percent: it must be 100',
  ])
  t.strictSame(traffic('{percent: 500}, {percent: 49}'), [
    'a.yaml:6: spec.traffic[0].percent is 500: it must be a whole number from 0 to 100',
  ])
  t.strictSame(traffic(''), [])
})

t.test('tags', async (t) => {
  t.strictSame(traffic('{percent: 100, tag: a}, {tag: a}'), [
    'a.yaml:6: spec.traffic[1].tag is "a": it must be a tag that its Service has once, and line 6 has it already',
  ])
  const long = 'a'.repeat(58)
  t.strictSame(traffic(`{percent: 100, tag: ${long}}`), [
    `a.yaml:6: spec.traffic[0].tag is "${long}": it must be shorter: ${long}-hello is a part of a host name and has 64 characters, at most are 63`,
  ])
})

t.test('a tag has a host of its own', async (t) => {
  const tagged = (name: string, tag: string): string =>
    service('', '', `traffic: [{percent: 100, tag: ${tag}}]`).replace('name: hello', `name: ${name}`)
  const plain = service('', '', '').replace('name: hello', 'name: blue-shop')
  t.strictSame(problemsOf(`${tagged('shop', 'blue')}---\n${plain}`), [
    'a.yaml:6: spec.traffic[0].tag is "blue": it must be another: Service blue-shop has the host blue-shop already',
  ])
  t.match(problemsOf(`${tagged('b-c', 'a')}---\n${tagged('c', 'a-b')}`), [
    /"a-b": it must be another: the tag a of Service b-c has the host a-b-c already$/,
  ])
  t.strictSame(problemsOf(`${tagged('shop', 'blue')}---\n${tagged('shop', 'blue')}`), [], 'the next revision')
  const elsewhere = plain.replace('name: blue-shop', 'name: blue-shop\n  namespace: other')
  t.strictSame(problemsOf(`${tagged('shop', 'blue')}---\n${elsewhere}`), [])
})

t.test('revisions that the files make', async (t) => {
  const first = named('', './one')
  const second = named('hello-green', './two')
  const third = named(
    '',
    './three',
    '{revisionName: hello-00001, percent: 40}, {revisionName: hello-green, percent: 60}',
  )
  t.strictSame(readFiles([first, second, third]).problems, [])
  const wrong = named('', './three', '{revisionName: hello-00004, percent: 100}')
  t.strictSame(
    readFiles([`${first}---\n${first}`, second, wrong]).problems.map(({ text }) => text),
    [
      'c.yaml:6: spec.traffic[0].revisionName is "hello-00004": it must be a revision of hello: hello-00001, hello-green, hello-00003',
    ],
    'one that stands twice is one revision',
  )
  const known = new Map([['default/hello', ['hello-00004']]])
  t.strictSame(readFiles([wrong], {}, known).problems, [])
})

t.test('revisions of another service or namespace are none of its own', async (t) => {
  const elsewhere = named('', './one').replace('name: hello', 'name: hello\n  namespace: shop')
  const wrong = named('hello-b', './two', '{revisionName: hello-00001, percent: 100}')
  t.match(problemsOf(`${elsewhere}---\n${wrong}`), [
    /"hello-00001": it must be a revision of hello: hello-b$/,
  ])
})

t.test('one name, two contents', async (t) => {
  const twice = `${named('hello-a', './one')}---\n${named('hello-a', './one')}`
  t.strictSame(problemsOf(twice), [])
  t.strictSame(
    readFiles([twice, named('hello-a', './two')]).problems.map(({ text }) => text),
    [
      'b.yaml:7: spec.template.metadata.name is "hello-a": it must be a name of its own: a.yaml:7 has a revision of this name with other content',
    ],
  )
  t.match(problemsOf(`${named('', './one')}---\n${named('hello-00001', './two')}`), [
    /"hello-00001": it must be a name of its own: a\.yaml:4 has/,
  ])
  t.match(problemsOf(`${named('hello-00002', './one')}---\n${named('', './two')}`), [
    /: metadata\.name leads to the revision hello-00002: a\.yaml:7 has a revision of this name/,
  ])
  t.equal(read(twice).services.length, 2)
})
