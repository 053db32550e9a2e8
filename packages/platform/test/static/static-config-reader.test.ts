import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseStaticConfig } from '../../src/static/static-config-reader.ts'

const VALID = `revisions:
  - name: hello-00001
    namespace: default
    containerConcurrency: 10
    timeoutSeconds: 60
    responseStartTimeoutSeconds: 1
    idleTimeoutSeconds: 2
    queueTimeoutSeconds: 3
    tunnelMaxSeconds: 4
    protocol: h2c
    endpoints: ["127.0.0.1:8012", "[::1]:8012"]
    notReady: ["Pod.example.com:80"]
    clusterAddress: "10.0.0.1:80"
    mayUseEarly: false
    service: hello
    configuration: hello
    wake: {exec: ["./start-hello", "--fast"], timeoutSeconds: 20}
  - &second
    name: hello-00002
    endpoints: []
    wake: {http: "http://127.0.0.1:9/wake"}
  - <<: *second
    name: hello-00003
    wake: {exec: [start]}
routes:
  - hosts: [Hello.example.com, "*.hello.example.com", 127.0.0.1]
    traffic: [{revision: hello-00001, percent: 90, tag: stable}, {revision: hello-00002, percent: 10}]
namespaces:
  - name: default
    weight: 2
    runningMax: 100
    heldMax: 0
activators: ["10.0.0.5", "10.0.0.6", "fd00::1"]
reports: {http: "http://127.0.0.1:9/activity"}
`

const problemsOf = (text: string): readonly string[] =>
  parseStaticConfig(text, 'a.yaml').problems.map((problem) => problem.text)

t.test('everything that a file says is read', async (t) => {
  const { config, problems } = parseStaticConfig(VALID, 'a.yaml')
  t.strictSame(problems, [])
  const [first, second, third] = config.revisions
  t.strictSame(first, {
    spec: {
      namespace: 'default',
      name: 'hello-00001',
      service: 'hello',
      configuration: 'hello',
      protocol: 'h2c',
      containerConcurrency: 10,
      timeouts: { totalMs: 60_000, responseStartMs: 1000, idleMs: 2000, queueMs: 3000, tunnelMs: 4000 },
      mayUseEarly: false,
    },
    ready: ['127.0.0.1:8012', '[::1]:8012'],
    notReady: ['pod.example.com:80'],
    clusterAddress: '10.0.0.1:80',
    wake: { kind: 'exec', command: ['./start-hello', '--fast'], timeoutMs: 20_000 },
  })
  t.strictSame(second, {
    spec: {
      namespace: 'default',
      name: 'hello-00002',
      service: '',
      configuration: '',
      protocol: 'http1',
      containerConcurrency: 0,
      timeouts: { totalMs: 300_000, responseStartMs: 0, idleMs: 0, queueMs: 0, tunnelMs: 0 },
      mayUseEarly: true,
    },
    ready: [],
    notReady: [],
    clusterAddress: '',
    wake: { kind: 'http', url: 'http://127.0.0.1:9/wake', timeoutMs: 10_000 },
  })
  t.match(third, { spec: { name: 'hello-00003' }, wake: { command: ['start'], timeoutMs: 300_000 } })
  t.strictSame(config.routes, [
    {
      namespace: 'default',
      hosts: ['hello.example.com', '*.hello.example.com', '127.0.0.1'],
      traffic: [
        { revision: 'hello-00001', percent: 90, tag: 'stable' },
        { revision: 'hello-00002', percent: 10, tag: '' },
      ],
    },
  ])
  t.strictSame(
    config.namespaces,
    [{ namespace: 'default', weight: 2, runningMax: 100, heldMax: Infinity, heldBytesMax: Infinity }],
    '0 and left out are no bound',
  )
  t.strictSame(config.activators, ['10.0.0.5', '10.0.0.6', 'fd00::1'])
  t.equal(config.reportUrl, 'http://127.0.0.1:9/activity')
})

