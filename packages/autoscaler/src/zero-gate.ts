import type { RevisionScaling } from './revision-scaling.ts'
import { apply, keep, type OrderFacts, type ScaleOrder } from './scale-order.ts'
import { SCALE_UNKNOWN } from './scale-status.ts'

/** How long after its deadline a first pod is given up, ms: whoever reports why it failed comes first. */
const ACTIVATION_BUFFER_MS = 30_000
/** When to look again after the activator was asked for while it is in the path already, ms. */
const PROXIED_RECHECK_MS = 3000
/** When to look again after the activator did not answer, ms. */
const PROBE_RECHECK_MS = 1000

/**
 * Nothing is wanted: may the last pod go? Only step by step, so that no request comes to an address where nobody is:
 *
 *     active ── for a stable window ──► inactive, the activator comes into the path
 *            ── it answers there, and has for the grace period; the retention is over ──► no pod
 *
 * A first pod that never came goes after its deadline.
 */
export function zeroOrder(scaling: RevisionScaling, facts: OrderFacts): ScaleOrder {
  if (!scaling.isScaleToZeroEnabled) return apply(1, 'scale-to-zero-disabled')
  const { activity } = facts.status
  const elapsed = facts.now - activity.since
  switch (activity.state) {
    case 'activating': {
      const patience = scaling.progressDeadlineMs + ACTIVATION_BUFFER_MS
      if (elapsed > patience) return apply(0, 'activation-timed-out')
      return keep(SCALE_UNKNOWN, 'activating', patience)
    }
    case 'active': {
      const rest = scaling.stableWindowMs - elapsed
      if (rest > 0) return apply(1, 'recently-active', rest)
      return keep(0, 'deactivating', facts.path.isProxied ? PROXIED_RECHECK_MS : null)
    }
    case 'inactive':
      return inactiveOrder(scaling, facts, elapsed)
    default:
      return activity.state satisfies never
  }
}

function inactiveOrder(scaling: RevisionScaling, facts: OrderFacts, elapsed: number): ScaleOrder {
  const { path, now } = facts
  // With -1 the activator is always in the path.
  if (scaling.targetBurstCapacity !== -1 && path.isActivatorAnswering !== true)
    return { ...keep(0, 'activator-not-in-path', PROBE_RECHECK_MS), wantsProbe: true }
  const grace = scaling.scaleToZeroGraceMs
  const retention = facts.reachability === 'unreachable' ? 0 : scaling.podRetentionMs
  if (elapsed >= Math.max(grace, retention)) return apply(0, 'idle')
  if (elapsed < retention) return keep(0, 'pod-retention', retention - elapsed)
  const rest = grace - (path.proxiedSince === null ? 0 : now - path.proxiedSince)
  return rest <= 0 ? apply(0, 'idle') : keep(0, 'grace-period', rest)
}
