import {
  AUTOSCALER_KEYS,
  type AutoscalerKey,
  type ConfigKey,
  DEPLOYMENT_KEYS,
  TARGET_MIN,
} from './config-keys.ts'
import { problemOf, readFlag, readValue } from './value-rule.ts'

/** A map of texts, as the data of a ConfigMap or the annotations of an object are. */
export type Texts = Readonly<Record<string, string>>

/** What holds for all revisions. Times are ms. docs/reference/autoscaler.md has the keys. */
export interface AutoscalerConfig {
  /** Share of a pod's concurrency that is aimed at, above 0 and at most 1. */
  readonly concurrencyUtilization: number
  /** Requests at one pod when its containerConcurrency is without limit. */
  readonly concurrencyTarget: number
  /** Requests per second and pod. */
  readonly requestRateTarget: number
  /** Requests that may come at once without queueing at a pod; -1 for any number. */
  readonly targetBurstCapacity: number
  /** Length of the long window, whole seconds from 6 s to 1 h. */
  readonly stableWindowMs: number
  /** Share of the stable window, 1 to 100. */
  readonly panicWindowPercentage: number
  /** Of what the ready pods can take, above 0. */
  readonly panicThresholdPercentage: number
  /** How many times the ready pods there may be after one step, above 1. */
  readonly maxScaleUpRate: number
  /** By how much the ready pods may be divided in one step, above 1. */
  readonly maxScaleDownRate: number
  /** Whether the last pod may go. */
  readonly isScaleToZeroEnabled: boolean
  /** How long the activator has to be in the path before the last pod goes. */
  readonly scaleToZeroGraceMs: number
  /** How long the last pod stays after it was wanted. */
  readonly podRetentionMs: number
  /** How long a number of pods stays wanted; 0 is none. */
  readonly scaleDownDelayMs: number
  /** Requests one activator can hold. */
  readonly activatorCapacity: number
  /** Pods to start a new revision with. */
  readonly initialScale: number
  /** Whether that may be 0. */
  readonly allowsZeroInitialScale: boolean
  /** The scale below which nothing goes. */
  readonly minScale: number
  /** The scale above which nothing goes; 0 is no bound. */
  readonly maxScale: number
  /** What a revision may set as its largest scale; 0 is no limit. */
  readonly maxScaleLimit: number
  /** Autoscaler of revisions that name none. */
  readonly autoscalerClass: string
  /** How long the first pod may take. */
  readonly progressDeadlineMs: number
}

/**
 * Reads config-autoscaler and the part of config-deployment that matters here. `problems` has one sentence for each
 * thing that is wrong; the config is usable only when it is empty. Keys that mean nothing are passed over, as in
 * Knative: its ConfigMaps have a key `_example`.
 */
export function readAutoscalerConfig(
  autoscaler: Texts = {},
  deployment: Texts = {},
): { config: AutoscalerConfig; problems: readonly string[] } {
  const problems: string[] = []
  const data = new KeyReader(autoscaler, AUTOSCALER_KEYS, problems)
  const percentage = data.number('container-concurrency-target-percentage')
  const config: AutoscalerConfig = {
    concurrencyUtilization: percentage > 1 ? percentage / 100 : percentage,
    concurrencyTarget: data.number('container-concurrency-target-default'),
    requestRateTarget: data.number('requests-per-second-target-default'),
    targetBurstCapacity: data.number('target-burst-capacity'),
    stableWindowMs: data.number('stable-window'),
    panicWindowPercentage: data.number('panic-window-percentage'),
    panicThresholdPercentage: data.number('panic-threshold-percentage'),
    maxScaleUpRate: data.number('max-scale-up-rate'),
    maxScaleDownRate: data.number('max-scale-down-rate'),
    isScaleToZeroEnabled: data.flag('enable-scale-to-zero'),
    scaleToZeroGraceMs: data.number('scale-to-zero-grace-period'),
    podRetentionMs: data.number('scale-to-zero-pod-retention-period'),
    scaleDownDelayMs: data.number('scale-down-delay'),
    activatorCapacity: data.number('activator-capacity'),
    initialScale: data.number('initial-scale'),
    allowsZeroInitialScale: data.flag('allow-zero-initial-scale'),
    minScale: data.number('min-scale'),
    maxScale: data.number('max-scale'),
    maxScaleLimit: data.number('max-scale-limit'),
    autoscalerClass: data.text('pod-autoscaler-class'),
    progressDeadlineMs: new KeyReader(deployment, DEPLOYMENT_KEYS, problems).number('progress-deadline'),
  }
  checkTogether(config, data, problems)
  return { config: Object.freeze(config), problems }
}

/** Values that are fine alone and impossible together. */
function checkTogether(config: AutoscalerConfig, data: KeyReader<AutoscalerKey>, problems: string[]): void {
  const complain = (key: AutoscalerKey, range: string): void => {
    problems.push(problemOf(key, data.raw(key), range))
  }
  const { maxScale, maxScaleLimit } = config
  const target = config.concurrencyUtilization * config.concurrencyTarget
  if (target < TARGET_MIN)
    complain(
      'container-concurrency-target-default',
      `at least ${TARGET_MIN} when multiplied with container-concurrency-target-percentage, and it is ${target}`,
    )
  if (config.initialScale === 0 && !config.allowsZeroInitialScale)
    complain('initial-scale', AUTOSCALER_KEYS['initial-scale'].range)
  if (maxScaleLimit > 0 && (maxScale < 1 || maxScale > maxScaleLimit))
    complain('max-scale', `from 1 to max-scale-limit, which is ${maxScaleLimit}`)
  if (maxScale > 0 && config.minScale > maxScale)
    complain('min-scale', `at most max-scale, which is ${maxScale}`)
}

/** Reads the keys of one ConfigMap. A key that is wrong has its default. */
class KeyReader<Key extends string> {
  readonly #values: Texts
  readonly #keys: Readonly<Record<Key, ConfigKey>>
  readonly #problems: string[]

  constructor(values: Texts, keys: Readonly<Record<Key, ConfigKey>>, problems: string[]) {
    this.#values = values
    this.#keys = keys
    this.#problems = problems
  }

  number(key: Key): number {
    const rule = this.#keys[key]
    return readValue(rule, key, this.raw(key), this.#problems) ?? readValue(rule, key, rule.fallback, [])!
  }

  flag(key: Key): boolean {
    const rule = this.#keys[key]
    return readFlag(rule, key, this.raw(key), this.#problems) ?? rule.fallback === 'true'
  }

  text(key: Key): string {
    return this.raw(key).trim()
  }

  /** The value as it is written, or the default. */
  raw(key: Key): string {
    return this.#values[key] ?? this.#keys[key].fallback
  }
}
