import t from 'tap'
import { read } from './reading.ts'

const PREFIX = 'autoscaling.knative.dev/'

/** A manifest as guides to Knative show them: with an image. */
function guide(
  name: string,
  annotations: Readonly<Record<string, string>>,
  lines: readonly string[] = [],
): string {
  return `apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: ${name}
spec:
  template:
    metadata:
      annotations:
${Object.entries({ 'example.com/guide': name, ...annotations })
  .map(([key, value]) => `        ${key.includes('/') ? key : PREFIX + key}: "${value}"\n`)
  .join('')}    spec:
${lines.map((line) => `      ${line}\n`).join('')}      containers:
        - image: example.com/${name}
`
}

const GUIDES: readonly (readonly [name: string, text: string, template: object])[] = [
  [
    'order-service',
    guide('order-service', {
      class: 'kpa.autoscaling.knative.dev',
      metric: 'concurrency',
      target: '100',
      'min-scale': '1',
      'max-scale': '100',
    }),
    { scaling: { minScale: 1, maxScale: 100, metric: 'concurrency', totalValue: 100 } },
  ],
  [
    'high-concurrency',
    guide('high-concurrency', {}, ['containerConcurrency: 50']),
    { containerConcurrency: 50, scaling: { totalValue: 50, targetValue: 35 } },
  ],
  [
    'scale-to-zero',
    guide('scale-to-zero', {
      'min-scale': '0',
      'max-scale': '10',
      'scale-to-zero-pod-retention-period': '30s',
    }),
    { scaling: { minScale: 0, maxScale: 10, podRetentionMs: 30_000, isScaleToZeroEnabled: true } },
  ],
  ['rps', guide('rps', { metric: 'rps', target: '150' }), { scaling: { metric: 'rps', totalValue: 150 } }],
  [
    'speech-text',
    guide('speech-text', { target: '5', minScale: '0', maxScale: '50' }),
    { scaling: { totalValue: 5, minScale: 0, maxScale: 50 } },
  ],
  [
    'optimized-service',
    `${guide('optimized-service', { targetBurstCapacity: '200', targetUtilizationPercentage: '80' })}          startupProbe:
            httpGet: {path: /healthz, port: 8080}
            periodSeconds: 1
            failureThreshold: 30
`,
    {
      scaling: { targetBurstCapacity: 200, targetValue: 80 },
      containers: [
        {
          startup: {
            action: { kind: 'httpGet', path: '/healthz', port: '0' },
            periodMs: 1000,
            timeoutMs: 1000,
            failureThreshold: 30,
            successThreshold: 1,
          },
        },
      ],
    },
  ],
]

for (const [name, text, template] of GUIDES)
  t.test(name, async (t) => {
    const { problems, services, warnings } = read(text, { [name]: 'node server.js' })
    t.strictSame(problems, [])
    t.match(services[0].template, { ...template, name: '' })
    t.strictSame(services[0].template.containers[0].command, ['sh', '-c', 'node server.js'])
    t.equal(warnings.length, name === 'optimized-service' ? 1 : 0)
    t.match(read(text).problems, [{ text: `--command ${name}='node server.js'` }], 'without a command')
  })
