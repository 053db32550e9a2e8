import type { Random } from './random.ts'
import type { Reading } from './trace.ts'

/** What is the matter with a value. */
export type Flaw = 'none' | 'unreadable' | 'out of range'
/** Texts for one key. */
type Pool = Readonly<Record<Flaw, readonly string[]>>

/** A reading, and what is the matter with its annotations. */
export interface GeneratedReading {
  readonly reading: Reading
  readonly flaw: Flaw
}

const NO_NUMBERS = ['', ' 5', '5 ', 'a', '1__0', '_1', '1_', '0x10', '1e400', '1,5', '--1', '.', '1e', '٣']
const NO_COUNTS = ['', '1.0', '1e3', '1_000', '0x1', ' 1', 'one']
const NO_DURATIONS = [
  '',
  '1',
  's',
  '1 s',
  '1S',
  '1d',
  '1m-1s',
  '1e3s',
  '1_0s',
  '.s',
  '--1s',
  '9223372037s',
  '1.1.1s',
]
const NO_FLAGS = ['', 'yes', 'tRUE', 'on', ' true']

const numbers = (valid: string[], outOfRange: string[]): Pool => ({
  none: valid,
  unreadable: NO_NUMBERS,
  'out of range': outOfRange,
})
const counts = (valid: string[], outOfRange: string[]): Pool => ({
  none: valid,
  unreadable: NO_COUNTS,
  'out of range': outOfRange,
})
const durations = (valid: string[], outOfRange: string[]): Pool => ({
  none: valid,
  unreadable: NO_DURATIONS,
  'out of range': outOfRange,
})
const flags: Pool = {
  none: ['true', 'false', '1', '0', 't', 'F', 'True', 'FALSE'],
  unreadable: NO_FLAGS,
  'out of range': [],
}
const words = (valid: string[], outOfRange: string[]): Pool => ({
  none: valid,
  unreadable: [],
  'out of range': outOfRange,
})

const DELAYS = ['0', '0s', '1s', '1m', '1h', '1.5m', '+5s', '59m60s', '2000ms', '.5m', '1h0m0.000s']
const WINDOWS = ['6s', '1h', '60s', '1m30s', '6000ms', '7.0s', '3600s', '11s', '25s', '15s']
const NO_WINDOWS = ['5s', '1h1s', '5.999s', '6.5s', '0', '-6s', '6001ms', '6s1us', '1000000h']

const CONFIG: Readonly<Record<string, Pool>> = {
  'container-concurrency-target-percentage': numbers(
    ['70', '100', '1', '1.0', '0.5', '1.01', '0.01', '55', '7e1', '+80', '5_0'],
    ['0', '-42', '142.4', '100.01', '-0'],
  ),
  'container-concurrency-target-default': numbers(['100', '10.5', '.5', '1e2', '5.'], ['0', '-1', '0.001']),
  'requests-per-second-target-default': numbers(['200', '0.01', '10.11'], ['0.009', '-5.25', '0']),
  'target-burst-capacity': numbers(['0', '-1', '211', '12345', '0.5'], ['-11', '-0.5', '-1.01']),
  'stable-window': durations(WINDOWS, NO_WINDOWS),
  'panic-window-percentage': numbers(['1', '100', '10', '33.3', '99.99'], ['0.1', '0', '110', '100.1', '-1']),
  'panic-threshold-percentage': numbers(['200', '110', '1', '1000.5'], []),
  'max-scale-up-rate': numbers(['1.001', '10', '1000'], ['1', '0', '-1', '0.5']),
  'max-scale-down-rate': numbers(['1.01', '3.0', '2'], ['1', '-55', '1.0']),
  'enable-scale-to-zero': flags,
  'scale-to-zero-grace-period': durations(
    ['33s', '1ns', '1h30m', '0.5ms', '100us', '7µs', '7μs'],
    ['0s', '-1s', '0'],
  ),
  'scale-to-zero-pod-retention-period': durations(['0', '2m3s', '1ms', '100h'], ['-4m11s', '-1ns']),
  'scale-down-delay': durations([...DELAYS, '100h'], ['-1m23s', '61984ms', '0.5s', '1ns']),
  'activator-capacity': numbers(['1', '905', '1.5'], ['0.95', '0', '-1']),
  'initial-scale': counts(['1', '+3', '007', '0'], ['-1']),
  'allow-zero-initial-scale': flags,
  'min-scale': counts(['0', '1', '4'], ['-1']),
  'max-scale': counts(['0', '3', '10'], ['-1']),
  'max-scale-limit': counts(['0', '9', '11'], ['-9']),
  'pod-autoscaler-class': words(['kpa.autoscaling.knative.dev', ' kpa.autoscaling.knative.dev '], []),
  _example: words(['# anything'], []),
}

