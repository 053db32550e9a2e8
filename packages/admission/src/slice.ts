/** The order Knative's activators sort addresses in: by code units, so that `10.0.0.10` stands before `10.0.0.9`. */
export function compareAddresses(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/**
 * The part of the endpoints that activator `self` of `count` uses, exactly as Knative's do, so that a mixed fleet agrees. `sorted` is in the
 * order of {@link compareAddresses}. All of them when `self` is -1 (not known), when there is one activator, or one endpoint. With more
 * activators than endpoints some share one, and each believes to have it whole.
 */
export function assignSlice<T>(sorted: readonly T[], self: number, count: number): readonly T[] {
  const { length } = sorted
  if (self < 0 || count <= 1 || length <= 1) return sorted
  if (count > length) return [sorted[self % length]]
  const size = Math.floor(length / count)
  const slice = sorted.slice(self * size, (self + 1) * size)
  const rest = length % count
  // Those that do not divide evenly are the last ones; the first activators have one more each.
  return self < rest ? [...slice, sorted[length - rest + self]] : slice
}

/** The place of `own` among the distinct `addresses`, and how many those are; null when it is not among them. */
export function indexAmong(
  addresses: readonly string[],
  own: string,
): { index: number; count: number } | null {
  const sorted = [...new Set(addresses)].toSorted(compareAddresses)
  const index = sorted.indexOf(own)
  return index < 0 ? null : { index, count: sorted.length }
}
