import t from 'tap'
import { readAutoscalerConfig } from '../src/autoscaler-config.ts'

const problemsOf = (data: Record<string, string>): readonly string[] => readAutoscalerConfig(data).problems

t.test('the defaults are those of Knative', async (t) => {
  const { config, problems } = readAutoscalerConfig()
  t.strictSame(problems, [])
  t.ok(Object.isFrozen(config))
  t.strictSame(config, {
    concurrencyUtilization: 0.7,
    concurrencyTarget: 100,
    requestRateTarget: 200,
    targetBurstCapacity: 211,
    stableWindowMs: 60_000,
    panicWindowPercentage: 10,
    panicThresholdPercentage: 200,
    maxScaleUpRate: 1000,
    maxScaleDownRate: 2,
    isScaleToZeroEnabled: true,
    scaleToZeroGraceMs: 30_000,
    podRetentionMs: 0,
    scaleDownDelayMs: 0,
    activatorCapacity: 100,
    initialScale: 1,
    allowsZeroInitialScale: false,
    minScale: 0,
    maxScale: 0,
    maxScaleLimit: 0,
    autoscalerClass: 'kpa.autoscaling.knative.dev',
    progressDeadlineMs: 600_000,
  })
})

t.test('every key is read', async (t) => {
  const { config, problems } = readAutoscalerConfig(
    {
      'container-concurrency-target-percentage': '80',
      'container-concurrency-target-default': '10.5',
      'requests-per-second-target-default': '10.11',
      'target-burst-capacity': '12345',
      'stable-window': '5m',
      'panic-window-percentage': '20',
      'panic-threshold-percentage': '150.5',
      'max-scale-up-rate': '1.01',
      'max-scale-down-rate': '3.0',
      'enable-scale-to-zero': 'FALSE',
      'scale-to-zero-grace-period': '33s',
      'scale-to-zero-pod-retention-period': '2m3s',
      'scale-down-delay': '15m',
      'activator-capacity': '905',
      'initial-scale': '0',
      'allow-zero-initial-scale': 'true',
      'min-scale': '1',
      'max-scale': '2',
      'max-scale-limit': '11',
      'pod-autoscaler-class': ' some.class ',
      _example: 'means nothing',
      'tick-interval': '2s',
    },
    { 'progress-deadline': '2m', 'queue-sidecar-image': 'any' },
  )
  t.strictSame(problems, [])
  t.strictSame(config, {
    concurrencyUtilization: 0.8,
    concurrencyTarget: 10.5,
    requestRateTarget: 10.11,
    targetBurstCapacity: 12_345,
    stableWindowMs: 300_000,
    panicWindowPercentage: 20,
    panicThresholdPercentage: 150.5,
    maxScaleUpRate: 1.01,
    maxScaleDownRate: 3,
    isScaleToZeroEnabled: false,
    scaleToZeroGraceMs: 33_000,
    podRetentionMs: 123_000,
    scaleDownDelayMs: 900_000,
    activatorCapacity: 905,
    initialScale: 0,
    allowsZeroInitialScale: true,
    minScale: 1,
    maxScale: 2,
    maxScaleLimit: 11,
    autoscalerClass: 'some.class',
    progressDeadlineMs: 120_000,
  })
})

t.test('up to 1 a percentage is a fraction', async (t) => {
  const utilization = (text: string): number =>
    readAutoscalerConfig({ 'container-concurrency-target-percentage': text }).config.concurrencyUtilization
  t.strictSame(['55', '0.71', '1', '1.0', '100', '1.5'].map(utilization), [0.55, 0.71, 1, 1, 1, 0.015])
})

