/**
 * The order Knative's activators sort addresses in, for `sort`: code unit by code unit, in no language, so that `10.0.0.10` stands before
 * `10.0.0.9`. For addresses, which are ASCII, Go's order of bytes is the same.
 */
export function compareAddresses(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/**
 * The part of the endpoints that activator `self` of `count` uses, exactly as in Knative, so that a mixed fleet agrees. `sorted` is in the
 * order of {@link compareAddresses}, and so is the part; `self` is less than `count`, or -1 when it is not known.
 *
 *     10 endpoints, 3 activators:   0 1 2 9 │ 3 4 5 │ 6 7 8
 *
 * All of them when `self` is not known, when there is one activator, or one endpoint. With more activators than endpoints some share one,
 * and each believes to have it whole.
 */
export function assignSlice<T>(sorted: readonly T[], self: number, count: number): readonly T[] {
  const { length } = sorted
  if (self < 0 || count <= 1 || length <= 1) return sorted
  if (count > length) return [sorted[self % length]]
  const size = Math.floor(length / count)
  const slice = sorted.slice(self * size, (self + 1) * size)
  // Those that do not divide evenly are the last ones; the first activators have one more each.
  const rest = length % count
  if (self < rest) slice.push(sorted[length - rest + self])
  return slice
}

/**
 * The place of `own` among the distinct `addresses` when they are sorted, and how many those are; null when it is not among them. In
 * Knative that is no news: the place that was known before is kept.
 */
export function indexAmong(
  addresses: readonly string[],
  own: string,
): { index: number; count: number } | null {
  const sorted = [...new Set(addresses)].toSorted(compareAddresses)
  const index = sorted.indexOf(own)
  return index < 0 ? null : { index, count: sorted.length }
}
