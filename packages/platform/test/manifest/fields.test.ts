import t from 'tap'
import { problemsOf } from './reading.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Everything that is read, as it may be. */
const VALID = {
  apiVersion: 'serving.knative.dev/v1',
  kind: 'Service',
  metadata: {
    name: 'hello',
    namespace: 'shop',
    labels: { app: 'hello' },
    annotations: { 'example.com/by': 'me' },
  },
  spec: {
    template: {
      metadata: {
        name: 'hello-first',
        labels: { app: 'hello' },
        annotations: { 'autoscaling.knative.dev/target': '10', 'autoscaling.knative.dev/max-scale': '3' },
      },
      spec: {
        containerConcurrency: 10,
        timeoutSeconds: 60,
        responseStartTimeoutSeconds: 20,
        idleTimeoutSeconds: 10,
        containers: [
          {
            name: 'app',
            image: 'registry.example.com/app',
            command: ['node'],
            args: ['server.js'],
            workingDir: 'app',
            ports: [{ name: 'http1', containerPort: 8080, protocol: 'TCP' }],
            env: [{ name: 'TARGET', value: 'World' }],
            resources: { limits: { cpu: '500m', memory: '128Mi' } },
            readinessProbe: {
              httpGet: {
                path: '/ready',
                port: 8080,
                host: '127.0.0.1',
                scheme: 'HTTP',
                httpHeaders: [{ name: 'X-Probe', value: 'yes' }],
              },
              initialDelaySeconds: 1,
              periodSeconds: 2,
              timeoutSeconds: 3,
              successThreshold: 4,
              failureThreshold: 5,
            },
            livenessProbe: { tcpSocket: { port: 8080, host: '127.0.0.1' }, successThreshold: 1 },
            startupProbe: { grpc: { port: 9000, service: 'health' }, successThreshold: 1 },
          },
          { name: 'sidecar', command: ['./sidecar'], livenessProbe: { exec: { command: ['./live'] } } },
        ],
      },
    },
    traffic: [
      { revisionName: 'hello-first', latestRevision: false, percent: 60, tag: 'first' },
      { latestRevision: true, percent: 40 },
    ],
  },
} as const satisfies Json

const POD = 'spec.template.spec'
const APP = `${POD}.containers[0]`
const READY = `${APP}.readinessProbe`
const ANNOTATIONS = 'spec.template.metadata.annotations'
const TARGET = `${ANNOTATIONS}["autoscaling.knative.dev/target"]`
const MAX_SCALE = `${ANNOTATIONS}["autoscaling.knative.dev/max-scale"]`
const LABEL =
  'a name of lower-case letters, digits and dashes, at most 63 characters, with a letter or digit at both ends'
const NAME = `${LABEL}, that begins with a letter`
const INT32 = 'a whole number from 0 to 2147483647'
const SECONDS32 = 'a whole number of seconds from 0 to 2147483647'
const HOST = 'an IP address without brackets and port, or a host name'
const QUOTES = 'a text: it needs quotes'
const ENV_NAME = 'a name of printable ASCII without ='
const CPU = 'a number of cores of at least 0.001, such as 500m or 2; 0 is no limit'
const MEMORY = 'a number of bytes of at least 1, such as 128Mi or 1G; 0 is no limit'
const KINDS = 'one of Service, ConfigMap, List: only Knative Services and ConfigMaps are read'

