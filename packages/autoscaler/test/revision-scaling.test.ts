import t from 'tap'
import { readAutoscalerConfig } from '../src/autoscaler-config.ts'
import { readRevisionScaling, type RevisionScaling } from '../src/revision-scaling.ts'

type Texts = Record<string, string>
const PREFIX = 'autoscaling.knative.dev/'
const PERCENTAGE = 'container-concurrency-target-percentage'
const WEIGHTED = { aggregation: 'weighted-exponential' } as const

/** Annotations without their prefix, a limit of concurrency, and what holds for all. */
function read(annotations: Texts, containerConcurrency = 0, data: Texts = {}) {
  const { config, problems } = readAutoscalerConfig(data)
  t.strictSame(problems, [])
  const named = Object.entries(annotations).map(([name, text]) => [
    name.includes('/') ? name : PREFIX + name,
    text,
  ])
  return readRevisionScaling(
    { annotations: Object.fromEntries(named) as Texts, containerConcurrency },
    config,
  )
}

t.test('without annotations everything is as it is for all', async (t) => {
  const { scaling, problems } = read({})
  t.strictSame(problems, [])
  t.ok(Object.isFrozen(scaling))
  t.strictSame(scaling, {
    autoscalerClass: 'kpa.autoscaling.knative.dev',
    isOurs: true,
    metric: 'concurrency',
    aggregation: 'linear',
    targetValue: 70,
    totalValue: 100,
    targetBurstCapacity: 211,
    activatorCapacity: 100,
    stableWindowMs: 60_000,
    panicWindowMs: 6000,
    panicThreshold: 2,
    maxScaleUpRate: 1000,
    maxScaleDownRate: 2,
    scaleDownDelayMs: 0,
    activationScale: 0,
    initialScale: 1,
    minScale: 0,
    maxScale: 0,
    isScaleToZeroEnabled: true,
    scaleToZeroGraceMs: 30_000,
    podRetentionMs: 0,
    progressDeadlineMs: 600_000,
  })
})

t.test('every annotation is read in each of its spellings', async (t) => {
  const cases: [names: string[], text: string, Partial<RevisionScaling>][] = [
    [['metric'], 'rps', { metric: 'rps' }],
    [['metric-aggregation-algorithm', 'metricAggregationAlgorithm'], 'weighted-exponential', WEIGHTED],
    [['metric-aggregation-algorithm', 'metricAggregationAlgorithm'], 'weightedExponential', WEIGHTED],
    [['target'], '10', { totalValue: 10, targetValue: 7 }],
    [['target-utilization-percentage', 'targetUtilizationPercentage'], '50', { targetValue: 50 }],
    [['target-burst-capacity', 'targetBurstCapacity'], '-1', { targetBurstCapacity: -1 }],
    [['window'], '2m', { stableWindowMs: 120_000, panicWindowMs: 12_000 }],
    [['panic-window-percentage', 'panicWindowPercentage'], '50', { panicWindowMs: 30_000 }],
    [['panic-threshold-percentage', 'panicThresholdPercentage'], '400', { panicThreshold: 4 }],
    [['min-scale', 'minScale'], '2', { minScale: 2 }],
    [['max-scale', 'maxScale'], '3', { maxScale: 3 }],
    [['initial-scale', 'initialScale'], '4', { initialScale: 4 }],
    [['activation-scale'], '5', { activationScale: 5 }],
    [['scale-down-delay', 'scaleDownDelay'], '10m', { scaleDownDelayMs: 600_000 }],
    [
      ['scale-to-zero-pod-retention-period', 'scaleToZeroPodRetentionPeriod'],
      '1m1s',
      { podRetentionMs: 61_000 },
    ],
    [['serving.knative.dev/progress-deadline'], '5s', { progressDeadlineMs: 5000 }],
  ]
  const usual = read({}).scaling
  for (const [names, text, changes] of cases)
    for (const name of names) {
      const { scaling, problems } = read({ [name]: text })
      t.strictSame(problems, [], name)
      for (const [field, value] of Object.entries(changes))
        t.not(usual[field as keyof RevisionScaling], value)
      t.match(scaling, changes, name)
    }
})

