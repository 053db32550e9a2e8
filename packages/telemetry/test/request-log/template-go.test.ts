import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { compileTemplate } from '../../src/request-log/template.ts'
import { samples, templates } from './support/cases.ts'
import { goRenderer, type GoResult } from './support/go.ts'
import { recordOf, type Sample } from './support/record.ts'

const SEED = Number(process.env['FC_SEED'] ?? 20_261_121)
const FAILURE = 'Invalid request log template: '

/** What we make of a template, in the terms of Go's result. */
function ours(template: string, sample: Sample): Pick<GoResult, 'Line' | 'Stage'> {
  let line
  try {
    line = compileTemplate(template).render(recordOf(sample))
  } catch {
    return { Line: '', Stage: 'parse' }
  }
  return line.startsWith(FAILURE) ? { Line: '', Stage: 'execute' } : { Line: line.slice(0, -1), Stage: '' }
}

/** Go's results for every template and sample; they test where there is no Go. UPDATE_GO_TABLE=1 makes them anew. */
const TABLE = join(import.meta.dirname, 'fixtures', 'go-results.json')
type Table = Record<string, Record<string, string | { stage: string }>>

const render = goRenderer((end) => t.teardown(end))

if (process.env['UPDATE_GO_TABLE'] !== undefined && render !== null) {
  const table: Table = {}
  for (const [name, sample] of Object.entries(samples)) {
    const results = render(templates.map((template) => [template, sample] as const))
    const rows = results.map(({ Line, Stage }, i) => [templates[i], Stage === '' ? Line : { stage: Stage }])
    table[name] = Object.fromEntries(rows)
  }
  writeFileSync(TABLE, `${JSON.stringify(table, null, 2)}\n`)
}

t.test('every template gives what Go gave, and fails where Go failed', async (t) => {
  const table = JSON.parse(readFileSync(TABLE, 'utf8')) as Table
  t.strictSame(Object.keys(table), Object.keys(samples), 'the table is of these samples')
  for (const [name, sample] of Object.entries(samples)) {
    t.strictSame(
      Object.keys(table[name]).toSorted(),
      [...new Set(templates)].toSorted(),
      'and of these templates',
    )
    for (const [template, wanted] of Object.entries(table[name])) {
      const { Line, Stage } = ours(template, sample)
      t.strictSame(Stage === '' ? Line : { stage: Stage }, wanted, `${name}: ${template}`)
    }
  }
})

const skip = render === null ? 'no Go that builds a program of its standard library was found' : false

t.test('the table is what Go gives', { skip }, async (t) => {
  const table = JSON.parse(readFileSync(TABLE, 'utf8')) as Table
  for (const [name, sample] of Object.entries(samples)) {
    const results = render!(templates.map((template) => [template, sample] as const))
    for (const [i, { Line, Stage }] of results.entries())
      t.strictSame(Stage === '' ? Line : { stage: Stage }, table[name][templates[i]], templates[i])
  }
})

/** Up to three cases in which Go and we differ. Requests that Go's server refuses never reach a log there. */
function differences(cases: readonly (readonly [template: string, sample: Sample])[]): unknown[] {
  const results = render!(cases)
  return cases
    .map(([template, sample], i) => ({ template, sample, go: results[i], ours: ours(template, sample) }))
    .filter(({ go }) => go.Stage !== 'request')
    .filter(({ go, ours: { Line, Stage } }) => go.Line !== Line || go.Stage !== Stage)
    .slice(0, 3)
}