/** Where, what stands there, and what would be valid. */
const WRONG: readonly (readonly [path: string, value: Json, valid: string])[] = [
  ['apiVersion', 1, 'serving.knative.dev/v1 for Service'],
  ['apiVersion', 'v1', 'serving.knative.dev/v1 for Service'],
  ['kind', true, KINDS],
  ['kind', 'Deployment', KINDS],
  ['metadata', 'x', 'a map'],
  ['metadata.name', 5, NAME],
  ['metadata.name', 'Hello', NAME],
  ['metadata.name', '1hello', NAME],
  ['metadata.namespace', 5, LABEL],
  ['metadata.namespace', 'a.b', LABEL],
  ['metadata.labels', 'x', 'a map'],
  ['metadata.labels.app', 5, QUOTES],
  ['metadata.annotations', 'x', 'a map'],
  ['metadata.annotations["example.com/by"]', true, QUOTES],
  ['spec', 'x', 'a map'],
  ['spec.template', 'x', 'a map'],
  ['spec.template.metadata', 'x', 'a map'],
  ['spec.template.metadata.name', 5, NAME],
  ['spec.template.metadata.name', 'other', 'a name that begins with hello-, or left out'],
  ['spec.template.metadata.labels', 5, 'a map'],
  ['spec.template.metadata.labels.app', false, QUOTES],
  [ANNOTATIONS, 'x', 'a map'],
  [TARGET, 10, QUOTES],
  [TARGET, 'ten', 'at least 0.01'],
  [TARGET, '0', 'at least 0.01'],
  [MAX_SCALE, 3, QUOTES],
  [MAX_SCALE, '-1', INT32],
  [POD, 'x', 'a map'],
  [`${POD}.containerConcurrency`, '10', 'a whole number from 0 to 1000'],
  [`${POD}.containerConcurrency`, 1001, 'a whole number from 0 to 1000'],
  [`${POD}.timeoutSeconds`, '60', 'a whole number of seconds from 0 to 600'],
  [`${POD}.timeoutSeconds`, 601, 'a whole number of seconds from 0 to 600'],
  [`${POD}.timeoutSeconds`, 60.5, 'a whole number of seconds from 0 to 600'],
  [`${POD}.responseStartTimeoutSeconds`, true, 'a whole number of seconds from 0 to 60'],
  [`${POD}.responseStartTimeoutSeconds`, 61, 'a whole number of seconds from 0 to 60'],
  [`${POD}.idleTimeoutSeconds`, [], 'a whole number of seconds from 0 to 60'],
  [`${POD}.idleTimeoutSeconds`, -1, 'a whole number of seconds from 0 to 60'],
  [`${POD}.containers`, 'x', 'a list'],
  [APP, 'x', 'a map'],
  [`${APP}.name`, 5, QUOTES],
  [`${APP}.name`, 'App', LABEL],
  [`${APP}.name`, 'queue-proxy', 'another name: this one is taken by the sidecar'],
  [`${APP}.image`, 5, QUOTES],
  [`${APP}.command`, 'node', 'a list'],
  [`${APP}.command[0]`, 5, QUOTES],
  [`${APP}.command[0]`, '', 'the path or the name of a program'],
  [`${APP}.args`, 'server.js', 'a list'],
  [`${APP}.args[0]`, 80, QUOTES],
  [`${APP}.args[0]`, 'a\0b', 'a text without a NUL'],
  [`${APP}.workingDir`, 5, QUOTES],
  [`${APP}.workingDir`, 'a\0b', 'a text without a NUL'],
  [`${APP}.ports[0]`, 8080, 'a map'],
  [`${APP}.ports[0].name`, 5, 'http1 or h2c, or left out'],
  [`${APP}.ports[0].name`, 'web', 'http1 or h2c, or left out'],
  [`${APP}.ports[0].containerPort`, '80', 'a whole number from 0 to 65535'],
  [`${APP}.ports[0].containerPort`, 65_536, 'a whole number from 0 to 65535'],
  [
    `${APP}.ports[0].containerPort`,
    8012,
    'another port: 8008, 8012, 8013, 8022, 8112, 9090, 9091 are those of the queue-proxy',
  ],
  [`${APP}.ports[0].protocol`, 5, 'one of TCP'],
  [`${APP}.ports[0].protocol`, 'UDP', 'one of TCP'],
  [`${APP}.env`, 'x', 'a list'],
  [`${APP}.env[0]`, 'x', 'a map'],
  [`${APP}.env[0].name`, 5, QUOTES],
  [`${APP}.env[0].name`, 'A=B', ENV_NAME],
  [
    `${APP}.env[0].name`,
    'K_SERVICE',
    'another name: PORT, K_SERVICE, K_CONFIGURATION, K_REVISION are set by the platform',
  ],
  [`${APP}.env[0].value`, 5, QUOTES],
  [`${APP}.env[0].value`, 'a\0b', 'a text without a NUL'],
  [`${APP}.resources`, 5, 'a map'],
  [`${APP}.resources.limits`, 5, 'a map'],
  [`${APP}.resources.limits.cpu`, true, CPU],
  [`${APP}.resources.limits.cpu`, '-1', CPU],
  [`${APP}.resources.limits.cpu`, '500mm', CPU],
  [`${APP}.resources.limits.memory`, {}, MEMORY],
  [`${APP}.resources.limits.memory`, '128m', MEMORY],
  [READY, 'x', 'a map'],
  [`${READY}.httpGet`, 5, 'a map'],
  [`${READY}.httpGet.path`, 5, QUOTES],
  [`${READY}.httpGet.path`, '/a b', 'a path without spaces'],
  [`${READY}.httpGet.port`, true, 'a whole number from 0 to 65535'],
  [`${READY}.httpGet.port`, 70_000, 'a whole number from 0 to 65535'],
  [`${READY}.httpGet.port`, '8080', 'a number from 0 to 65535, or http1'],
  [`${READY}.httpGet.host`, 5, QUOTES],
  [`${READY}.httpGet.host`, 'a b', HOST],
  [`${READY}.httpGet.scheme`, 5, 'one of HTTP, HTTPS'],
  [`${READY}.httpGet.scheme`, 'FTP', 'one of HTTP, HTTPS'],
  [`${READY}.httpGet.httpHeaders`, 'x', 'a list'],
  [`${READY}.httpGet.httpHeaders[0]`, 'x', 'a map'],
  [`${READY}.httpGet.httpHeaders[0].name`, 5, QUOTES],
  [`${READY}.httpGet.httpHeaders[0].name`, 'a b', 'the name of a header field'],
  [`${READY}.httpGet.httpHeaders[0].value`, 5, QUOTES],
  [`${READY}.httpGet.httpHeaders[0].value`, 'a\nb', 'a text of one line'],
  [`${READY}.initialDelaySeconds`, '1', SECONDS32],
  [`${READY}.initialDelaySeconds`, -1, SECONDS32],
  [`${READY}.periodSeconds`, '1', SECONDS32],
  [`${READY}.periodSeconds`, 2_147_483_648, SECONDS32],
  [`${READY}.timeoutSeconds`, '1', SECONDS32],
  [`${READY}.timeoutSeconds`, -1, SECONDS32],
  [`${READY}.successThreshold`, '1', INT32],
  [`${READY}.successThreshold`, 1.5, INT32],
  [`${READY}.failureThreshold`, '1', INT32],
  [`${READY}.failureThreshold`, -1, INT32],
  [`${APP}.livenessProbe`, 5, 'a map'],
  [`${APP}.livenessProbe.tcpSocket`, 5, 'a map'],
  [`${APP}.livenessProbe.tcpSocket.port`, true, 'a whole number from 0 to 65535'],
  [`${APP}.livenessProbe.tcpSocket.port`, -1, 'a whole number from 0 to 65535'],
  [`${APP}.livenessProbe.tcpSocket.host`, 5, QUOTES],
  [`${APP}.livenessProbe.tcpSocket.host`, '[::1]', HOST],
  [`${APP}.livenessProbe.successThreshold`, 'x', INT32],
  [`${APP}.livenessProbe.successThreshold`, 2, '1'],
  [`${APP}.startupProbe`, 5, 'a map'],
  [`${APP}.startupProbe.grpc`, 5, 'a map'],
  [`${APP}.startupProbe.grpc.port`, true, 'a whole number from 0 to 65535'],
  [`${APP}.startupProbe.grpc.port`, 65_536, 'a whole number from 0 to 65535'],
  [`${APP}.startupProbe.grpc.service`, 5, QUOTES],
  [`${APP}.startupProbe.successThreshold`, 'x', INT32],
  [`${APP}.startupProbe.successThreshold`, 2, '1'],
  [`${POD}.containers[1].livenessProbe.exec`, 5, 'a map'],
  [`${POD}.containers[1].livenessProbe.exec.command`, './live', 'a list'],
  [`${POD}.containers[1].livenessProbe.exec.command[0]`, 5, QUOTES],
  ['spec.traffic', 'x', 'a list'],
  ['spec.traffic[0]', 'x', 'a map'],
  ['spec.traffic[0].revisionName', 5, NAME],
  ['spec.traffic[0].revisionName', 'hello-second', 'a revision of hello: hello-first'],
  ['spec.traffic[0].latestRevision', 'no', 'true or false'],
  ['spec.traffic[0].latestRevision', true, 'false where revisionName names one'],
  ['spec.traffic[1].latestRevision', false, 'true, or revisionName must name one'],
  ['spec.traffic[0].percent', '60', 'a whole number from 0 to 100'],
  ['spec.traffic[0].percent', 101, 'a whole number from 0 to 100'],
  ['spec.traffic[0].tag', 5, NAME],
  ['spec.traffic[0].tag', 'A', NAME],
]

/** Lists of which there can be only one kind of member, and what is the same as elsewhere. */
const ELSEWHERE = new Set([
  `${POD}.containers[1]`,
  `${POD}.containers[1].name`,
  `${POD}.containers[1].command`,
  `${POD}.containers[1].command[0]`,
  `${POD}.containers[1].livenessProbe`,
  `${APP}.ports`,
  'spec.traffic[1]',
  'spec.traffic[1].percent',
])

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
    problemsOf(JSON.stringify({ apiVersion: VALID.apiVersion, kind: 'Service', ...value }))
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
  const inner = Object.entries(value).flatMap(([key, one]) => pathsOf(one as Json, join(path, key)))
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
      Object.entries(one).map(([key, inner]) => [key, replaced(inner as Json, join(at, key))]),
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
