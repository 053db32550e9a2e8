import t from 'tap'
import { placeAmong, tellChanges } from '../../src/static/static-changes.ts'
import { NO_CONFIG, type StaticConfig } from '../../src/static/static-config.ts'
import { parseStaticConfig } from '../../src/static/static-config-reader.ts'
import { Told } from '../support/told.ts'

function configOf(text: string): StaticConfig {
  const { config, problems } = parseStaticConfig(text, 'a.yaml')
  if (problems.length > 0) throw new Error(problems.map((problem) => problem.text).join('\n'))
  return config
}

/** What is told between two files. */
function told(before: string, after: string, own = '10.0.0.2'): string[] {
  const events = new Told()
  tellChanges(before === '' ? NO_CONFIG : configOf(before), configOf(after), own, events)
  return events.lines
}

const A = '{name: a, endpoints: ["10.1.0.1:80"]}'
const B = '{name: b, endpoints: ["10.1.0.2:80"], notReady: ["10.1.0.3:80"], clusterAddress: "10.2.0.1:80"}'
const ROUTE = 'routes: [{hosts: [a.test], traffic: [{revision: a, percent: 100}]}]\n'
const revisions = (...all: string[]): string => `revisions: [${all.join()}]\n`

t.test('everything is told the first time, revisions before the routes that name them', async (t) => {
  t.strictSame(told('', `${ROUTE}namespaces: [{name: default, weight: 3}]\n${revisions(A, B)}`), [
    'namespaces default=3',
    'revision default/a 0',
    'peers a 0/1',
    'endpoints a [10.1.0.1:80] [] ""',
    'revision default/b 0',
    'peers b 0/1',
    'endpoints b [10.1.0.2:80] [10.1.0.3:80] "10.2.0.1:80"',
    'routes a.test',
  ])
  t.strictSame(told('', revisions('{name: a}')), [
    'revision default/a 0',
    'peers a 0/1',
    'endpoints a [] [] ""',
  ])
  t.strictSame(told('', 'revisions: []\n'), [])
})

t.test('what stays the same is not told, however it is written', async (t) => {
  const text = `${revisions(A, B)}${ROUTE}namespaces: [{name: default, runningMax: 5}]\nactivators: ["10.0.0.2"]\n`
  t.strictSame(told(text, text), [])
  t.strictSame(
    told(
      text,
      `# other words\n${text.replace('{name: a,', '{namespace: default, protocol: http1, containerConcurrency: 0, name: a,')}`,
    ),
    [],
  )
})

t.test('only what differs is told', async (t) => {
  const text = `${revisions(A, B)}${ROUTE}namespaces: [{name: default, runningMax: 5}]\n`
  for (const [from, to, lines] of [
    ['name: a,', 'name: a, containerConcurrency: 5,', ['revision default/a 5']],
    ['name: a,', 'name: a, timeoutSeconds: 5,', ['revision default/a 0']],
    ['name: a,', 'name: a, mayUseEarly: false,', ['revision default/a 0']],
    ['10.1.0.1:80', '10.1.0.9:80', ['endpoints a [10.1.0.9:80] [] ""']],
    ['"10.1.0.1:80"', '', ['endpoints a [] [] ""']],
    ['10.1.0.3:80', '10.1.0.9:80', ['endpoints b [10.1.0.2:80] [10.1.0.9:80] "10.2.0.1:80"']],
    ['10.2.0.1:80', '10.2.0.9:80', ['endpoints b [10.1.0.2:80] [10.1.0.3:80] "10.2.0.9:80"']],
    ['a.test', 'b.test', ['routes b.test']],
    ['percent: 100', 'percent: 100, tag: x', ['routes a.test']],
    [ROUTE, '', ['routes ']],
    ['runningMax: 5', 'weight: 2', ['namespaces default=2']],
    ['namespaces: [{name: default, runningMax: 5}]', '', ['namespaces ']],
    ['name: a,', 'name: a, wake: {exec: [a]},', []],
    [text, `${text}reports: {http: "http://a"}\n`, []],
  ] as const)
    t.strictSame(told(text, text.replace(from, to)), lines, to)
})

t.test('revisions come before routes, and go after them', async (t) => {
  t.strictSame(
    told(
      `${revisions(A)}${ROUTE}`,
      `${revisions('{name: c}')}routes: [{hosts: [a.test], traffic: [{revision: c, percent: 100}]}]\n`,
    ),
    ['revision default/c 0', 'peers c 0/1', 'endpoints c [] [] ""', 'routes a.test', 'gone default/a'],
  )
  t.strictSame(told(revisions('{name: a}'), revisions('{name: a, namespace: n}')), [
    'revision n/a 0',
    'peers a 0/1',
    'endpoints a [] [] ""',
    'gone default/a',
  ])
})

t.test('the place among activators is told to every revision when it changes', async (t) => {
  const among = (list: string): string => `${revisions('{name: a}', '{name: b}')}activators: [${list}]\n`
  const three = among('"10.0.0.3", "10.0.0.2", "10.0.0.10"')
  t.ok(told('', three).includes('peers a 1/3'))
  t.strictSame(told(among(''), three), ['peers a 1/3', 'peers b 1/3'], 'sorted as Knative does: as texts')
  t.strictSame(told(three, among('"10.0.0.10", "10.0.0.2", "10.0.0.4"')), [], 'others may change')
  t.strictSame(told(three, among('"10.0.0.2"')), ['peers a 0/1', 'peers b 0/1'])
  t.strictSame(told(three, among('"10.0.0.3"')), ['peers a -1/1', 'peers b -1/1'], 'it is not among them')
  t.strictSame(told(three, three.replace('{name: b}', '{name: b}, {name: c}')), [
    'revision default/c 0',
    'peers c 1/3',
    'endpoints c [] [] ""',
  ])
})

t.test('an activator is alone when none are named, and unknown when it is not', async (t) => {
  t.strictSame(placeAmong([], ''), { index: 0, count: 1 })
  t.strictSame(placeAmong([], 'a'), { index: 0, count: 1 })
  t.strictSame(placeAmong(['a', 'b'], ''), { index: -1, count: 2 })
  t.strictSame(placeAmong(['b', 'a'], 'b'), { index: 1, count: 2 })
})
