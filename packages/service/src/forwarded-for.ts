import type { RequestHead } from '@pilotlight/http1'

/**
 * Says in X-Forwarded-For that the request came from `peer`, an IP address: appended to what was there, all lines
 * in one, as Go's reverse proxy does. `isThere` is whether the request has one that goes on.
 */
export function appendForwardedFor(head: RequestHead, isThere: boolean, peer: string): void {
  if (!isThere) return head.add('X-Forwarded-For', peer)
  head.set('X-Forwarded-For', `${forwardedValues(head, 'x-forwarded-for').join(', ')}, ${peer}`)
}

/** The values of a field that goes on; one that Connection names is not ours to pass on. */
export function forwardedValues(head: RequestHead, lowerName: string): string[] {
  const values: string[] = []
  for (let i = head.indexOf(lowerName); i >= 0; i = head.indexOf(lowerName, i + 1))
    if (head.isForwarded(i) && head.value(i) !== '') values.push(head.value(i))
  return values
}