t.test('empty texts and lists are as good as none where something is optional', async (t) => {
  const { config, problems } = parseStaticConfig(
    'revisions: [{name: a, clusterAddress: "", service: "", configuration: "", endpoints: , wake: }]\nroutes: []\nactivators:\n',
    'a.yaml',
  )
  t.strictSame(problems, [])
  t.match(config, {
    revisions: [{ clusterAddress: '', ready: [], wake: null, spec: { namespace: 'default' } }],
    routes: [],
    activators: [],
    reportUrl: '',
  })
})

t.test('the parts may stand in several documents, in any order', async (t) => {
  const { config, problems } = parseStaticConfig(
    'routes: [{hosts: [a.test], traffic: [{revision: a, percent: 100}]}]\n---\nrevisions: [{name: a}]\n---\nrevisions: [{name: b}]\n',
    'a.yaml',
  )
  t.strictSame(problems, [])
  t.strictSame(
    config.revisions.map(({ spec }) => spec.name),
    ['a', 'b'],
  )
  t.equal(config.routes.length, 1)
})

t.test('a file without a document is not one that names nothing', async (t) => {
  for (const text of ['', '\n', '# nothing\n', '---\n'])
    t.strictSame(problemsOf(text), [
      'a.yaml:1: the file is empty: it must have revisions, routes, namespaces, activators or reports',
    ])
  t.strictSame(problemsOf('revisions: []\n'), [])
})

const LABEL =
  'a name of lower-case letters, digits and dashes, at most 63 characters, with a letter or digit at both ends'
const ADDRESS = 'host:port, with an IP address (IPv6 in brackets) or a host name, and a port from 1 to 65535'
const HOST = 'a host name without a port, or *. and a host name'
const URL_RULE = 'a URL with http:// or https://, without a user and a password'
const SECONDS = 'a whole number of seconds from 0 to 2592000'
const LONG = 'x'.repeat(64)
const REVISION_FIELDS =
  'namespace, name, service, configuration, protocol, containerConcurrency, timeoutSeconds, responseStartTimeoutSeconds, idleTimeoutSeconds, queueTimeoutSeconds, tunnelMaxSeconds, mayUseEarly, endpoints, notReady, clusterAddress, wake'

/** A file, the line of the one thing that is wrong with it, and what is said of it. */
type Case = readonly [text: string, line: number, problem: string]

function check(t: Test, cases: readonly Case[]): void {
  for (const [text, line, problem] of cases)
    t.strictSame(problemsOf(text), [`a.yaml:${line}: ${problem}`], text)
}

