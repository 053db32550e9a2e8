import t from 'tap'
import { problemsOf, read, readFiles, service, warningsOf } from './reading.ts'

const CONTAINER = 'spec.template.spec.containers[0]'
const container = (lines: string): string => service().replace('command: [./run]', lines)

t.test('a container without a command', async (t) => {
  t.strictSame(problemsOf(container('image: example.com/a')), [
    `a.yaml:9: ${CONTAINER}.image is "example.com/a", and images are not run here: command must say what to run, or --command hello='node server.js'`,
  ])
  t.strictSame(problemsOf(container('args: [a]')), [
    `a.yaml:9: ${CONTAINER} has no command: command must say what to run, or --command hello='node server.js'`,
  ])
  t.strictSame(problemsOf(container('command: []')), [
    `a.yaml:9: ${CONTAINER} has no command: command must say what to run, or --command hello='node server.js'`,
  ])
  t.strictSame(problemsOf(container('command: []'), { hello: 'node server.js' }), [])
})

t.test('a command line counts more than the manifest, for the container that serves', async (t) => {
  const line = 'npm ci && node server.js --port $(PORT) $(date)'
  const two = `image: example.com/a
          ports: [{}]
        - name: helper
          command: [./helper]`
  const { problems, services } = read(container(two), { hello: line })
  t.strictSame(problems, [])
  t.strictSame(
    services[0].template.containers.map(({ command }) => command),
    [['sh', '-c', 'npm ci && node server.js --port $(PORT) $$(date)'], ['./helper']],
  )
  t.strictSame(read(service(), { hello: './other' }).services[0].template.containers[0].command, [
    'sh',
    '-c',
    './other',
  ])
  t.strictSame(problemsOf(container(two.replace('command: [./helper]', 'image: b')), { hello: line }), [
    'a.yaml:12: spec.template.spec.containers[1].image is "b", and images are not run here: command must say what to run',
  ])
})

t.test('a command line for nothing, and none', async (t) => {
  t.strictSame(problemsOf(service(), { helo: 'node server.js', hello: ' ' }), [
    '--command helo: there is no such service: it must be hello',
    `--command hello: the command line is " ": it must be a command, such as 'node server.js'`,
  ])
  t.equal(
    problemsOf('kind: [', { helo: 'node' }).some((text) => text.includes('--command')),
    false,
    'it may be in what cannot be read',
  )
})

t.test('variables that somebody else would have', async (t) => {
  const env = `env:
  - {name: A, valueFrom: {secretKeyRef: {name: a, key: b}}}
  - {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
  - {name: PORT, value: "80"}
  - {value: "80"}
envFrom: [{configMapRef: {name: a}}]`
  t.strictSame(problemsOf(service(env)), [
    `a.yaml:11: ${CONTAINER}.env[0].valueFrom is a secretKeyRef: there is no cluster that has it: give a value here`,
    `a.yaml:12: ${CONTAINER}.env[1].valueFrom is a fieldRef: there is no cluster that has it: give a value here`,
    `a.yaml:13: ${CONTAINER}.env[2].name is "PORT": it must be another name: PORT, K_SERVICE, K_CONFIGURATION, K_REVISION are set by the platform`,
    `a.yaml:14: ${CONTAINER}.env[3].name is missing: it must be a name of printable ASCII without =`,
    `a.yaml:15: ${CONTAINER}.envFrom[0] cannot be looked up: there is no cluster that has it: give a value here, one by one in env`,
  ])
  const twice = service('env:\n  - {name: A, value: "1"}\n  - {name: A, value: "2$(A)"}')
  t.strictSame(warningsOf(twice), [
    `a.yaml:12: ${CONTAINER}.env[1] sets "A" again: what line 11 says has no effect`,
  ])
  t.strictSame(read(twice).services[0].template.containers[0].env, [
    ['A', '1'],
    ['A', '21'],
  ])
})

t.test('texts that no process could be given', async (t) => {
  const env = ['{name: V0, value: "xxxxxxxx"}']
  for (let i = 1; i < 40; i++) env.push(`{name: V${i}, value: "$(V${i - 1})$(V${i - 1})"}`)
  t.match(problemsOf(service(`args: ["$(V13)$(V13)$(V13)"]\nenv: [${env.join(', ')}]`)), [
    `a.yaml:10: ${CONTAINER}.args has a text that is too long: each must be shorter than 131072 bytes with what its references stand for`,
    /env\[14\]\.value is too long: it must be shorter than 131072 bytes/,
  ])
})

t.test('several containers', async (t) => {
  const named = (name: string, rest: string): string => `name: ${name}\ncommand: [a]\n${rest}`
  const pod = (...containers: string[]): string =>
    service().replace(
      '        - command: [./run]\n',
      containers.map((one) => `        - ${one.trim().replaceAll('\n', '\n          ')}\n`).join(''),
    )
  t.strictSame(problemsOf(pod(named('a', ''), named('b', ''))), [
    'a.yaml:9: spec.template.spec.containers has 2 containers, of which 0 have ports: one of them must, which serves',
  ])
  t.strictSame(problemsOf(pod(named('a', 'ports: [{}]'), named('a', 'ports: [{}, {}]'))), [
    'a.yaml:9: spec.template.spec.containers has 2 containers, of which 2 have ports: one of them must, which serves',
    'a.yaml:12: spec.template.spec.containers[1].name is "a": it must be a name that its template has once, and line 9 has it already',
    'a.yaml:14: spec.template.spec.containers[1].ports has 2 ports: it must have one, which serves',
  ])
  t.strictSame(
    problemsOf(pod(named('a', 'ports: [{}]'), named('b', 'readinessProbe: {httpGet: {path: /}}'))),
    [
      'a.yaml:14: spec.template.spec.containers[1].readinessProbe.httpGet.port is missing: it must be a port: this container has none that could be meant',
    ],
  )
  const sidecar = pod(named('a', 'ports: [{}]'), named('b', 'env: [{name: PORT, value: "5"}]'))
  t.strictSame(problemsOf(sidecar), [])
})

t.test('folders', async (t) => {
  const folders = ['', 'workingDir: ../a', 'workingDir: /a/b'].map(
    (lines) => readFiles([service(lines)]).services[0].template.containers[0].folder,
  )
  t.strictSame(folders, ['/folder', '/a', '/a/b'])
})
