import { isIP, isIPv4, isIPv6 } from 'node:net'

/** What {@link isLabel} wants. */
export const LABEL_RULE =
  'a name of lower-case letters, digits and dashes, at most 63 characters, with a letter or digit at both ends'
/** What {@link isRouteHost} wants. */
export const ROUTE_HOST_RULE = 'a host name without a port, or *. and a host name'
/** What {@link isAddress} wants. */
export const ADDRESS_RULE =
  'host:port, with an IP address (IPv6 in brackets) or a host name, and a port from 1 to 65535'
/** What {@link isHost} wants. */
export const HOST_RULE = 'an IP address without brackets and port, or a host name'

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/
const DIGITS = /^\d+$/
const ADDRESS = /^(?:\[([^\]]*)\]|([^:]*)):([1-9]\d{0,4})$/
const HOST_LENGTH_MAX = 253
const PORT_MAX = 65_535

/** Whether a text is a label of a DNS name (RFC 1123), as Kubernetes wants names of namespaces and revisions. */
export function isLabel(text: string): boolean {
  return LABEL.test(text)
}

/** Whether a text is a host name or an IPv4 address; in lower case. What ends in a label of digits is an address or nothing. */
function isHostName(text: string): boolean {
  const labels = text.split('.')
  if (DIGITS.test(labels[labels.length - 1])) return isIPv4(text)
  return text.length <= HOST_LENGTH_MAX && labels.every(isLabel)
}

/** Whether a text in lower case is a host name or an IP address. */
export function isHost(text: string): boolean {
  return isIPv6(text) || isHostName(text)
}

/** Whether a text in lower case names a host of a route. */
export function isRouteHost(text: string): boolean {
  if (!text.startsWith('*.')) return isHostName(text)
  const rest = text.slice(2)
  return isHostName(rest) && isIP(rest) === 0
}

/** Whether a text in lower case is `host:port`. */
export function isAddress(text: string): boolean {
  const match = ADDRESS.exec(text)
  if (match === null || Number(match[3]) > PORT_MAX) return false
  const [, bracketed, host] = match
  return bracketed === undefined ? isHostName(host) : isIPv6(bracketed)
}

/** Whether a text is a URL that can be called over HTTP. */
export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false
  return url.username === '' && url.password === ''
}

/** What {@link isHttpUrl} wants. */
export const URL_RULE = 'a URL with http:// or https://, without a user and a password'
