import { failure, type ProbeFailure } from './attempt.ts'
import type { HttpGetAction } from './probe-action.ts'

/** Where a probe's GET goes. */
export interface ProbeTarget {
  readonly isTls: boolean
  readonly host: string
  /** A number in digits, or a name that nothing can be dialled by. */
  readonly port: string
  /** `host:port`, with brackets around an IPv6 address. */
  readonly authority: string
  /** Path and query as they are sent. */
  readonly path: string
  /** The whole URL, as messages show it. */
  readonly url: string
}

/** The target of a probe. A `path` that cannot be sent is a failure, in Go's words. */
export function targetOf(action: HttpGetAction): ProbeTarget | ProbeFailure {
  const { host, port } = action
  const rest = action.path.startsWith('/') ? action.path.slice(1) : action.path
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const asWritten = `${action.scheme}://${authority}/${rest}`
  const refuse = (why: string): ProbeFailure =>
    failure(`error constructing probe url parse ${JSON.stringify(asWritten)}: ${why}`)

  // eslint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(asWritten)) return refuse('net/url: invalid control character in URL')
  const [sent] = rest.split('#', 1)
  const badEscape = /%(?![\da-f]{2}).{0,2}/i.exec(sent.split('?', 1)[0])
  if (badEscape !== null) return refuse(`invalid URL escape ${JSON.stringify(badEscape[0])}`)
  if (!/^\d*$/.test(port)) return refuse(`invalid port ${JSON.stringify(`:${port}`)} after host`)
  const scheme = action.scheme.toLowerCase()
  const path = `/${escaped(sent)}`
  const url = `${scheme}://${authority}${path}`
  if (scheme !== 'http' && scheme !== 'https')
    return failure(`Get ${JSON.stringify(url)}: unsupported protocol scheme ${JSON.stringify(scheme)}`)
  return { isTls: scheme === 'https', host, port, authority, path, url }
}

/** Percent-encodes what may not stand in a request-target, and nothing else: what is encoded already stays as it is. */
function escaped(text: string): string {
  return text.replace(/[^!#-;=?-[\]_a-z~]+/g, encodeURIComponent)
}

/** What a redirect means: follow it, or take the redirect itself for the answer, or neither is possible. */
export type Redirect =
  | { readonly to: ProbeTarget; readonly isFollowed: true }
  | { readonly url: string; readonly isFollowed: false }
  | ProbeFailure

/** Where `location` leads from `from`. As kubelet does, only the host a probe began with is followed. */
export function redirectOf(from: ProbeTarget, location: string, firstHost: string): Redirect {
  let to: URL
  try {
    to = new URL(location, from.url)
  } catch {
    return failure(`Get "${from.url}": failed to parse Location header ${JSON.stringify(location)}`)
  }
  const host = to.hostname.replace(/^\[|\]$/g, '')
  if (host !== firstHost.toLowerCase()) return { url: to.href, isFollowed: false }
  const isTls = to.protocol === 'https:'
  if (!isTls && to.protocol !== 'http:') {
    const scheme = JSON.stringify(to.protocol.slice(0, -1))
    return failure(`Get ${JSON.stringify(to.href)}: unsupported protocol scheme ${scheme}`)
  }
  const port = to.port === '' ? (isTls ? '443' : '80') : to.port
  const target = { isTls, host, port, authority: to.host, path: `${to.pathname}${to.search}`, url: to.href }
  return { to: target, isFollowed: true }
}
