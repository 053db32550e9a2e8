/** Who may run now: concurrency limit, fair waiting lines, balancing, slices, activity and load meters. */
export { Admission, ConcurrencyLimit, type Overflow } from './concurrency-limit.ts'
export { LoadMeter, type LoadReport } from './load-meter.ts'
export { ReleaseRate } from './release-rate.ts'
export { Place, Queued, Waiter, WaitingLine } from './waiting-line.ts'
export { type ActivityFigures, ActivityReporter, RevisionActivity } from './activity.ts'
export { ByteBudget } from './byte-budget.ts'
export { Candidate } from './candidate.ts'
export { DEFAULT_URGENCY, HeldRequest } from './held-request.ts'
export { HoldRefusal, isOwnLimit, refusalName } from './hold-refusal.ts'
export { Holding, type HoldingLimits } from './holding.ts'
export {
  FirstAvailable,
  LeastLoaded,
  type Policy,
  policyFor,
  policyNamed,
  POLICY_NAMES,
  type PolicyName,
  PowerOfTwoChoices,
  RoundRobin,
} from './policy.ts'
export { type LineOptions, RevisionLine } from './revision-line.ts'
export { assignSlice, clusterCapacity, compareAddresses, indexAmong } from './slice.ts'
export { Tenant, type TenantLimits } from './tenant.ts'
