import { DEFAULT_URGENCY } from '@pilotlight/admission'
import type { Exchange } from '@pilotlight/relay'

/** How the requests of a revision are told apart for fairness. */
export type CallerSource =
  | { readonly kind: 'none' }
  /** By the address of the client: the last one in X-Forwarded-For, which our own peer wrote, or else the peer. */
  | { readonly kind: 'address' }
  /** By the value of a field, its name in lower case. */
  | { readonly kind: 'field'; readonly name: string }

/** Longest name of a caller that is told apart, characters; what is longer counts by its beginning. */
const CALLER_LENGTH_MAX = 128

/** Whose request this is, among those of its revision. Asked for when a request has to wait, not before. */
export function callerOf(exchange: Exchange, source: CallerSource, isTrusted: boolean): string {
  if (source.kind === 'none') return ''
  if (source.kind === 'field') return ownText(exchange.request.get(source.name) ?? '')
  const forwarded = isTrusted ? lastForwarded(exchange) : ''
  return forwarded === '' ? exchange.downstream.peer.address : ownText(forwarded)
}

function lastForwarded({ request }: Exchange): string {
  let index = -1
  for (let i = request.indexOf('x-forwarded-for'); i >= 0; i = request.indexOf('x-forwarded-for', i + 1))
    index = i
  if (index < 0) return ''
  const value = request.value(index)
  return value.slice(value.lastIndexOf(',') + 1).trim()
}

/** A copy that does not keep the whole head alive for as long as somebody waits. */
function ownText(text: string): string {
  return Buffer.from(text.slice(0, CALLER_LENGTH_MAX), 'latin1').toString('latin1')
}

/** The urgency in a Priority field (RFC 9218), 0 for the most urgent to 7; what it cannot be read from has the default. */
export function urgencyOf(priority: string): number {
  if (priority === '') return DEFAULT_URGENCY
  // A dictionary (RFC 9651): of a repeated key the last counts.
  const found = priority.split(',').findLast((member) => /^\s*u=/.test(member))
  const digit = found === undefined ? undefined : /^\s*u=([0-7])\s*(?:;|$)/.exec(found)?.[1]
  return digit === undefined ? DEFAULT_URGENCY : Number(digit)
}