/** For each key the last values that are valid and the first that are not, on either side. */
const BOUNDS: Readonly<Record<string, { valid: string[]; invalid: string[] }>> = {
  'container-concurrency-target-percentage': { valid: ['0.001', '100'], invalid: ['0', '100.1', '-42'] },
  'requests-per-second-target-default': { valid: ['0.01'], invalid: ['0.009', '-5.25'] },
  'target-burst-capacity': { valid: ['0', '-1', '0.5'], invalid: ['-0.5', '-11'] },
  'stable-window': { valid: ['6s', '1h'], invalid: ['5s', '1h1s', '61984ms', 'not a duration', '60'] },
  'panic-window-percentage': { valid: ['1', '100'], invalid: ['0.9', '100.1'] },
  'panic-threshold-percentage': { valid: ['0.1', '1000.1'], invalid: ['0', '-1'] },
  'max-scale-up-rate': { valid: ['1.001'], invalid: ['1', 'not a number', 'NaN'] },
  'max-scale-down-rate': { valid: ['1.001'], invalid: ['1.0', '-55'] },
  'enable-scale-to-zero': { valid: ['T', '0'], invalid: ['yes', ''] },
  'scale-to-zero-grace-period': { valid: ['1ns'], invalid: ['0s', '-1s'] },
  'scale-to-zero-pod-retention-period': { valid: ['0', '1ms'], invalid: ['-4m11s'] },
  'scale-down-delay': { valid: ['0s', '100h'], invalid: ['-1m23s', '61984ms'] },
  'activator-capacity': { valid: ['1'], invalid: ['0.95'] },
  'initial-scale': { valid: ['1'], invalid: ['-1', '1.5', '2147483648'] },
  'allow-zero-initial-scale': { valid: ['true'], invalid: ['invalid'] },
  'min-scale': { valid: ['0'], invalid: ['-1'] },
  'max-scale': { valid: ['0'], invalid: ['-1'] },
  'max-scale-limit': { valid: ['0'], invalid: ['-9', '1.0'] },
}

t.test('values are valid up to their bounds', async (t) => {
  for (const [key, { valid, invalid }] of Object.entries(BOUNDS)) {
    for (const text of valid) t.strictSame(problemsOf({ [key]: text }), [], `${key}: ${text}`)
    for (const text of invalid) {
      const problems = problemsOf({ [key]: text })
      t.equal(problems.length, 1, `${key}: ${text}`)
      t.ok(problems[0].startsWith(`${key} is ${JSON.stringify(text)}: it must be `), problems[0])
    }
  }
  for (const text of ['0s', '-1s', '1500ms', 'soon'])
    t.match(readAutoscalerConfig({}, { 'progress-deadline': text }).problems, [
      `progress-deadline is "${text}": it must be a duration of whole seconds above 0s`,
    ])
})

t.test('values have to fit together', async (t) => {
  const cases: [Record<string, string>, string | null][] = [
    [
      { 'container-concurrency-target-percentage': '1', 'container-concurrency-target-default': '0.001' },
      'container-concurrency-target-default is "0.001": it must be at least 0.01 when multiplied with container-concurrency-target-percentage, and it is 0.001',
    ],
    [
      { 'initial-scale': '0' },
      'initial-scale is "0": it must be a whole number of at least 1, or 0 when allow-zero-initial-scale is true',
    ],
    [{ 'initial-scale': '0', 'allow-zero-initial-scale': 'true' }, null],
    [
      { 'max-scale': '10', 'max-scale-limit': '9' },
      'max-scale is "10": it must be from 1 to max-scale-limit, which is 9',
    ],
    [{ 'max-scale-limit': '11' }, 'max-scale is "0": it must be from 1 to max-scale-limit, which is 11'],
    [{ 'max-scale': '10', 'max-scale-limit': '10' }, null],
    [{ 'min-scale': '4', 'max-scale': '3' }, 'min-scale is "4": it must be at most max-scale, which is 3'],
    [{ 'min-scale': '4' }, null],
  ]
  for (const [data, problem] of cases) t.strictSame(problemsOf(data), problem === null ? [] : [problem])
})

t.test('all problems are told at once, and a key that is wrong has its default', async (t) => {
  const { config, problems } = readAutoscalerConfig(
    { 'stable-window': '1s', 'max-scale-up-rate': 'fast', 'enable-scale-to-zero': 'no' },
    { 'progress-deadline': '' },
  )
  t.equal(problems.length, 4)
  t.match(config, {
    stableWindowMs: 60_000,
    maxScaleUpRate: 1000,
    isScaleToZeroEnabled: true,
    progressDeadlineMs: 600_000,
  })
})
