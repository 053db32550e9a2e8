import { isToken, type RequestHead } from '@pilotlight/http1'
import { forwardedValues } from '@pilotlight/service'
import { isIPv6 } from 'node:net'
import type { RequestMarks } from './request-marks.ts'

/**
 * Makes Forwarded (RFC 7239) out of X-Forwarded-For, -Host and -Proto when the request has none of its own. It is
 * made before the peer is appended to X-Forwarded-For, as in Knative; unlike Knative's, every line is read and what
 * comes out is valid: nodes and hosts are quoted where they must be, and empty nodes are left out.
 */
export function addForwarded(head: RequestHead, marks: RequestMarks): void {
  if (marks.hasForwarded || (!marks.hasForwardedFor && !marks.hasForwardedOrigin)) return
  const value = forwardedValue(
    forwardedValues(head, 'x-forwarded-for').join(','),
    forwardedValues(head, 'x-forwarded-host')[0] ?? '',
    forwardedValues(head, 'x-forwarded-proto')[0] ?? '',
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
  // The colon first: the pattern behind isIPv6 takes 5 ms to compile, once, and the request that starts an instance would wait for it.
  return node.includes(':') && isIPv6(node) ? `"[${node}]"` : quoted(node)
}

function quoted(value: string): string {
  return isToken(value) ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