t.test('fields of a revision: what is wrong is told at its line', async (t) => {
  const revision = (more: string): string => `revisions:\n  - name: a\n    protocol: http1\n    ${more}\n`
  const at = (more: string, problem: string, line = 4): Case => [
    revision(more),
    line,
    `revisions[0].${problem}`,
  ]
  const timeouts = [
    'timeoutSeconds',
    'responseStartTimeoutSeconds',
    'idleTimeoutSeconds',
    'queueTimeoutSeconds',
    'tunnelMaxSeconds',
  ]
  check(t, [
    at(
      'containerConcurrency: ten',
      'containerConcurrency is "ten": it must be a whole number from 0 to 1000000',
    ),
    at('containerConcurrency: -1', 'containerConcurrency is -1: it must be a whole number from 0 to 1000000'),
    at(
      'containerConcurrency: 1000001',
      'containerConcurrency is 1000001: it must be a whole number from 0 to 1000000',
    ),
    at(
      'containerConcurrency: 1.5',
      'containerConcurrency is 1.5: it must be a whole number from 0 to 1000000',
    ),
    ...timeouts.flatMap((name) => [
      at(`${name}: "300"`, `${name} is "300": it must be ${SECONDS}`),
      at(`${name}: -1`, `${name} is -1: it must be ${SECONDS}`),
      at(`${name}: 2592001`, `${name} is 2592001: it must be ${SECONDS}`),
    ]),
    at('namespace: A', `namespace is "A": it must be ${LABEL}`),
    at('namespace: ""', `namespace is "": it must be ${LABEL}`),
    at('namespace: 1', `namespace is 1: it must be ${LABEL}`),
    at(`service: ${LONG}`, `service is "${LONG}": it must be ${LABEL}`),
    at('configuration: a.b', `configuration is "a.b": it must be ${LABEL}`),
    at('mayUseEarly: 1', 'mayUseEarly is 1: it must be true or false'),
    at('endpoints: 127.0.0.1:80', 'endpoints is "127.0.0.1:80": it must be a list'),
    at('endpoints:\n    - a:1\n    - 8012', `endpoints[1] is 8012: it must be ${ADDRESS}`, 6),
    at('endpoints: [""]', `endpoints[0] is "": it must be ${ADDRESS}`),
    at('endpoints: [localhost]', `endpoints[0] is "localhost": it must be ${ADDRESS}`),
    at('endpoints: ["a:0"]', `endpoints[0] is "a:0": it must be ${ADDRESS}`),
    at('endpoints: ["a:65536"]', `endpoints[0] is "a:65536": it must be ${ADDRESS}`),
    at('endpoints: ["a:080"]', `endpoints[0] is "a:080": it must be ${ADDRESS}`),
    at('endpoints: ["::1:80"]', `endpoints[0] is "::1:80": it must be ${ADDRESS}`),
    at('endpoints: ["[1.2.3.4]:80"]', `endpoints[0] is "[1.2.3.4]:80": it must be ${ADDRESS}`),
    at('endpoints: ["1.2.3.400:80"]', `endpoints[0] is "1.2.3.400:80": it must be ${ADDRESS}`),
    at('endpoints: ["a_b:80"]', `endpoints[0] is "a_b:80": it must be ${ADDRESS}`),
    at('endpoints: ["http://a:80"]', `endpoints[0] is "http://a:80": it must be ${ADDRESS}`),
    at('notReady: [{}]', `notReady[0] is a map: it must be ${ADDRESS}`),
    at('clusterAddress: 10.0.0.1', `clusterAddress is "10.0.0.1": it must be ${ADDRESS}`),
    at(
      'endpoints: ["a:1"]\n    notReady:\n    - A:1',
      'notReady[0] is "A:1": it must be an address that its revision names once, and line 4 has it already',
      6,
    ),
    at('colour: red', `colour is not known: known are ${REVISION_FIELDS}`),
    at('wake: 5', 'wake is 5: it must be a map'),
    at('wake: {}', 'wake has neither exec nor http: it must have one of the two'),
    at('wake: {exec: [a], http: "http://a"}', 'wake has both exec and http: it must have one of the two'),
    at('wake: {exec: a}', 'wake.exec is "a": it must be a list'),
    at('wake: {exec: []}', 'wake.exec is empty: it must be a list of texts: a program and its arguments'),
    at('wake: {exec: [""]}', 'wake.exec[0] is "": it must be the path or the name of a program'),
    at(
      'wake:\n      exec:\n      - sleep\n      - 5',
      'wake.exec[1] is 5: it must be a text: it needs quotes',
      7,
    ),
    at('wake: {exec: [a, "\\0"]}', 'wake.exec[1] is "\\u0000": it must be a text without a NUL'),
    at('wake: {http: "ftp://a"}', `wake.http is "ftp://a": it must be ${URL_RULE}`),
    at('wake: {http: "http://u:p@a"}', `wake.http is "http://u:p@a": it must be ${URL_RULE}`),
    at('wake: {http: /wake}', `wake.http is "/wake": it must be ${URL_RULE}`),
    at(
      'wake: {http: "http://a", timeoutSeconds: 0}',
      'wake.timeoutSeconds is 0: it must be a whole number of seconds from 1 to 3600',
    ),
    at('wake: {http: "http://a", body: x}', 'wake.body is not known: known are exec, http, timeoutSeconds'),
    [
      'revisions:\n  - name: a\n    protocol: http3\n',
      3,
      'revisions[0].protocol is "http3": it must be one of http1, h2c',
    ],
    ['revisions:\n  - name: Hello\n', 2, `revisions[0].name is "Hello": it must be ${LABEL}`],
    ['revisions:\n  - name: ""\n', 2, `revisions[0].name is "": it must be ${LABEL}`],
    ['revisions:\n  - name: -a\n', 2, `revisions[0].name is "-a": it must be ${LABEL}`],
    ['revisions:\n  - endpoints: []\n', 2, `revisions[0].name is missing: it must be ${LABEL}`],
    ['revisions:\n  - a\n', 2, 'revisions[0] is "a": it must be a map'],
    ['revisions: 5\n', 1, 'revisions is 5: it must be a list'],
    [
      'revisions:\n  - name: a\n  - {name: a, namespace: b}\n  - name: a\n',
      4,
      'revisions[2].name is "a": it must be a name of its own in the namespace default, and line 2 has it already',
    ],
  ])
})