t.test('numbers are formatted as Go does', { skip }, async (t) => {
  const verbs = [
    '%v',
    '%g',
    '%G',
    '%e',
    '%.0f',
    '%.2f',
    '%.3g',
    '%10.4f',
    '%-12.3e|',
    '%+.17g',
    '%08.1f',
    '%.25f',
  ]
  const template = `${verbs.map((verb) => `{{printf "${verb}" .Response.Latency}}`).join(' ')} {{.Response.Latency}}`
  const tie = fc
    .tuple(fc.integer({ min: 0, max: 4000 }), fc.constantFrom(2, 4, 8, 1024))
    .map(([a, b]) => a / b)
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: 0, max: 300, noNaN: true }),
    tie,
  )
  // JSON, in which the cases travel, has no negative zero.
  const latencies = fc.sample(number, { numRuns: 1500, seed: SEED }).map((value) => value + 0)
  const cases = latencies.map((latencySeconds) => [template, { latencySeconds }] as const)
  t.strictSame(differences(cases), [])
})

t.test('integers are formatted as Go does', { skip }, async (t) => {
  const flags = fc.subarray(['+', '-', ' ', '0']).map((list) => list.join(''))
  const width = fc.oneof(fc.constant(''), fc.nat(12).map(String))
  const precision = fc.oneof(
    fc.constant(''),
    fc.constant('.'),
    fc.nat(8).map((n) => `.${n}`),
  )
  const verb = fc.constantFrom(...'vdboxXcqsteg'.split(''))
  const value = fc.oneof(fc.integer().map(String), fc.constantFrom('0', '"h\\u00e9"', 'true', '1.5', '""'))
  const call = fc.tuple(flags, width, precision, verb, value)
  const calls = fc.sample(call, { numRuns: 3000, seed: SEED })
  const cases = calls.map(([a, b, c, d, e]) => [`{{printf "%${a}${b}${c}${d}" ${e}}}`, {}] as const)
  // Binary and hexadecimal floats are refused, and listed in the documentation.
  const known = cases.filter(([template]) => !/[xXb]" 1\.5/.test(template))
  t.strictSame(differences(known), [])
})

t.test('strings of requests are escaped as Go does', { skip }, async (t) => {
  // The apostrophe and what is beyond the basic plane and unprintable differ on purpose; so do controls.
  const unit = fc.oneof(
    fc.constantFrom(...'"\\<>&=%+/? aZ9~^`{|}'.split('')),
    fc
      .constantFrom('é', '日', '\u{1f600}', '\u00ad', '\u200b', '\ufffd', '\u00a0', '\u2029')
      .filter((c) => c !== '\u2029'),
  )
  const agents = fc.sample(fc.string({ unit, minLength: 1, maxLength: 30 }), { numRuns: 1000, seed: SEED })
  const template =
    '{{$u := .Request.UserAgent}}{{js $u}} {{html $u}} {{urlquery $u}} {{printf "%q %+q %x %.3s" $u $u $u $u}} {{len $u}}'
  const cases = agents
    .map((agent) => agent.trim())
    .filter((agent) => agent !== '')
    .map((agent) => [template, { headers: [['User-Agent', agent]] }] as const)
  t.strictSame(differences(cases), [])
})

t.test('targets are taken apart as Go does', { skip }, async (t) => {
  const unit = fc.oneof(
    fc.constantFrom(...'ab/;:@!$&\'()*+,=-_.~"<>^`{|}[]'.split('')),
    fc.constantFrom('%20', '%2F', '%C3%A9', '%41'),
  )
  const target = fc.tuple(
    fc.constantFrom('/', '//', 'http://h.example:80/'),
    fc.string({ unit, maxLength: 12 }),
    fc.constantFrom('', '?', '?a=b&a=c%20d&e', '??', '?x=%zz&y=1;2&z=+'),
  )
  const targets = fc.sample(target, { numRuns: 1500, seed: SEED }).map((parts) => parts.join(''))
  const template =
    '{{with .Request.URL}}{{.}} {{.Path}} {{.RawPath}} {{.EscapedPath}} {{.RawQuery}} {{.Query}} {{.Host}} {{.Port}} {{.RequestURI}}{{end}}'
  const cases = targets.map((target) => [template, { target }] as const)
  t.strictSame(differences(cases), [])
})
