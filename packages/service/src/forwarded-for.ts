import type { RequestHead } from '@pilotlight/http1'

/**
 * Says in X-Forwarded-For that the request came from `peer`, an IP address: appended to what was there, all lines
 * in one, as Go's reverse proxy does. `isThere` is whether the request has one at all; false saves the look.
 */
export function appendForwardedFor(head: RequestHead, isThere: boolean, peer: string): void {
  const before = isThere ? forwardedValues(head, 'x-forwarded-for').join(', ') : ''
  if (before === '') head.add('X-Forwarded-For', peer)
  else head.set('X-Forwarded-For', `${before}, ${peer}`)
}

/** The values of a field that goes on; one that Connection names is not ours to pass on. */
export function forwardedValues(head: RequestHead, lowerName: string): string[] {
  const values: string[] = []
  for (let i = head.indexOf(lowerName); i >= 0; i = head.indexOf(lowerName, i + 1))
    if (head.isForwarded(i) && head.value(i) !== '') values.push(head.value(i))
  return values
}