t.test('fields of a route: what is wrong is told at its line', async (t) => {
  const file = (route: string): string =>
    `revisions: [{name: a}, {name: b}, {name: c, namespace: n}]\nroutes:\n${route}`
  const traffic = (text: string): string => file(`- hosts: [h.test]\n  traffic: [${text}]\n`)
  check(t, [
    [file('- 5\n'), 3, 'routes[0] is 5: it must be a map'],
    [
      file('- traffic: [{revision: a, percent: 100}]\n'),
      3,
      'routes[0].hosts is missing: it must be a list of host names',
    ],
    [file('- hosts: [h.test]\n'), 3, 'routes[0].traffic is missing: it must be a list of revisions'],
    [
      file('- hosts: []\n  traffic: [{revision: a, percent: 100}]\n'),
      3,
      'routes[0].hosts is empty: it must have one host name at least',
    ],
    ...[
      'a b',
      'h.test:80',
      '*',
      '*.',
      '*.*.test',
      'h..test',
      '.test',
      '*.1.2.3.4',
      '1.2.3',
      `${LONG}.test`,
    ].map((host): Case => [
      file(`- traffic: [{revision: a, percent: 100}]\n  hosts:\n  - "${host}"\n`),
      5,
      `routes[0].hosts[0] is "${host}": it must be ${HOST}`,
    ]),
    [
      file(
        '- hosts: [h.test]\n  traffic: [{revision: a, percent: 100}]\n- hosts: [i.test, H.test]\n  traffic: [{revision: a, percent: 100}]\n',
      ),
      5,
      'routes[1].hosts[1] is "H.test": it must be a host that leads to one route, and line 3 has it already',
    ],
    [
      file('- hosts: [h.test]\n  namespace: n\n  traffic:\n  - {revision: c, percent: 100}\n  path: /\n'),
      7,
      'routes[0].path is not known: known are namespace, hosts, traffic',
    ],
    [traffic(''), 4, 'routes[0].traffic is empty: it must have one revision at least'],
    [traffic('{percent: 100}'), 4, `routes[0].traffic[0].revision is missing: it must be ${LABEL}`],
    [
      traffic('{revision: gone, percent: 100}'),
      4,
      'routes[0].traffic[0].revision is "gone": it must be a revision of the namespace default: a, b',
    ],
    [
      traffic('{revision: c, percent: 100}'),
      4,
      'routes[0].traffic[0].revision is "c": it must be a revision of the namespace default: a, b',
    ],
    [
      file('- hosts: [h.test]\n  namespace: m\n  traffic: [{revision: a, percent: 100}]\n'),
      5,
      'routes[0].traffic[0].revision is "a": it must be a revision of the namespace m, which has none',
    ],
    [
      traffic('{revision: a, percent: 100, tag: T}'),
      4,
      `routes[0].traffic[0].tag is "T": it must be ${LABEL}`,
    ],
    [
      traffic('{revision: a, percent: 100, header: x}'),
      4,
      'routes[0].traffic[0].header is not known: known are revision, percent, tag',
    ],
    [
      file(
        '- hosts: [h.test]\n  traffic:\n  - {revision: a, percent: 50, tag: x}\n  - {revision: b, percent: 50,\n     tag: x}\n',
      ),
      7,
      'routes[0].traffic[1].tag is "x": it must be a tag that its route has once, and line 5 has it already',
    ],
    [
      file('- hosts: [h.test]\n  traffic:\n  - {revision: a, percent: 60}\n  - {revision: b, percent: 60}\n'),
      5,
      'routes[0].traffic adds up to 120 percent: it must be 100, or 0 when every target has a tag',
    ],
    [
      traffic('{revision: a, tag: x}, {revision: b}'),
      4,
      'routes[0].traffic adds up to 0 percent: it must be 100, or 0 when every target has a tag',
    ],
  ])
  for (const percent of ['-1', '101', '"50"', '33.3'])
    t.equal(
      problemsOf(traffic(`{revision: a, percent: ${percent}}`))[0].replace(percent, '…'),
      'a.yaml:4: routes[0].traffic[0].percent is …: it must be a whole number from 0 to 100',
    )
  t.strictSame(
    problemsOf(traffic('5, {revision: a, percent: 50}')),
    ['a.yaml:4: routes[0].traffic[0] is 5: it must be a map'],
    'what a target that cannot be read would add is not known',
  )
  t.strictSame(
    problemsOf(traffic('{revision: a, tag: x}, {revision: b, tag: y}')),
    [],
    'tags alone have no shares',
  )
  t.strictSame(problemsOf(traffic('{revision: a, percent: 50}, {revision: a, percent: 50, tag: y}')), [])
})

