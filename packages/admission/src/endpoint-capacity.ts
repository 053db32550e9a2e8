/** The most slots Knative counts: its breaker has 32 bits. More are as good as no limit. */
const SLOTS_MAX = 2 ** 31 - 1

/**
 * Slots one activator has at an endpoint, after the rule by which Knative's activators size a revision (`containerConcurrency` 0 is no
 * limit and gives Infinity):
 *
 * - One instance has `containerConcurrency` of them, however many activators there are: it is in the slice of one of them. Only when there
 *   are more activators than instances do several use the same one, each as if it had it alone; the sidecar then queues what is too much.
 *   What a revision can take is the sum over its slice.
 * - An address in front of `instances` of them has the slots of all of them, divided by the `activators`, as every activator uses it:
 *   at least one for each, and none without an instance, whatever the concurrency.
 *
 * All are whole numbers from 0; 0 `activators` means that their number is not known, and counts as one.
 */
export function endpointCapacity(containerConcurrency: number, instances = 1, activators = 1): number {
  if (instances === 0) return 0
  if (containerConcurrency === 0) return Infinity
  const share = Math.floor((containerConcurrency * instances) / Math.max(1, activators))
  return Math.min(Math.max(1, share), SLOTS_MAX)
}