t.test('of two spellings the one with dashes counts, even when it cannot be read', async (t) => {
  t.equal(read({ 'min-scale': '1', minScale: '2' }).scaling.minScale, 1)
  const { scaling, problems } = read({ 'min-scale': 'one', minScale: '2' }, 0, { 'min-scale': '7' })
  t.equal(scaling.minScale, 7)
  t.strictSame(problems, [
    'autoscaling.knative.dev/min-scale is "one": it must be a whole number from 0 to 2147483647',
  ])
})

t.test('the target follows from limit, annotation and utilization', async (t) => {
  const cases: [annotations: Texts, limit: number, data: Texts, target: number, total: number][] = [
    [{}, 0, {}, 70, 100],
    [{}, 0, { [PERCENTAGE]: '80' }, 80, 100],
    [{}, 0, { [PERCENTAGE]: '30', 'container-concurrency-target-default': '2' }, 0.6, 2],
    [{ 'target-utilization-percentage': '75' }, 12, { [PERCENTAGE]: '80' }, 9, 12],
    [{}, 10, { [PERCENTAGE]: '80' }, 8, 10],
    [{}, 1, { [PERCENTAGE]: '80' }, 0.8, 1],
    [{ target: '1' }, 0, { [PERCENTAGE]: '0.001' }, 0.01, 1],
    [{ target: '10' }, 0, { [PERCENTAGE]: '75' }, 7.5, 10],
    [{ target: '1' }, 10, { [PERCENTAGE]: '100' }, 1, 1],
    [{ target: '500' }, 0, { [PERCENTAGE]: '100' }, 500, 500],
    [{ target: '10' }, 1, { [PERCENTAGE]: '100' }, 1, 1],
    [{ metric: 'rps' }, 1, {}, 140, 200],
    [{ metric: 'rps', target: '1' }, 0, {}, 0.7, 1],
    [{ metric: 'rps', target: '300' }, 1, {}, 210, 300],
    [{ metric: 'rps', 'target-utilization-percentage': '75' }, 0, { [PERCENTAGE]: '10' }, 150, 200],
  ]
  for (const [annotations, limit, data, targetValue, totalValue] of cases) {
    const { scaling } = read(annotations, limit, data)
    t.match(scaling, { totalValue }, JSON.stringify([annotations, limit, data]))
    t.ok(Math.abs(scaling.targetValue - targetValue) < 1e-12, `${scaling.targetValue} is ${targetValue}`)
  }
})

t.test('the panic window is a share of the stable one in whole seconds, at least one', async (t) => {
  const cases: [window: string, percentage: string, ms: number][] = [
    ['60s', '10', 6000],
    ['6s', '10', 1000],
    ['6s', '1', 1000],
    ['15s', '10', 2000],
    ['25s', '10', 3000],
    ['24s', '10', 2000],
    ['10s', '33.3', 3000],
    ['1h', '100', 3_600_000],
  ]
  for (const [window, percentage, panicWindowMs] of cases)
    t.match(read({ window, 'panic-window-percentage': percentage }).scaling, { panicWindowMs }, window)
})

t.test('what is out of range or cannot be read is not set, and is told', async (t) => {
  const { scaling, problems } = read(
    {
      window: '3s',
      target: '0',
      'target-utilization-percentage': '101',
      'target-burst-capacity': '-2',
      'panic-window-percentage': '0.5',
      'panic-threshold-percentage': '109',
      'min-scale': '-1',
      'max-scale': 'many',
      'initial-scale': '0',
      'activation-scale': '1',
      'scale-down-delay': '1.5s',
      'scale-to-zero-pod-retention-period': '1h1s',
      metric: 'cpu',
      'metric-aggregation-algorithm': 'median',
      'serving.knative.dev/progress-deadline': '1.5s',
    },
    0,
    {},
  )
  t.strictSame(scaling, read({}).scaling)
  t.equal(problems.length, 15)
  for (const problem of problems)
    t.match(problem, /^(?:autoscaling|serving)\.knative\.dev\/[a-z-]+ is ".*": it must be .+[^.]$/)
})