t.test('fields of the rest: what is wrong is told at its line', async (t) => {
  const bounds = (name: string, max: number, unit: string): Case[] =>
    ['-1', String(max + 1), 'x'].map((value) => [
      `namespaces:\n- name: a\n  ${name}: ${value}\n`,
      3,
      `namespaces[0].${name} is ${value === 'x' ? '"x"' : value}: it must be a whole number of ${unit} from 0 to ${max}`,
    ])
  check(t, [
    ['namespaces: [a]\n', 1, 'namespaces[0] is "a": it must be a map'],
    ['namespaces:\n- weight: 1\n', 2, `namespaces[0].name is missing: it must be ${LABEL}`],
    [
      'namespaces:\n- name: a\n  weight: 0\n',
      3,
      'namespaces[0].weight is 0: it must be a whole number from 1 to 1000',
    ],
    [
      'namespaces:\n- name: a\n  weight: 1001\n',
      3,
      'namespaces[0].weight is 1001: it must be a whole number from 1 to 1000',
    ],
    ...bounds('runningMax', 10_000_000, 'requests'),
    ...bounds('heldMax', 10_000_000, 'requests'),
    ...bounds('heldBytesMax', 68_719_476_736, 'bytes'),
    [
      'namespaces:\n- name: a\n- name: a\n',
      3,
      'namespaces[1].name is "a": it must be a namespace that has its bounds once, and line 2 has it already',
    ],
    [
      'namespaces: [{name: a, max: 1}]\n',
      1,
      'namespaces[0].max is not known: known are name, weight, runningMax, heldMax, heldBytesMax',
    ],
    ['activators: 10.0.0.1\n', 1, 'activators is "10.0.0.1": it must be a list'],
    [
      'activators: ["10.0.0.1:80"]\n',
      1,
      'activators[0] is "10.0.0.1:80": it must be an IP address without brackets and port, or a host name',
    ],
    [
      'activators:\n- a\n- A\n',
      3,
      'activators[1] is "A": it must be an address that is named once, and line 2 has it already',
    ],
    ['reports: "http://a"\n', 1, 'reports is "http://a": it must be a map'],
    ['reports: {}\n', 1, `reports.http is missing: it must be ${URL_RULE}`],
    ['reports: {http: a}\n', 1, `reports.http is "a": it must be ${URL_RULE}`],
    ['reports: {http: "http://a", every: 1}\n', 1, 'reports.every is not known: known are http'],
    [
      'reports: {http: "http://a"}\n---\nreports: {http: "http://b"}\n',
      3,
      'reports is a map: it must be in the file once, and line 1 has it already',
    ],
    [
      'colours: []\n',
      1,
      'colours is not known: known are revisions, routes, namespaces, activators, reports',
    ],
    ['revisions: []\nrevisions: []\n', 2, 'revisions stands twice: it must stand once, and line 1 has it'],
    ['- a\n', 1, 'the document is a list: it must be a map'],
  ])
})

