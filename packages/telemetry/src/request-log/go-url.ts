import { Strings } from './go-values.ts'

/** The parts of a request-target as Go's `url.ParseRequestURI` finds them; strings are bytes (latin1). */
export interface GoUrl {
  readonly scheme: string
  readonly host: string
  /** Decoded. */
  readonly path: string
  /** As sent. */
  readonly sentPath: string
  readonly rawQuery: string
  /** A `?` with nothing behind it. */
  readonly forcesQuery: boolean
  /** The whole as Go prints it. */
  readonly text: string
}

const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?]*)/
/** Bytes that stand in a path as they are (RFC 3986 pchar, and the brackets that Go leaves alone). */
const PATH_AS_SENT = /^[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]*$/
const ESCAPED_BYTE = /%([0-9a-fA-F]{2})/g
const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/

/**
 * Parses the target of a request. Nothing is an error: a target that Go's server would have refused has no path but
 * the one that was sent.
 */
export function parseTarget(target: string, method: string): GoUrl {
  if (method === 'CONNECT' && !target.startsWith('/')) return authority(target)
  const absolute = SCHEME.exec(target)
  const scheme = absolute === null ? '' : absolute[1].toLowerCase()
  // Credentials in a URL never reach a log; Go's server keeps them in URL.User.
  const host = absolute === null ? '' : absolute[2].slice(absolute[2].lastIndexOf('@') + 1)
  const rest = absolute === null ? target : target.slice(absolute[0].length)
  const question = rest.indexOf('?')
  const sentPath = question < 0 ? rest : rest.slice(0, question)
  const rawQuery = question < 0 ? '' : rest.slice(question + 1)
  const forcesQuery = question >= 0 && rawQuery === ''
  const path = BAD_ESCAPE.test(sentPath) ? sentPath : decoded(sentPath)
  const front = scheme === '' ? '' : `${scheme}://${host}`
  const shown = PATH_AS_SENT.test(sentPath) ? sentPath : escapedPath(path)
  const query = question < 0 ? '' : `?${rawQuery}`
  return { scheme, host, path, sentPath, rawQuery, forcesQuery, text: `${front}${shown}${query}` }
}

/** The path as Go's `EscapedPath` gives it. */
export function shownPath(url: GoUrl): string {
  return PATH_AS_SENT.test(url.sentPath) ? url.sentPath : escapedPath(url.path)
}

/** The parameters of a query, as Go's `url.ParseQuery` reads them: what does not parse is left out. */
export function parseQuery(rawQuery: string): Map<string, Strings> {
  const found = new Map<string, string[]>()
  for (const pair of rawQuery.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const equals = pair.indexOf('=')
    const key = queryPart(equals < 0 ? pair : pair.slice(0, equals))
    const value = queryPart(equals < 0 ? '' : pair.slice(equals + 1))
    if (key === null || value === null) continue
    const values = found.get(key)
    if (values === undefined) found.set(key, [value])
    else values.push(value)
  }
  return new Map([...found].map(([key, values]) => [key, new Strings(values)]))
}

function queryPart(text: string): string | null {
  return BAD_ESCAPE.test(text) ? null : decoded(text.replaceAll('+', ' '))
}

function authority(target: string): GoUrl {
  return {
    scheme: '',
    host: target,
    path: '',
    sentPath: '',
    rawQuery: '',
    forcesQuery: false,
    text: `//${target}`,
  }
}

function decoded(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(ESCAPED_BYTE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** A decoded path, percent-encoded as Go does it by default. */
export function escapedPath(path: string): string {
  return path.replace(
    /[^A-Za-z0-9\-_.~$&+,/:;=@]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
