import {
  ANNOTATION_KEYS,
  type AnnotationKey,
  AUTOSCALING_PREFIX,
  KPA_CLASS,
  PROGRESS_DEADLINE,
} from './annotation-keys.ts'
import type { AutoscalerConfig, Texts } from './autoscaler-config.ts'
import { TARGET_MIN } from './config-keys.ts'
import { RevisionAnnotations } from './revision-annotations.ts'
import { problemOf } from './value-rule.ts'

/** What a revision is scaled by. */
export type ScalingMetric = 'concurrency' | 'rps'
/** How the seconds of a window become one number: each counts the same, or the newer the more. */
export type Aggregation = 'linear' | 'weighted-exponential'

/** What a revision says of its own scaling. */
export interface ScaledRevision {
  /** All of them: those that are about something else are passed over. */
  readonly annotations: Texts
  /** Requests at one pod at a time; 0 is no limit. */
  readonly containerConcurrency: number
}

/** Everything that decides how one revision is scaled. Frozen. Times are ms. */
export interface RevisionScaling {
  /** Who scales it. */
  readonly autoscalerClass: string
  /** Whether its autoscaler is the one of this package. */
  readonly isOurs: boolean
  /** What it is scaled by. */
  readonly metric: ScalingMetric
  /** How its windows are averaged. */
  readonly aggregation: Aggregation
  /** What one pod should have of the metric, at least 0.01. */
  readonly targetValue: number
  /** What one pod can have of it. */
  readonly totalValue: number
  /** Requests that may come at once without queueing at a pod; -1 for any number: the activator stays in the path. */
  readonly targetBurstCapacity: number
  /** Requests one activator can hold, at least 1. */
  readonly activatorCapacity: number
  /** Length of the long window, whole seconds from 6 s to 1 h. */
  readonly stableWindowMs: number
  /** Length of the short window, whole seconds from 1 s to the long one. */
  readonly panicWindowMs: number
  /** How many times what the ready pods can take has to be there for panic. */
  readonly panicThreshold: number
  /** How many times the ready pods there may be after one step, above 1. */
  readonly maxScaleUpRate: number
  /** By how much the ready pods may be divided in one step, above 1. */
  readonly maxScaleDownRate: number
  /** How long a number of pods stays wanted; 0 is none. */
  readonly scaleDownDelayMs: number
  /** The smallest scale above 0; 0 is none. */
  readonly activationScale: number
  /** Pods to start a new revision with. */
  readonly initialScale: number
  /** The scale below which nothing goes, as long as a route leads to the revision. */
  readonly minScale: number
  /** 0 is no bound. When it is below {@link minScale}, that one counts. */
  readonly maxScale: number
  /** Whether the last pod may go. */
  readonly isScaleToZeroEnabled: boolean
  /** How long the activator has to be in the path before the last pod goes. */
  readonly scaleToZeroGraceMs: number
  /** How long the last pod stays after it was wanted. */
  readonly podRetentionMs: number
  /** How long the first pod may take. */
  readonly progressDeadlineMs: number
}

/** Utilization that is aimed at with the metric rps: fixed in Knative, unless the annotation says otherwise. */
const RPS_UTILIZATION = 0.7
const NS_PER_MS = 1e6
const NS_PER_SECOND = 1e9

/**
 * Puts the annotations of a revision over what holds for all. As in Knative an annotation that cannot be read is as
 * good as not set; so is one that is out of range, which Knative would not have let in. `problems` has one sentence
 * for each of them, for those that contradict each other, and for those nobody knows. The scaling is usable whatever
 * they are.
 */
export function readRevisionScaling(
  revision: ScaledRevision,
  config: AutoscalerConfig,
): { scaling: RevisionScaling; problems: readonly string[] } {
  const annotations = new RevisionAnnotations(revision.annotations)
  const number = (key: AnnotationKey): number | undefined => annotations.number(key)
  const autoscalerClass = annotations.text('class') ?? config.autoscalerClass
  const stableWindowMs = number('window') ?? config.stableWindowMs
  const panicPercentage = number('panic-window-percentage') ?? config.panicWindowPercentage
  const metric = readMetric(annotations)
  const scaling: RevisionScaling = {
    autoscalerClass,
    isOurs: autoscalerClass === KPA_CLASS,
    metric,
    aggregation: readAggregation(annotations),
    ...targets(metric, revision.containerConcurrency, annotations, config),
    targetBurstCapacity: number('target-burst-capacity') ?? config.targetBurstCapacity,
    activatorCapacity: config.activatorCapacity,
    stableWindowMs,
    panicWindowMs: panicWindow(stableWindowMs, panicPercentage),
    panicThreshold: (number('panic-threshold-percentage') ?? config.panicThresholdPercentage) / 100,
    maxScaleUpRate: config.maxScaleUpRate,
    maxScaleDownRate: config.maxScaleDownRate,
    scaleDownDelayMs: number('scale-down-delay') ?? config.scaleDownDelayMs,
    activationScale: number('activation-scale') ?? 0,
    initialScale: readInitialScale(annotations, config),
    minScale: number('min-scale') ?? config.minScale,
    maxScale: readMaxScale(annotations, config),
    isScaleToZeroEnabled: config.isScaleToZeroEnabled,
    scaleToZeroGraceMs: config.scaleToZeroGraceMs,
    podRetentionMs: number('scale-to-zero-pod-retention-period') ?? config.podRetentionMs,
    progressDeadlineMs: number(PROGRESS_DEADLINE) ?? config.progressDeadlineMs,
  }
  checkScales(scaling, annotations)
  if (!scaling.isOurs) annotations.problems.push(notOurs(annotations, config))
  return { scaling: Object.freeze(scaling), problems: annotations.problems }
}