t.test('every problem is told at once', async (t) => {
  const problems = problemsOf(`revisions:
  - name: Hello
    containerConcurrency: ten
    timeoutSeconds: -1
    endpoints: ["localhost", "127.0.0.1:0"]
    colour: red
routes:
  - hosts: ["a b", hello.example.com]
    traffic: [{revision: gone, percent: 50}]
`)
  t.strictSame(
    problems.map((problem) => problem.split(/ is | adds up/)[0]),
    [
      'a.yaml:2: revisions[0].name',
      'a.yaml:3: revisions[0].containerConcurrency',
      'a.yaml:4: revisions[0].timeoutSeconds',
      'a.yaml:5: revisions[0].endpoints[0]',
      'a.yaml:5: revisions[0].endpoints[1]',
      'a.yaml:6: revisions[0].colour',
      'a.yaml:8: routes[0].hosts[0]',
      'a.yaml:9: routes[0].traffic[0].revision',
      'a.yaml:9: routes[0].traffic',
    ],
  )
})

t.test('whatever is done to a file, it is read or refused with lines that it has', async () => {
  const edit = fc.record({
    at: fc.nat(VALID.length),
    cut: fc.nat(40),
    put: fc.oneof(
      fc.string({ maxLength: 6, unit: 'binary' }),
      fc.constantFrom(
        '&a ',
        '*a',
        '*second',
        '<<: ',
        '- ',
        ': ',
        '\n',
        '\t',
        '[',
        '}',
        '"',
        '---\n',
        '0x',
        '!!set ',
      ),
    ),
  })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
      let text = VALID
      for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut)
      const lines = text.split(/\r\n|\n/).length
      const { config, problems } = parseStaticConfig(text, 'a.yaml')
      for (const { line, text: problem } of problems) {
        if (!problem.startsWith(`a.yaml:${line}: `) || /[\r\n]/.test(problem)) throw new Error(problem)
        if (line < 1 || line > lines) throw new Error(`no such line: ${problem}`)
      }
      if (problems.length > 0) return
      const names = config.revisions.map(({ spec }) => `${spec.namespace}/${spec.name}`)
      if (new Set(names).size < names.length) throw new Error(`names twice: ${names.join()}`)
      for (const { namespace, traffic } of config.routes)
        for (const { revision } of traffic)
          if (!names.includes(`${namespace}/${revision}`)) throw new Error(`leads nowhere: ${revision}`)
    }),
    { numRuns: 500 },
  )
})

const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/reference/static-platform.md'), 'utf8')

t.test('what the reference shows is valid', async (t) => {
  const examples = Array.from(PAGE.matchAll(/```yaml\n([^]*?)```/g), ([, text]) => text)
  t.equal(examples.length, 1)
  t.strictSame(problemsOf(examples[0]), [])
})

t.test('every field stands in the reference, and nothing else does', async (t) => {
  const rows = PAGE.split('\n').filter((line) => /^\| `[a-z]/.test(line))
  const described = rows.map((row) => /^\| `([^`]+)`/.exec(row)![1])
  const known = new Set<string>()
  // A key that is not known is answered with those that are.
  for (const [text, prefix] of [
    ['zz: 1', ''],
    ['revisions: [{zz: 1}]', 'revisions[].'],
    ['revisions: [{wake: {zz: 1}}]', 'revisions[].wake.'],
    ['routes: [{zz: 1}]', 'routes[].'],
    ['routes: [{traffic: [{zz: 1}]}]', 'routes[].traffic[].'],
    ['namespaces: [{zz: 1}]', 'namespaces[].'],
    ['reports: {zz: 1}', 'reports.'],
  ]) {
    const lists = problemsOf(text).map((one) => /zz is not known: known are (.*)$/.exec(one)?.[1])
    for (const name of lists.find((one) => one !== undefined)!.split(', ')) known.add(`${prefix}${name}`)
  }
  t.strictSame(described.toSorted(), [...known].toSorted())
})
