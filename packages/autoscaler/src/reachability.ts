/** Whether a route leads to the revision; unknown counts as if one did. */
export type Reachability = 'reachable' | 'unreachable' | 'unknown'

/** What {@link reachabilityOf} follows from. */
export interface RevisionHealth {
  /** Knative's routing state: a route leads to it; none does any more; none does yet. */
  readonly routing: 'active' | 'reserve' | 'pending'
  /** Whether its pods cannot be started, or end as soon as they are. */
  readonly hasFailed: boolean
  /** Pods that are asked for. */
  readonly replicas: number
  readonly readyPods: number
}

/** A revision that cannot run is as good as one no route leads to: no minimum keeps its pods failing. */
export function reachabilityOf({ routing, hasFailed, replicas, readyPods }: RevisionHealth): Reachability {
  if (hasFailed && replicas > 0 && readyPods === 0) return 'unreachable'
  if (routing === 'pending') return 'unknown'
  return routing === 'active' ? 'reachable' : 'unreachable'
}
