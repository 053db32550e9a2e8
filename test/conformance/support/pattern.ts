/**
 * `expected` with every pattern that holds replaced by what was observed, so that a strict comparison shows what does
 * not. A regular expression holds for a text that it matches, a function for what it says yes to.
 */
export function resolved(expected: unknown, observed: unknown): unknown {
  if (expected instanceof RegExp)
    return typeof observed === 'string' && expected.test(observed) ? observed : String(expected)
  if (typeof expected === 'function') {
    const holds = (expected as (observed: unknown) => boolean)(observed)
    return holds ? observed : `what ${String(expected)} accepts`
  }
  if (Array.isArray(expected))
    return expected.map((one, index) => resolved(one, Array.isArray(observed) ? observed[index] : undefined))
  if (typeof expected === 'object' && expected !== null) {
    const from = (typeof observed === 'object' && observed !== null ? observed : {}) as Record<
      string,
      unknown
    >
    return Object.fromEntries(Object.entries(expected).map(([key, one]) => [key, resolved(one, from[key])]))
  }
  return expected
}
