import fc from 'fast-check'
import t from 'tap'
import type { ContainerProbe, ContainerSpec } from '../../src/manifest/manifest-set.ts'
import { problemsOf, read, readFiles, service, warningsOf } from './reading.ts'

const FULL = `apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: hello
  namespace: shop
spec:
  template:
    metadata:
      name: hello-first
      labels: {app: hello}
      annotations:
        autoscaling.knative.dev/min-scale: "1"
        autoscaling.knative.dev/maxScale: "7"
        autoscaling.knative.dev/metric: rps
        autoscaling.knative.dev/target: "150"
        example.com/by: me
    spec:
      containerConcurrency: 5
      timeoutSeconds: 600
      idleTimeoutSeconds: 30
      containers:
        - name: helper
          command: [./helper]
          readinessProbe: {tcpSocket: {port: 9000}, periodSeconds: 5}
        - image: registry.example.com/hello
          command: [node, --max=$(MAX)]
          args: ["server.js", "--port=$(PORT)", "$$(MAX)", "$(NONE)"]
          workingDir: app
          ports: [{name: h2c, containerPort: 8081}]
          env:
            - {name: MAX, value: "5"}
            - {name: URL, value: "http://localhost:$(PORT)/$(MAX)"}
            - {name: EMPTY}
          resources: {limits: {cpu: 0.5, memory: 128Mi}}
          readinessProbe: {httpGet: {path: ready, port: 8081, scheme: HTTPS, httpHeaders: [{name: A, value: b}]}}
          livenessProbe: {exec: {command: [./live]}, initialDelaySeconds: 3}
          startupProbe: {grpc: {port: 9001}, periodSeconds: 1, failureThreshold: 30}
  traffic:
    - {revisionName: hello-first, percent: 90, tag: first}
    - {latestRevision: true, percent: 10}
`

const timing = {
  initialDelayMs: 0,
  timeoutMs: 1000,
  periodMs: 10_000,
  successThreshold: 1,
  failureThreshold: 3,
}

t.test('everything that a manifest says is read', async (t) => {
  const { problems, services } = read(FULL)
  t.strictSame(problems, [])
  const [{ at, name, namespace, template, traffic }] = services
  t.strictSame([namespace, name, at], ['shop', 'hello', { file: 'a.yaml', line: 4 }])
  const { containers, scaling, ...rest } = template
  t.strictSame(rest, {
    name: 'hello-first',
    labels: { app: 'hello' },
    annotations: {
      'autoscaling.knative.dev/min-scale': '1',
      'autoscaling.knative.dev/maxScale': '7',
      'autoscaling.knative.dev/metric': 'rps',
      'autoscaling.knative.dev/target': '150',
      'example.com/by': 'me',
    },
    containerConcurrency: 5,
    // Knative's default for the start of the response is shorter than the whole here.
    timeouts: { totalMs: 600_000, responseStartMs: 300_000, idleMs: 30_000, queueMs: 0, tunnelMs: 0 },
    protocol: 'h2c',
  })
  t.match(scaling, { minScale: 1, maxScale: 7, metric: 'rps', totalValue: 150, initialScale: 0 })
  t.strictSame(traffic, [
    { revision: 'hello-first', percent: 90, tag: 'first', at: { file: 'a.yaml', line: 39 } },
    { revision: '', percent: 10, tag: '', at: { file: 'a.yaml', line: 40 } },
  ])
  const [serving, helper] = containers
  t.strictSame(serving, {
    name: 'user-container-1',
    // Twice the dollar is once it when the instance has put in what it knows.
    command: ['node', '--max=5', 'server.js', '--port=$(PORT)', '$$(MAX)', '$$(NONE)'],
    folder: '/folder/app',
    env: [
      ['MAX', '5'],
      ['URL', 'http://localhost:$(PORT)/5'],
      ['EMPTY', ''],
    ],
    readiness: {
      action: {
        kind: 'httpGet',
        scheme: 'HTTPS',
        host: '',
        port: '0',
        path: 'ready',
        headers: [{ name: 'A', value: 'b' }],
      },
      ...timing,
      periodMs: 0,
    },
    liveness: { action: { kind: 'exec-command', command: ['./live'] }, ...timing, initialDelayMs: 3000 },
    startup: {
      action: { kind: 'grpc', port: 9001, service: '' },
      ...timing,
      periodMs: 1000,
      failureThreshold: 30,
    },
    limits: { cpu: 0.5, memoryBytes: 134_217_728 },
  } satisfies ContainerSpec)
  t.strictSame(helper, {
    name: 'helper',
    command: ['./helper'],
    folder: '/folder',
    env: [],
    readiness: { action: { kind: 'tcpSocket', host: '', port: '9000' }, ...timing, periodMs: 5000 },
    liveness: null,
    startup: null,
    limits: { cpu: null, memoryBytes: null },
  } satisfies ContainerSpec)
})

t.test('what a manifest leaves out', async (t) => {
  const { problems, progressDeadlineMs, services, warnings } = read(service())
  t.strictSame([problems, warnings], [[], []])
  t.equal(progressDeadlineMs, 600_000)
  const [{ namespace, template, traffic }] = services
  t.equal(namespace, 'default')
  t.match(template, {
    name: '',
    containerConcurrency: 0,
    timeouts: { totalMs: 300_000, responseStartMs: 0, idleMs: 0 },
    protocol: 'http1',
    containers: [{ name: 'user-container', command: ['./run'], folder: '/folder', readiness: null }],
    scaling: { initialScale: 0, minScale: 0, maxScale: 0 },
  })
  t.match(traffic, [{ revision: '', percent: 100, tag: '' }])
})