const DEPLOYMENT: Readonly<Record<string, Pool>> = {
  'progress-deadline': durations(['600s', '1s', '2m', '1h'], ['0s', '-1s', '1500ms']),
}

/** Spellings of each annotation, the first one counting when both are there. */
const ANNOTATIONS: Readonly<Record<string, Pool>> = {
  'autoscaling.knative.dev/metric': words(['concurrency', 'rps'], ['cpu', '', 'RPS']),
  'autoscaling.knative.dev/metric-aggregation-algorithm autoscaling.knative.dev/metricAggregationAlgorithm':
    words(['linear', 'weighted-exponential', 'weightedExponential'], ['exponential', 'Linear']),
  'autoscaling.knative.dev/target': numbers(['0.01', '1', '75', '1e3', '10'], ['0.009', '0', '-1']),
  'autoscaling.knative.dev/target-utilization-percentage autoscaling.knative.dev/targetUtilizationPercentage':
    numbers(['1', '100', '70.5'], ['0.5', '101', '0']),
  'autoscaling.knative.dev/target-burst-capacity autoscaling.knative.dev/targetBurstCapacity': numbers(
    ['-1', '0', '211', '0.5'],
    ['-2', '-0.5'],
  ),
  'autoscaling.knative.dev/window': durations(WINDOWS, NO_WINDOWS),
  'autoscaling.knative.dev/panic-window-percentage autoscaling.knative.dev/panicWindowPercentage': numbers(
    ['1', '100', '5.5', '30'],
    ['0.9', '101', '-1'],
  ),
  'autoscaling.knative.dev/panic-threshold-percentage autoscaling.knative.dev/panicThresholdPercentage':
    numbers(['110', '1000', '150.5'], ['109', '1001', '0']),
  'autoscaling.knative.dev/min-scale autoscaling.knative.dev/minScale': counts(['0', '1', '5'], ['-1']),
  'autoscaling.knative.dev/max-scale autoscaling.knative.dev/maxScale': counts(['0', '4', '10'], ['-1']),
  'autoscaling.knative.dev/initial-scale autoscaling.knative.dev/initialScale': counts(
    ['0', '1', '5'],
    ['-1'],
  ),
  'autoscaling.knative.dev/activation-scale': counts(['2', '3', '7'], ['1', '0', '-1']),
  'autoscaling.knative.dev/scale-down-delay autoscaling.knative.dev/scaleDownDelay': durations(DELAYS, [
    '-1s',
    '1h1s',
    '1.5s',
    '1ms',
  ]),
  'autoscaling.knative.dev/scale-to-zero-pod-retention-period autoscaling.knative.dev/scaleToZeroPodRetentionPeriod':
    durations(['0', '1ms', '1h', '90s'], ['-1s', '1h1ms']),
  'serving.knative.dev/progress-deadline': durations(['0s', '1s', '10m'], []),
}

/** Makes up ConfigMaps and annotations, some of them wrong; only one map is wrong at a time. */
export function generateReading(random: Random): GeneratedReading {
  const wrong = random.one(['none', 'none', 'config', 'deployment', 'annotations'])
  const config = pick(random, CONFIG, 0.12, wrong === 'config')
  const deployment = pick(random, DEPLOYMENT, 0.3, wrong === 'deployment')
  const annotations = pick(random, ANNOTATIONS, 0.25, wrong === 'annotations')
  return {
    reading: {
      config: config.values,
      deployment: deployment.values,
      annotations: annotations.values,
      containerConcurrency: random.one([0, 0, 1, 10, 100]),
    },
    flaw: annotations.flaw,
  }
}

function pick(
  random: Random,
  pools: Readonly<Record<string, Pool>>,
  share: number,
  isWrong: boolean,
): { values: Record<string, string>; flaw: Flaw } {
  const values: Record<string, string> = {}
  let worst: Flaw = 'none'
  const wrongKey = isWrong ? random.one(Object.keys(pools)) : ''
  for (const [key, pool] of Object.entries(pools)) {
    if (key !== wrongKey && !random.chance(share)) continue
    const flaw = key === wrongKey ? random.one<Flaw>(['unreadable', 'out of range']) : 'none'
    if (pool[flaw].length === 0) continue
    if (flaw !== 'none') worst = flaw
    for (const name of spellings(random, key)) values[name] = random.one(pool[flaw])
  }
  return { values, flaw: worst }
}

/** The names a key is set with: one of its spellings, or both, and then the first counts. */
function spellings(random: Random, key: string): string[] {
  const names = key.split(' ')
  return random.chance(0.2) ? names : [random.one(names)]
}
