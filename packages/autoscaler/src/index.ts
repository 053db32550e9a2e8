/** The arithmetic of Knative's pod autoscaler: windows, stable and panic, scale to zero. */
export {
  ANNOTATION_KEYS,
  type AnnotationKey,
  type AnnotationRow,
  AUTOSCALING_PREFIX,
  KPA_CLASS,
  PROGRESS_DEADLINE,
} from './annotation-keys.ts'
export { type AutoscalerConfig, readAutoscalerConfig, type Texts } from './autoscaler-config.ts'
export {
  AUTOSCALER_KEYS,
  type AutoscalerKey,
  type ConfigKey,
  DEPLOYMENT_KEYS,
  type DeploymentKey,
} from './config-keys.ts'
export { type Advice, type AdviceReasons, type AdviceRule, TICK_MS } from './decider.ts'
export { activatorStat, extrapolate, type LoadStat, sumOf } from './load-stat.ts'
export { type Reachability, reachabilityOf, type RevisionHealth } from './reachability.ts'
export {
  type AdviceState,
  type AutoscalerStart,
  type Decision,
  type PathMode,
  RevisionAutoscaler,
} from './revision-autoscaler.ts'
export {
  type Aggregation,
  readRevisionScaling,
  type RevisionScaling,
  type ScaledRevision,
  type ScalingMetric,
} from './revision-scaling.ts'
export type { ActivatorPath, OrderReason } from './scale-order.ts'
export type { Activity, ActivityState, ScaleStatus } from './scale-status.ts'
export { sampleSize, scrapeOrder, ScrapeRound, type ScrapeState } from './scrape-round.ts'
export type { ValueKind, ValueRule } from './value-rule.ts'
