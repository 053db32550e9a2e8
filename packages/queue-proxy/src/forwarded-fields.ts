import { isToken, type RequestHead } from '@pilotlight/http1'
import { isIPv6 } from 'node:net'
import type { RequestMarks } from './request-marks.ts'

/**
 * Says in X-Forwarded-For that the request came from `peer`, an IP address: appended to what was there, all lines
 * in one, as Go's reverse proxy does.
 */
export function appendForwardedFor(head: RequestHead, marks: RequestMarks, peer: string): void {
  if (!marks.hasForwardedFor) return head.add('X-Forwarded-For', peer)
  head.set('X-Forwarded-For', `${valuesOf(head, 'x-forwarded-for').join(', ')}, ${peer}`)
}

/**
 * Makes Forwarded (RFC 7239) out of X-Forwarded-For, -Host and -Proto when the request has none of its own. It is
 * made before the peer is appended to X-Forwarded-For, as in Knative; unlike Knative's, every line is read and what
 * comes out is valid: nodes and hosts are quoted where they must be, and empty nodes are left out.
 */
export function addForwarded(head: RequestHead, marks: RequestMarks): void {
  if (marks.hasForwarded || (!marks.hasForwardedFor && !marks.hasForwardedOrigin)) return
  const value = forwardedValue(
    valuesOf(head, 'x-forwarded-for').join(','),
    valuesOf(head, 'x-forwarded-host')[0] ?? '',
    valuesOf(head, 'x-forwarded-proto')[0] ?? '',
  )
  if (value !== '') head.set('Forwarded', value)
}

/** The value of Forwarded for these values of the X-Forwarded fields, each of which may be empty. */
export function forwardedValue(forwardedFor: string, host: string, proto: string): string {
  const nodes = forwardedFor.split(',').map((node) => node.trim())
  const elements = nodes.filter((node) => node !== '').map((node) => `for=${nodeValue(node)}`)
  const origin = [host === '' ? '' : `host=${quoted(host)}`, proto === '' ? '' : `proto=${quoted(proto)}`]
  const first = [elements.shift() ?? '', ...origin].filter((pair) => pair !== '').join(';')
  return [first, ...elements].filter((element) => element !== '').join(', ')
}

/** RFC 7239 section 6: an IPv6 address stands in brackets, and in quotes like everything with a colon. */
function nodeValue(node: string): string {
  return isIPv6(node) ? `"[${node}]"` : quoted(node)
}

function quoted(value: string): string {
  return isToken(value) ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

/** The values of a field that goes on to the app; one that Connection names is not ours to pass on. */
function valuesOf(head: RequestHead, lowerName: string): string[] {
  const values: string[] = []
  for (let i = head.indexOf(lowerName); i >= 0; i = head.indexOf(lowerName, i + 1))
    if (head.isForwarded(i) && head.value(i) !== '') values.push(head.value(i))
  return values
}
