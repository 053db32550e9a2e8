import type { RevisionScaling } from './revision-scaling.ts'
import { apply, keep, type OrderFacts, type ScaleOrder } from './scale-order.ts'
import { minScaleOf, SCALE_UNKNOWN } from './scale-status.ts'
import { zeroOrder } from './zero-gate.ts'

/** Decides what is to be done about the number of pods, as the reconciler of Knative's PodAutoscaler does. */
export function scaleOrder(scaling: RevisionScaling, facts: OrderFacts): ScaleOrder {
  if (!facts.path.isProvisioned) return keep(SCALE_UNKNOWN, 'not-provisioned')
  if (facts.desiredScale < 0 && facts.status.activity.state !== 'activating')
    return keep(SCALE_UNKNOWN, 'scale-unknown')
  const order = boundedOrder(scaling, facts)
  return order.want === 0 ? zeroOrder(scaling, facts) : order
}

/** The desired scale within its bounds; the lower one wins. */
function boundedOrder(scaling: RevisionScaling, facts: OrderFacts): ScaleOrder {
  const { desiredScale, reachability, status } = facts
  const { initialScale, maxScale } = scaling
  let least = minScaleOf(scaling, reachability)
  // Until it had them once, a revision is not scaled below the pods it is to start with.
  if (initialScale > 1 && !status.isInitialized && reachability !== 'unreachable')
    least = Math.max(least, initialScale)
  if (desiredScale < least) return apply(least, 'min-scale')
  if (maxScale > 0 && desiredScale > maxScale) return apply(maxScale, 'max-scale')
  return apply(desiredScale, 'desired')
}
