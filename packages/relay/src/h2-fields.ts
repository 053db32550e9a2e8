import type { Limits, RequestHead, ResponseHead } from '@pilotlight/http1'
import { TrailerSection } from '@pilotlight/http1'
import type { OutgoingHttpHeaders } from 'node:http2'
import { httpDate } from './http-date.ts'

/** What of a head or trailer section is read here. */
type Section = Pick<RequestHead, 'pairs'>

/** Fields that HTTP/2 does not know (RFC 9113 section 8.2.2); TE has one value left, which is ours to set. */
const CONNECTION_FIELDS = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** The pseudo-header fields of a request, and its raw fields with those still in front. */
export interface RawRequest {
  method: string
  path: string
  authority: string
  fields: readonly string[]
}

/**
 * Takes the raw list of a request apart. HTTP/2 may split Cookie for better compression; the parts are joined, since
 * everywhere else more than one is an error (RFC 9113 section 8.2.3).
 */
export function readRawRequest(raw: readonly string[]): RawRequest {
  const request = { method: '', path: '', authority: '', fields: raw }
  let cookies = 0
  for (let i = 0; i + 1 < raw.length; i += 2) {
    switch (raw[i]) {
      case ':method':
        request.method = raw[i + 1]!
        break
      case ':path':
        request.path = raw[i + 1]!
        break
      case ':authority':
        request.authority = raw[i + 1]!
        break
      case 'cookie':
        cookies++
        break
      default:
    }
  }
  if (cookies > 1) request.fields = withOneCookie(raw)
  return request
}

function withOneCookie(raw: readonly string[]): string[] {
  const fields: string[] = []
  let cookieAt = -1
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i] !== 'cookie') fields.push(raw[i], raw[i + 1])
    else if (cookieAt >= 0) fields[cookieAt] += `; ${raw[i + 1]}`
    else cookieAt = fields.push(raw[i], raw[i + 1]) - 1
  }
  return fields
}

/**
 * The header list of a request towards an HTTP/2 endpoint. An upgrade that HTTP/1.1 asked for is left out, as every
 * proxy may (RFC 9110 section 7.8): the endpoint answers an ordinary request. Expect is left out too; the exchange sends
 * 100 itself.
 */
export function requestFields(head: RequestHead, scheme: string, fallbackHost: string): OutgoingHttpHeaders {
  const fields = emptyFields()
  fields[':method'] = head.method
  fields[':scheme'] = scheme
  fields[':path'] = head.target
  fields[':authority'] = ''
  addSection(fields, head)
  const host = fields['host']
  delete fields['host']
  fields[':authority'] = typeof host === 'string' ? host : fallbackHost
  if (fields['content-length'] !== undefined) fields['content-length'] = String(head.contentLength)
  if (head.acceptsTrailers) fields['te'] = 'trailers'
  return fields
}

/** The header list of a response towards an HTTP/2 client. */
export function responseFields(head: ResponseHead): OutgoingHttpHeaders {
  const fields = emptyFields()
  fields[':status'] = head.status
  addSection(fields, head)
  if (fields['content-length'] !== undefined) fields['content-length'] = String(head.contentLength)
  if (!head.isInterim && fields['date'] === undefined) fields['date'] = httpDate()
  return fields
}

/** The header list of an answer of our own; `lines` are complete header lines. */
export function replyFields(status: number, lines: string): OutgoingHttpHeaders {
  const fields = emptyFields()
  fields[':status'] = status
  addLines(fields, lines)
  fields['date'] = httpDate()
  return fields
}

/** The list of a trailer section; empty when there are no trailers. */
export function trailerFields(trailers: TrailerSection | null): OutgoingHttpHeaders {
  const fields = emptyFields()
  if (trailers !== null) addSection(fields, trailers)
  return fields
}

/** The status in the raw list of a response, or NaN or 0 when there is none to be used. */
export function statusOf(raw: readonly string[]): number {
  return raw[0] === ':status' ? Number(raw[1]) : 0
}

/** Builds a trailer section from a raw list. Answers a refusal when it breaks a rule. */
export function readTrailers(raw: readonly string[], limits: Readonly<Limits>): TrailerSection | number {
  const trailers = new TrailerSection(limits)
  const refusal = trailers.build(raw)
  return refusal < 0 ? refusal : trailers
}

/**
 * Sends a header list by `send`, which is called again when Node refuses to repeat a field that is no list, as Node 22
 * always does: the values are joined then, which means the same (RFC 9110 section 5.2). Throws what `send` throws when
 * HTTP/2 has no way to say it.
 */
export function sendFields(fields: OutgoingHttpHeaders, send: (fields: OutgoingHttpHeaders) => void): void {
  try {
    send(fields)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_HTTP2_HEADER_SINGLE_VALUE') throw error
    send(joinRepeated(fields))
  }
}

/** Only Set-Cookie cannot be joined; it may always be repeated. */
function joinRepeated(fields: OutgoingHttpHeaders): OutgoingHttpHeaders {
  for (const [name, value] of Object.entries(fields)) {
    if (Array.isArray(value) && name !== 'set-cookie')
      fields[name] = value.join(name === 'cookie' ? '; ' : ', ')
  }
  return fields
}

/** Without a prototype, so that no field name means anything but itself. */
function emptyFields(): OutgoingHttpHeaders {
  return { __proto__: null } as unknown as OutgoingHttpHeaders
}

function addSection(fields: OutgoingHttpHeaders, section: Section): void {
  for (const [name, value] of section.pairs()) addField(fields, name, value)
}

function addLines(fields: OutgoingHttpHeaders, lines: string): void {
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) addField(fields, line.slice(0, colon), line.slice(colon + 1).trim())
  }
}

function addField(fields: OutgoingHttpHeaders, name: string, value: string): void {
  const lower = name.toLowerCase()
  if (CONNECTION_FIELDS.has(lower)) return
  const held = fields[lower]
  if (held === undefined) fields[lower] = value
  else if (Array.isArray(held)) held.push(value)
  else fields[lower] = [held as string, value]
}
