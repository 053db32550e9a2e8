import t from 'tap'
import { ELSEWHERE, type Json, NAME, VALID, WRONG } from './field-table.ts'
import { problemsOf } from './reading.ts'

t.test('everything at once is valid', async (t) => {
  t.strictSame(problemsOf(JSON.stringify(VALID)), [])
})

t.test('the table has every field that is read', async (t) => {
  const tested = new Set(WRONG.map(([path]) => path))
  const missing = pathsOf(VALID, '').filter((path) => !tested.has(path) && !ELSEWHERE.has(path))
  t.strictSame(missing, [])
})

for (const [path, value, valid] of WRONG)
  t.test(`${path} must not be ${JSON.stringify(value)}`, async (t) => {
    const { text, line } = withValue(path, value)
    t.strictSame(problemsOf(text), [`a.yaml:${line}: ${path} is ${shown(value)}: it must be ${valid}`])
  })

t.test('all of them are told, one line each', async (t) => {
  const text = JSON.stringify({
    ...VALID,
    spec: {
      template: {
        spec: {
          containerConcurrency: -1,
          timeoutSeconds: 'x',
          containers: [
            { command: [5], env: [{ name: '', value: 5 }], readinessProbe: { periodSeconds: 'x' } },
          ],
        },
      },
      traffic: [{ percent: 200, tag: 'A' }],
    },
  })
  t.equal(problemsOf(text).length, 8)
})

t.test('what must be there is asked for', async (t) => {
  const missing = (value: object): readonly string[] =>
    problemsOf(JSON.stringify({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', ...value }))
  t.strictSame(problemsOf('{"a": 1}'), [
    'a.yaml:1: kind is missing: it must be Service, ConfigMap, List',
    'a.yaml:1: apiVersion is missing: it must be serving.knative.dev/v1 for Service, v1 for ConfigMap, v1 for List',
  ])
  t.strictSame(missing({}), [
    'a.yaml:1: metadata is missing: it must be a map with a name',
    'a.yaml:1: spec is missing: it must be a map with a template',
  ])
  t.strictSame(missing({ metadata: {}, spec: {} }), [
    `a.yaml:1: metadata.name is missing: it must be ${NAME}`,
    'a.yaml:1: spec.template is missing: it must be a map with a spec',
  ])
  t.strictSame(missing({ metadata: { name: 'a' }, spec: { template: {} } }), [
    'a.yaml:1: spec.template.spec is missing: it must be a map with containers',
  ])
  t.strictSame(missing({ metadata: { name: 'a' }, spec: { template: { spec: {} } } }), [
    'a.yaml:1: spec.template.spec.containers is missing: it must be a list of containers',
  ])
  t.strictSame(missing({ metadata: { name: 'a' }, spec: { template: { spec: { containers: [] } } } }), [
    'a.yaml:1: spec.template.spec.containers is empty: it must have one container at least',
  ])
})

function pathsOf(value: Json, path: string): string[] {
  const own = path === '' ? [] : [path]
  if (Array.isArray(value)) return [...own, ...value.flatMap((one: Json, i) => pathsOf(one, `${path}[${i}]`))]
  if (typeof value !== 'object' || value === null) return own
  const inner = Object.entries(value).flatMap(([key, one]) => pathsOf(one, join(path, key)))
  return [...own, ...inner]
}

function join(path: string, key: string): string {
  if (key.includes('/')) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

/** The manifest with another value somewhere, and the line of that. */
function withValue(path: string, value: Json): { readonly text: string; readonly line: number } {
  const mark = 'the value'
  const replaced = (one: Json, at: string): Json => {
    if (at === path) return mark
    if (Array.isArray(one)) return one.map((member: Json, i) => replaced(member, `${at}[${i}]`))
    if (typeof one !== 'object' || one === null) return one
    return Object.fromEntries(
      Object.entries(one).map(([key, inner]) => [key, replaced(inner, join(at, key))]),
    )
  }
  const lines = JSON.stringify(replaced(VALID, ''), null, 2).split('\n')
  const at = lines.findIndex((line) => line.includes(`"${mark}"`))
  lines[at] = lines[at].replace(`"${mark}"`, () => JSON.stringify(value))
  return { text: lines.join('\n'), line: at + 1 }
}

function shown(value: Json): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a map' : JSON.stringify(value)
}
