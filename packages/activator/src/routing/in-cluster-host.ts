/** A revision that a host names. */
export interface NamedRevision {
  readonly namespace: string
  readonly name: string
}

/**
 * The revision in `<revision>.<namespace>.svc.<domain>`, with or without a port, or null. As in Knative: exactly `svc` in the third place,
 * and the rest up to a colon must be the domain.
 */
export function inClusterRevision(host: string, domain: string): NamedRevision | null {
  const first = host.indexOf('.')
  const second = host.indexOf('.', first + 1)
  if (first < 0 || second < 0 || !host.startsWith('svc.', second + 1)) return null
  const rest = second + 1 + 'svc.'.length
  const colon = host.indexOf(':', rest)
  const end = colon < 0 ? host.length : colon
  if (end - rest !== domain.length || !host.startsWith(domain, rest)) return null
  return { name: host.slice(0, first), namespace: host.slice(first + 1, second) }
}