t.test('JSON, lists and several documents', async (t) => {
  const one = { apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'a' } }
  const spec = { template: { spec: { containers: [{ command: ['a'] }] } } }
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    metadata: { resourceVersion: '' },
    items: [{ ...one, spec }],
  }
  const { problems, services } = readFiles([JSON.stringify(list), `${service()}---\n---\n${service()}`])
  t.strictSame(problems, [])
  t.strictSame(
    services.map(({ name, at }) => `${name} ${at.file}`),
    ['a a.yaml', 'hello b.yaml', 'hello b.yaml'],
  )
  t.strictSame(problemsOf(JSON.stringify({ ...list, items: [list, { ...one, spec: 5 }] })), [
    'a.yaml:1: items[0].kind is "List": it must be one of Service, ConfigMap: only Knative Services and ConfigMaps are read',
    'a.yaml:1: items[1].spec is 5: it must be a map',
  ])
})

t.test('what a cluster adds to a Service is passed over', async (t) => {
  const exported = `apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  annotations: {serving.knative.dev/creator: me}
  creationTimestamp: "2026-01-01T00:00:00Z"
  generation: 1
  name: hello
  resourceVersion: "5"
  uid: abc
spec:
  template:
    metadata: {creationTimestamp: null}
    spec:
      containerConcurrency: 0
      enableServiceLinks: false
      containers:
        - command: [./run]
          name: user-container
          readinessProbe: {successThreshold: 1, tcpSocket: {port: 0}}
          resources: {}
      timeoutSeconds: 300
  traffic: [{latestRevision: true, percent: 100}]
status: {url: http://hello.default.example.com}
`
  t.strictSame([problemsOf(exported), warningsOf(exported)], [[], []])
  t.strictSame(read(exported).services[0].template.containers[0].readiness, {
    action: { kind: 'tcpSocket', host: '', port: '0' },
    ...timing,
    periodMs: 0,
  } satisfies ContainerProbe)
})

t.test('other kinds, and files that are none', async (t) => {
  t.strictSame(problemsOf('apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: v1\nkind: Service\n'), [
    'a.yaml:2: kind is "Deployment": it must be one of Service, ConfigMap, List: only Knative Services and ConfigMaps are read',
    'a.yaml:4: apiVersion is "v1": it must be serving.knative.dev/v1 for Service',
  ])
  t.strictSame(problemsOf(' \n'), ['a.yaml:1: the file is empty: it must have a Service or a ConfigMap'])
  t.match(problemsOf('a: [')[0], /^a\.yaml:1: .* is not valid YAML/)
  t.strictSame(problemsOf('- a\n'), ['a.yaml:1: the document is a list: it must be a map'])
})

t.test('fields that nobody knows', async (t) => {
  t.strictSame(problemsOf(service('commands: [a]\nlifecycle: {}', 'timeoutSecond: 5\nhostname: a')), [
    'a.yaml:8: spec.template.spec.timeoutSecond is not known: did you mean timeoutSeconds?',
    'a.yaml:9: spec.template.spec.hostname is not known: known are containers, containerConcurrency, timeoutSeconds, responseStartTimeoutSeconds, idleTimeoutSeconds, affinity, automountServiceAccountToken, dnsConfig, dnsPolicy, enableServiceLinks, hostAliases, hostIPC, hostNetwork, hostPID, imagePullSecrets, initContainers, nodeSelector, priorityClassName, runtimeClassName, schedulerName, securityContext, serviceAccountName, shareProcessNamespace, tolerations, topologySpreadConstraints, volumes',
    'a.yaml:12: spec.template.spec.containers[0].commands is not known: did you mean command?',
    'a.yaml:13: spec.template.spec.containers[0].lifecycle is not known: known are name, image, command, args, workingDir, ports, env, envFrom, resources, readinessProbe, livenessProbe, startupProbe, imagePullPolicy, securityContext, terminationMessagePath, terminationMessagePolicy, volumeMounts',
  ])
  t.strictSame(
    problemsOf(service('env: [{name: A, valu: "1"}]\nports: [{hostPort: 80}]\nresources: {limit: {}}')),
    [
      'a.yaml:10: spec.template.spec.containers[0].env[0].valu is not known: did you mean value?',
      'a.yaml:11: spec.template.spec.containers[0].ports[0].hostPort is not known: known are containerPort, name, protocol',
      'a.yaml:12: spec.template.spec.containers[0].resources.limit is not known: did you mean limits?',
    ],
  )
  // The line is that of the name, wherever its value begins.
  t.match(problemsOf(service('limits:\n  cpu: 1')), [/^a\.yaml:10: .*\.limits is not known/])
})

t.test('no text makes it throw', async (t) => {
  const words = fc.constantFrom(
    ...FULL.split(/[\s{}[\],"]+/).filter((word) => word !== ''),
    '{',
    '}',
    '[',
    ']',
    '\n',
    '\n  ',
    '\n    - ',
    ': ',
    ', ',
    '- ',
    '&a ',
    '*a',
    '---\n',
    '"',
    '<<: ',
    '5',
    'null',
    '~',
  )
  const texts = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 60 }).map((parts) => parts.join(' ')),
    fc
      .tuple(fc.nat(FULL.length), fc.nat(60), words)
      .map(([at, length, word]) => FULL.slice(0, at) + word + FULL.slice(at + length)),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const { problems, services, warnings } = read(text)
      const all = [...problems, ...warnings]
      // Either it can be used, or it says why not; and each of it is one line with its place.
      return (
        (problems.length > 0 ||
          services.every(({ template }) => template.containers[0].command.length > 0)) &&
        all.every((one) => /^a\.yaml:\d+: [^\n]*$/.test(one.text))
      )
    }),
    { numRuns: 500 },
  )
  t.pass('it never threw')
})