t.test('zero pods to start with need to be allowed', async (t) => {
  const allowed = { 'allow-zero-initial-scale': 'true' }
  t.equal(read({ 'initial-scale': '0' }, 0, allowed).scaling.initialScale, 0)
  const { scaling, problems } = read({ 'initial-scale': '0' }, 0, { 'initial-scale': '3' })
  t.equal(scaling.initialScale, 3)
  t.match(problems, [/initial-scale is "0": it must be at least 1: allow-zero-initial-scale is false$/])
})

t.test('a largest scale above the limit is not set', async (t) => {
  const limits = { 'max-scale': '5', 'max-scale-limit': '9' }
  t.equal(read({ 'max-scale': '9' }, 0, limits).scaling.maxScale, 9)
  for (const text of ['10', '0']) {
    const { scaling, problems } = read({ 'max-scale': text }, 0, limits)
    t.equal(scaling.maxScale, 5)
    t.match(problems, [/max-scale is "\d+": it must be from 1 to 9, which is max-scale-limit$/])
  }
})

t.test('scales that contradict each other are told, and used', async (t) => {
  const cases: [Texts, Texts, RegExp[]][] = [
    [
      { 'min-scale': '5', 'max-scale': '4' },
      {},
      [/\/max-scale is "4": it must be at least min-scale, which is 5$/],
    ],
    [
      { 'min-scale': '5' },
      { 'max-scale': '4' },
      [/\/min-scale is "5": it must be at most max-scale, which is 4$/],
    ],
    [
      { 'activation-scale': '2', 'min-scale': '3' },
      {},
      [/\/activation-scale is "2": .* at least min-scale, which is 3$/],
    ],
    [
      { 'activation-scale': '5', 'max-scale': '3' },
      {},
      [/\/activation-scale is "5": .* at most max-scale, which is 3$/],
    ],
    [{ 'activation-scale': '3', 'min-scale': '3', 'max-scale': '3' }, {}, []],
  ]
  for (const [annotations, data, patterns] of cases) {
    const { scaling, problems } = read(annotations, 0, data)
    t.match(problems, patterns)
    t.equal(problems.length, patterns.length)
    const { 'min-scale': min, 'activation-scale': activation } = annotations
    if (min !== undefined) t.equal(scaling.minScale, Number(min))
    if (activation !== undefined) t.equal(scaling.activationScale, Number(activation))
  }
})

t.test('annotations nobody knows are told', async (t) => {
  const { problems } = read({ 'min-scal': '1', 'example.com/min-scal': '1' })
  t.strictSame(problems, [
    'autoscaling.knative.dev/min-scal is no annotation that the autoscaler knows: it has no effect',
  ])
})

t.test('a revision of another autoscaler is told from ours', async (t) => {
  const hpa = read({ class: 'hpa.autoscaling.knative.dev' })
  t.match(hpa.scaling, { isOurs: false, autoscalerClass: 'hpa.autoscaling.knative.dev' })
  t.match(hpa.problems, [
    'autoscaling.knative.dev/class is "hpa.autoscaling.knative.dev": it must be kpa.autoscaling.knative.dev to be scaled here',
  ])
  const other = read({}, 0, { 'pod-autoscaler-class': 'mine' })
  t.equal(other.scaling.isOurs, false)
  t.match(other.problems, [
    'pod-autoscaler-class is "mine": it must be kpa.autoscaling.knative.dev to be scaled here',
  ])
  t.ok(read({ class: 'kpa.autoscaling.knative.dev' }, 0, { 'pod-autoscaler-class': 'mine' }).scaling.isOurs)
})
