/** Why a request may not wait. */
export const HoldRefusal = {
  /** It may. */
  None: 0,
  /** As many requests as may wait for its revision. */
  RevisionFull: 1,
  /** As many of its namespace. */
  NamespaceFull: 2,
  /** As many in this process, and its namespace has its share of them. */
  ProcessFull: 3,
} as const
/** One of {@link HoldRefusal}. */
export type HoldRefusal = (typeof HoldRefusal)[keyof typeof HoldRefusal]

const NAMES = ['none', 'revision-full', 'namespace-full', 'process-full'] as const

/** The name of a refusal for metrics and logs. */
export function refusalName(refusal: HoldRefusal): (typeof NAMES)[number] {
  return NAMES[refusal]
}

/** Whether the caller's own namespace is what has too much: others may still be served. */
export function isOwnLimit(refusal: HoldRefusal): boolean {
  return refusal === HoldRefusal.NamespaceFull
}
