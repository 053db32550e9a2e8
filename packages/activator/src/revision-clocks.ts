import type { RevisionSpec } from '@pilotlight/platform'
import type { Clocks } from '@pilotlight/relay'

/**
 * The clocks of a revision's requests. Knative's response-start clock includes the time in the queue; as soon as the queue has a clock of its
 * own, it does not. `queueMs` is for a revision that does not say how long a request may wait; 0 is no clock.
 */
export function clocksOf({ timeouts }: RevisionSpec, queueMs: number): Clocks {
  const queue = timeouts.queueMs > 0 ? timeouts.queueMs : queueMs
  return {
    queueMs: queue,
    responseStartMs: timeouts.responseStartMs,
    responseStartIncludesQueue: queue === 0,
    idleMs: timeouts.idleMs,
    totalMs: timeouts.totalMs,
    tunnelMs: timeouts.tunnelMs,
  }
}
