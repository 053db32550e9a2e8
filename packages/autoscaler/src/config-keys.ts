import type { ValueKind, ValueRule } from './value-rule.ts'

/** One key of a ConfigMap. */
export interface ConfigKey extends ValueRule {
  /** The default, as it would be written. */
  readonly fallback: string
}

/** Keys of Knative's ConfigMap config-autoscaler. */
export type AutoscalerKey =
  | 'container-concurrency-target-percentage'
  | 'container-concurrency-target-default'
  | 'requests-per-second-target-default'
  | 'target-burst-capacity'
  | 'stable-window'
  | 'panic-window-percentage'
  | 'panic-threshold-percentage'
  | 'max-scale-up-rate'
  | 'max-scale-down-rate'
  | 'enable-scale-to-zero'
  | 'scale-to-zero-grace-period'
  | 'scale-to-zero-pod-retention-period'
  | 'scale-down-delay'
  | 'activator-capacity'
  | 'initial-scale'
  | 'allow-zero-initial-scale'
  | 'min-scale'
  | 'max-scale'
  | 'max-scale-limit'
  | 'pod-autoscaler-class'

/** Keys of Knative's ConfigMap config-deployment that matter for scaling. */
export type DeploymentKey = 'progress-deadline'

/** The least target there is, in requests or requests per second for one pod. */
export const TARGET_MIN = 0.01
/** The shortest stable window, ms: a decision is made every 2 s, and a few of them should see the same request. */
export const WINDOW_MIN_MS = 6000
/** The longest stable window, ms; also of a delay or a retention in an annotation. */
export const WINDOW_MAX_MS = 3_600_000

/** Whether ms are whole seconds. */
export const isWholeSeconds = (ms: number): boolean => ms % 1000 === 0
/** Whether ms are a stable window Knative takes. */
export const isWindow = (ms: number): boolean =>
  ms >= WINDOW_MIN_MS && ms <= WINDOW_MAX_MS && isWholeSeconds(ms)
/** Whether a number is a burst capacity: some requests, or -1 for any number of them. */
export const isBurstCapacity = (value: number): boolean => value >= 0 || value === -1

/** Every key of config-autoscaler with its default and what Knative takes for it. */
export const AUTOSCALER_KEYS: Readonly<Record<AutoscalerKey, ConfigKey>> = {
  'container-concurrency-target-percentage': key(
    'number',
    '70',
    'above 0 and at most 100; up to 1 it is a fraction',
    (value) => value > 0 && value <= 100,
  ),
  'container-concurrency-target-default': key('number', '100', 'a number', () => true),
  'requests-per-second-target-default': key('number', '200', 'at least 0.01', (value) => value >= TARGET_MIN),
  'target-burst-capacity': key('number', '211', 'at least 0, or -1 for no bound', isBurstCapacity),
  'stable-window': key('duration', '60s', 'a duration of whole seconds from 6s to 1h', isWindow),
  'panic-window-percentage': key('number', '10', 'from 1 to 100', (value) => value >= 1 && value <= 100),
  'panic-threshold-percentage': key('number', '200', 'above 0', (value) => value > 0),
  'max-scale-up-rate': key('number', '1000', 'above 1', (value) => value > 1),
  'max-scale-down-rate': key('number', '2', 'above 1', (value) => value > 1),
  'enable-scale-to-zero': key('flag', 'true', 'true or false'),
  'scale-to-zero-grace-period': key('duration', '30s', 'a duration above 0s', (ms) => ms > 0),
  'scale-to-zero-pod-retention-period': key('duration', '0s', 'a duration of at least 0s', (ms) => ms >= 0),
  'scale-down-delay': key(
    'duration',
    '0s',
    'a duration of whole seconds, at least 0s',
    (ms) => ms >= 0 && isWholeSeconds(ms),
  ),
  'activator-capacity': key('number', '100', 'at least 1', (value) => value >= 1),
  'initial-scale': key(
    'count',
    '1',
    'a whole number of at least 1, or 0 when allow-zero-initial-scale is true',
    (value) => value >= 0,
  ),
  'allow-zero-initial-scale': key('flag', 'false', 'true or false'),
  'min-scale': key('count', '0', 'a whole number of at least 0, at most max-scale', (value) => value >= 0),
  'max-scale': key(
    'count',
    '0',
    'a whole number of at least 0, which is no bound; from 1 to max-scale-limit when there is one',
    (value) => value >= 0,
  ),
  'max-scale-limit': key(
    'count',
    '0',
    'a whole number of at least 0, which is no limit',
    (value) => value >= 0,
  ),
  'pod-autoscaler-class': key('text', 'kpa.autoscaling.knative.dev', 'the name of an autoscaler'),
}

/** Every key of config-deployment that matters for scaling. */
export const DEPLOYMENT_KEYS: Readonly<Record<DeploymentKey, ConfigKey>> = {
  'progress-deadline': key(
    'duration',
    '600s',
    'a duration of whole seconds above 0s',
    (ms) => ms > 0 && isWholeSeconds(ms),
  ),
}

function key(
  kind: ValueKind,
  fallback: string,
  range: string,
  isValid: (value: number) => boolean = () => true,
): ConfigKey {
  return { kind, fallback, range, isValid }
}
