import t from 'tap'
import { problemsOf, read, readFiles, service, warningsOf } from './reading.ts'

const config = (name: string, data: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-${name}, namespace: knative-serving}\ndata:\n${data
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('')}`

t.test('they count for all services, wherever they stand', async (t) => {
  const defaults = `revision-timeout-seconds: "100"
revision-idle-timeout-seconds: "20"
container-concurrency: "7"
revision-cpu-limit: 500m
revision-memory-limit: 1Gi`
  const { autoscaler, problems, progressDeadlineMs, services, warnings } = readFiles([
    `${service()}---\n${config('defaults', defaults)}`,
    config('autoscaler', '_example: |\n  # much\nstable-window: 30s\ninitial-scale: "2"\nmax-scale: "9"'),
    `${config('deployment', 'progress-deadline: 20s')}---\n${service('', 'timeoutSeconds: 10')}`,
  ])
  t.strictSame([problems, warnings], [[], []])
  t.equal(progressDeadlineMs, 20_000)
  t.equal(autoscaler.stableWindowMs, 30_000)
  const [first, second] = services.map(({ template }) => template)
  t.match(first, {
    containerConcurrency: 7,
    timeouts: { totalMs: 100_000, responseStartMs: 0, idleMs: 20_000 },
    scaling: {
      initialScale: 2,
      maxScale: 9,
      stableWindowMs: 30_000,
      totalValue: 7,
      progressDeadlineMs: 20_000,
    },
    containers: [{ limits: { cpu: 0.5, memoryBytes: 2 ** 30 } }],
  })
  t.match(
    second.timeouts,
    { totalMs: 10_000, responseStartMs: 0, idleMs: 0 },
    'defaults that are shorter than the whole',
  )
})

t.test('bounds of revisions', async (t) => {
  const text = (data: string, pod: string): readonly string[] =>
    problemsOf(`${config('defaults', data)}---\n${service('', pod)}`)
  t.strictSame(text('max-revision-timeout-seconds: "1000"', 'timeoutSeconds: 1000'), [])
  t.match(text('container-concurrency-max-limit: "10"', 'containerConcurrency: 11'), [
    /is 11: it must be a whole number from 0 to 10$/,
  ])
  t.match(
    text('allow-container-concurrency-zero: "false"\ncontainer-concurrency: "5"', 'containerConcurrency: 0'),
    [/is 0: it must be a whole number from 1 to 1000$/],
  )
})

/** Which ConfigMap, its key, what stands there, and what would be valid. */
const WRONG: readonly (readonly [name: string, key: string, value: string, valid: string])[] = [
  ['defaults', 'revision-timeout-seconds', 'x', 'a whole number from 1 to 2592000'],
  ['defaults', 'revision-timeout-seconds', '0', 'a whole number from 1 to 2592000'],
  ['defaults', 'revision-timeout-seconds', '601', 'at most max-revision-timeout-seconds, which is 600'],
  ['defaults', 'max-revision-timeout-seconds', '-1', 'a whole number from 1 to 2592000'],
  ['defaults', 'max-revision-timeout-seconds', '200', 'at least revision-timeout-seconds, which is 300'],
  ['defaults', 'revision-response-start-timeout-seconds', '', 'a whole number from 0 to 2592000'],
  [
    'defaults',
    'revision-response-start-timeout-seconds',
    '301',
    'at most revision-timeout-seconds, which is 300',
  ],
  ['defaults', 'revision-idle-timeout-seconds', '1.5', 'a whole number from 0 to 2592000'],
  ['defaults', 'revision-idle-timeout-seconds', '301', 'at most revision-timeout-seconds, which is 300'],
  ['defaults', 'container-concurrency', '1e3', 'a whole number from 0 to 2147483647'],
  ['defaults', 'container-concurrency', '1001', 'at most container-concurrency-max-limit, which is 1000'],
  ['defaults', 'container-concurrency-max-limit', '0', 'a whole number from 1 to 2147483647'],
  ['defaults', 'allow-container-concurrency-zero', 'no', '"true" or "false"'],
  [
    'defaults',
    'revision-cpu-limit',
    'x',
    'a number of cores of at least 0.001, such as 500m or 2; 0 is no limit',
  ],
  [
    'defaults',
    'revision-memory-limit',
    'x',
    'a number of bytes of at least 1, such as 128Mi or 1G; 0 is no limit',
  ],
  ['autoscaler', 'stable-window', '5s', 'a duration of whole seconds from 6s to 1h'],
  ['autoscaler', 'enable-scale-to-zero', 'maybe', 'true or false'],
  [
    'autoscaler',
    'max-scale',
    '-1',
    'a whole number of at least 0, which is no bound; from 1 to max-scale-limit when there is one',
  ],
  ['deployment', 'progress-deadline', '0s', 'a duration of whole seconds above 0s'],
]

for (const [name, key, value, valid] of WRONG)
  t.test(`${key} must not be ${JSON.stringify(value)}`, async (t) => {
    t.strictSame(problemsOf(config(name, `${key}: ${JSON.stringify(value)}`)), [
      `a.yaml:5: data.${key} is ${JSON.stringify(value)}: it must be ${valid}`,
    ])
    t.strictSame(problemsOf(config(name, `${key}: 5`)), [
      `a.yaml:5: data.${key} is 5: it must be a text: it needs quotes`,
    ])
  })

t.test('a service starts with nothing unless somebody says otherwise', async (t) => {
  const initial = (data: string): number => read(config('autoscaler', data)).autoscaler.initialScale
  t.equal(initial('stable-window: 30s'), 0)
  t.equal(initial('allow-zero-initial-scale: "true"'), 0)
  t.equal(initial('allow-zero-initial-scale: "false"'), 1)
  t.equal(initial('initial-scale: "3"'), 3)
  t.strictSame(problemsOf(config('autoscaler', 'allow-zero-initial-scale: "false"\ninitial-scale: "0"')), [
    'a.yaml:6: data.initial-scale is "0": it must be a whole number of at least 1, or 0 when allow-zero-initial-scale is true',
  ])
})

t.test('keys and maps without an effect', async (t) => {
  t.strictSame(warningsOf(config('autoscaler', 'target-burst-capacity: "200"\nstable-windw: 5s')), [
    'a.yaml:5: data.target-burst-capacity has no effect: the activator is always in the path here',
    'a.yaml:6: data.stable-windw has no effect: did you mean stable-window?',
  ])
  t.strictSame(warningsOf(config('defaults', 'revision-cpu-request: 1m\nabc: x')), [
    'a.yaml:5: data.revision-cpu-request has no effect: nothing is reserved on this machine',
    'a.yaml:6: data.abc has no effect: there is no such key',
  ])
  t.strictSame(warningsOf(config('network', 'a: b')), [
    'a.yaml:3: metadata.name has no effect: only the ConfigMaps config-autoscaler, config-defaults, config-deployment are read',
  ])
  t.strictSame(warningsOf(`${config('deployment', 'queue-sidecar-image: a')}immutable: true\n`), [
    'a.yaml:5: data.queue-sidecar-image has no effect: the queue-proxy is the one that comes with this command',
  ])
})

t.test('each of them once', async (t) => {
  const { problems } = readFiles([
    config('defaults', 'container-concurrency: "5"'),
    config('defaults', 'container-concurrency: "6"'),
  ])
  t.strictSame(
    problems.map(({ text }) => text),
    [
      'b.yaml:3: metadata.name is "config-defaults": it must be a ConfigMap that is there once, and a.yaml:3 has it',
    ],
  )
})
