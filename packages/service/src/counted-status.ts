import type { Outcome } from '@pilotlight/relay'

/** Every outcome, as labels have it. */
export const OUTCOMES: readonly Outcome[] = ['ok', 'client-gone', 'refused', 'timeout', 'upstream-failed']

/** What a request counts as whose client left before it was over. nginx made the number known; it is never sent. */
export const CLIENT_GONE = 499
/** What counts when a response was cut after its head: whatever its head said, it did not succeed. */
const CUT = 500
const SWITCHING_PROTOCOLS = 101

/**
 * The status that metrics, traces and logs have for a request: the one that was sent, or what became of it. A client
 * that left is no failure of ours (Knative counts 200 or 500); a response that was cut counts as 500 (as in Knative).
 * The end of an upgraded connection says nothing about the request. `sent` is 0 when nothing was.
 */
export function countedStatus(sent: number, outcome: Outcome): number {
  const counted = countedOutcome(sent, outcome)
  if (counted === 'ok') return sent
  if (counted === 'client-gone') return CLIENT_GONE
  // Our own answers are 4xx and 5xx to what was refused, and 502 to 504 to the rest: anything lower was cut.
  const lowestAnswer = counted === 'refused' ? 400 : 500
  return sent < lowestAnswer ? CUT : sent
}

/** How a request ended for metrics and traces: an upgrade was well once it was made, however the connection ends. */
export function countedOutcome(sent: number, outcome: Outcome): Outcome {
  return sent === SWITCHING_PROTOCOLS ? 'ok' : outcome
}