function notOurs(annotations: RevisionAnnotations, config: AutoscalerConfig): string {
  const named = annotations.text('class')
  const name = named === undefined ? 'pod-autoscaler-class' : `${AUTOSCALING_PREFIX}class`
  return problemOf(name, named ?? config.autoscalerClass, `${KPA_CLASS} to be scaled here`)
}

function readMetric(annotations: RevisionAnnotations): ScalingMetric {
  const metric = annotations.text('metric') ?? 'concurrency'
  if (metric === 'concurrency' || metric === 'rps') return metric
  annotations.complain('metric', ANNOTATION_KEYS.metric.range)
  return 'concurrency'
}

function readAggregation(annotations: RevisionAnnotations): Aggregation {
  const key = 'metric-aggregation-algorithm'
  const algorithm = annotations.text(key) ?? 'linear'
  if (algorithm === 'weighted-exponential' || algorithm === 'weightedExponential')
    return 'weighted-exponential'
  if (algorithm !== 'linear') annotations.complain(key, ANNOTATION_KEYS[key].range)
  return 'linear'
}

/** A pod is never asked for more concurrency than its containerConcurrency lets in, whatever the annotation says. */
function targets(
  metric: ScalingMetric,
  containerConcurrency: number,
  annotations: RevisionAnnotations,
  config: AutoscalerConfig,
): Pick<RevisionScaling, 'targetValue' | 'totalValue'> {
  const isRate = metric === 'rps'
  const limit = isRate || containerConcurrency === 0 ? Number.POSITIVE_INFINITY : containerConcurrency
  const fallback = isRate ? config.requestRateTarget : config.concurrencyTarget
  const wanted = annotations.number('target') ?? (limit === Number.POSITIVE_INFINITY ? fallback : limit)
  const percentage = annotations.number('target-utilization-percentage')
  const usual = isRate ? RPS_UTILIZATION : config.concurrencyUtilization
  const totalValue = Math.min(wanted, limit)
  const targetValue = Math.max(TARGET_MIN, totalValue * (percentage === undefined ? usual : percentage / 100))
  return { targetValue, totalValue }
}

/** Whole seconds, at least one; counted in whole nanoseconds as in Go, so that half a second rounds the same way. */
function panicWindow(stableWindowMs: number, percentage: number): number {
  const ns = Math.trunc((stableWindowMs * NS_PER_MS * percentage) / 100)
  return Math.max(1, Math.round(ns / NS_PER_SECOND)) * 1000
}

function readInitialScale(annotations: RevisionAnnotations, config: AutoscalerConfig): number {
  const scale = annotations.number('initial-scale')
  if (scale !== 0 || config.allowsZeroInitialScale) return scale ?? config.initialScale
  annotations.complain('initial-scale', 'at least 1: allow-zero-initial-scale is false')
  return config.initialScale
}

function readMaxScale(annotations: RevisionAnnotations, config: AutoscalerConfig): number {
  const scale = annotations.number('max-scale')
  const limit = config.maxScaleLimit
  if (scale === undefined || limit === 0 || (scale >= 1 && scale <= limit)) return scale ?? config.maxScale
  annotations.complain('max-scale', `from 1 to ${limit}, which is max-scale-limit`)
  return config.maxScale
}

/** Scales that contradict each other are used as they are: see {@link RevisionScaling.maxScale}. */
function checkScales(scaling: RevisionScaling, annotations: RevisionAnnotations): void {
  const { minScale, maxScale, activationScale } = scaling
  if (maxScale > 0 && maxScale < minScale) {
    if (annotations.has('max-scale'))
      annotations.complain('max-scale', `at least min-scale, which is ${minScale}`)
    else annotations.complain('min-scale', `at most max-scale, which is ${maxScale}`)
  }
  if (activationScale > 0 && activationScale < minScale)
    annotations.complain('activation-scale', `at least min-scale, which is ${minScale}`)
  if (activationScale > maxScale && maxScale > 0)
    annotations.complain('activation-scale', `at most max-scale, which is ${maxScale}`)
}
