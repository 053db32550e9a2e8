import { INT32_MAX } from './go-values.ts'
import { isBurstCapacity, isWholeSeconds, isWindow, TARGET_MIN, WINDOW_MAX_MS } from './config-keys.ts'
import type { ValueKind, ValueRule } from './value-rule.ts'

/** Prefix of the annotations about scaling. */
export const AUTOSCALING_PREFIX = 'autoscaling.knative.dev/'
/** The annotation that replaces config-deployment's progress-deadline. */
export const PROGRESS_DEADLINE = 'serving.knative.dev/progress-deadline'
/** The autoscaler this package is. */
export const KPA_CLASS = 'kpa.autoscaling.knative.dev'

/** Names of the annotations, without the prefix but for the one that has another. */
export type AnnotationKey =
  | 'class'
  | 'metric'
  | 'metric-aggregation-algorithm'
  | 'target'
  | 'target-utilization-percentage'
  | 'target-burst-capacity'
  | 'window'
  | 'panic-window-percentage'
  | 'panic-threshold-percentage'
  | 'min-scale'
  | 'max-scale'
  | 'initial-scale'
  | 'activation-scale'
  | 'scale-down-delay'
  | 'scale-to-zero-pod-retention-period'
  | typeof PROGRESS_DEADLINE

/** One annotation of a revision. */
export interface AnnotationRow extends ValueRule {
  /** How it is written in full; the first one that is there counts. */
  readonly names: readonly string[]
}

/** Every annotation with its spellings and what Knative takes for it. */
export const ANNOTATION_KEYS: Readonly<Record<AnnotationKey, AnnotationRow>> = {
  class: row('text', ['class'], KPA_CLASS),
  metric: row('text', ['metric'], 'concurrency or rps'),
  'metric-aggregation-algorithm': row(
    'text',
    ['metric-aggregation-algorithm', 'metricAggregationAlgorithm'],
    'linear, weighted-exponential or weightedExponential',
  ),
  target: row('number', ['target'], 'at least 0.01', (value) => value >= TARGET_MIN),
  'target-utilization-percentage': row(
    'number',
    ['target-utilization-percentage', 'targetUtilizationPercentage'],
    'from 1 to 100',
    (value) => value >= 1 && value <= 100,
  ),
  'target-burst-capacity': row(
    'number',
    ['target-burst-capacity', 'targetBurstCapacity'],
    'at least 0, or -1 for no bound',
    isBurstCapacity,
  ),
  window: row('duration', ['window'], 'a duration of whole seconds from 6s to 1h', isWindow),
  'panic-window-percentage': row(
    'number',
    ['panic-window-percentage', 'panicWindowPercentage'],
    'from 1 to 100',
    (value) => value >= 1 && value <= 100,
  ),
  'panic-threshold-percentage': row(
    'number',
    ['panic-threshold-percentage', 'panicThresholdPercentage'],
    'from 110 to 1000',
    (value) => value >= 110 && value <= 1000,
  ),
  'min-scale': count(['min-scale', 'minScale'], 0),
  'max-scale': count(['max-scale', 'maxScale'], 0),
  'initial-scale': count(['initial-scale', 'initialScale'], 0),
  'activation-scale': count(['activation-scale'], 2),
  'scale-down-delay': row(
    'duration',
    ['scale-down-delay', 'scaleDownDelay'],
    'a duration of whole seconds from 0s to 1h',
    (ms) => ms >= 0 && ms <= WINDOW_MAX_MS && isWholeSeconds(ms),
  ),
  'scale-to-zero-pod-retention-period': row(
    'duration',
    ['scale-to-zero-pod-retention-period', 'scaleToZeroPodRetentionPeriod'],
    'a duration from 0s to 1h',
    (ms) => ms >= 0 && ms <= WINDOW_MAX_MS,
  ),
  [PROGRESS_DEADLINE]: {
    kind: 'duration',
    names: [PROGRESS_DEADLINE],
    range: 'a duration of whole seconds, at least 0s',
    isValid: (ms) => ms >= 0 && isWholeSeconds(ms),
  },
}

function row(
  kind: ValueKind,
  names: readonly string[],
  range: string,
  isValid: (value: number) => boolean = () => true,
): AnnotationRow {
  return { kind, names: names.map((name) => AUTOSCALING_PREFIX + name), range, isValid }
}

function count(names: readonly string[], least: number): AnnotationRow {
  const range = `a whole number from ${least} to ${INT32_MAX}`
  return row('count', names, range, (value) => value >= least)
}
