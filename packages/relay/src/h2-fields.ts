import type { Limits, RequestHead, ResponseHead } from '@pilotlight/http1'
import { TrailerSection } from '@pilotlight/http1'
import type { OutgoingHttpHeaders, ServerHttp2Stream, ServerStreamResponseOptions } from 'node:http2'
import { httpDate } from './http-date.ts'

/** What of a head or trailer section is read here. */
type Section = Pick<RequestHead, 'count' | 'isForwarded' | 'name' | 'value' | 'added'>

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

const COLON = 0x3a

/** The pseudo-header fields of a request. */
export interface PseudoFields {
  method: string
  path: string
  authority: string
}

/** Reads the pseudo-header fields out of the raw list of a request, where they stand in front (RFC 9113 section 8.3). */
export function readPseudoFields(raw: readonly string[]): PseudoFields {
  const pseudo = { method: '', path: '', authority: '' }
  for (let i = 0; i < raw.length && raw[i].charCodeAt(0) === COLON; i += 2) {
    if (raw[i] === ':method') pseudo.method = raw[i + 1]
    else if (raw[i] === ':path') pseudo.path = raw[i + 1]
    else if (raw[i] === ':authority') pseudo.authority = raw[i + 1]
  }
  return pseudo
}

/**
 * The header list of a request towards an HTTP/2 endpoint, `[name, value, name, value, …]`: node:http2 takes such a list
 * as it is, where it copies an object twice. An upgrade that HTTP/1.1 asked for is left out, as every proxy may (RFC 9110
 * section 7.8): the endpoint answers an ordinary request. Expect is left out too; the exchange sends 100 itself.
 */
export function requestFields(head: RequestHead, scheme: string, fallbackHost: string): string[] {
  const list = [':method', head.method, ':scheme', scheme, ':path', head.target]
  addSection(list, head)
  const host = indexOfName(list, 'host')
  // Node sends pseudo-header fields first, wherever they stand in the list.
  if (host < 0) list.push(':authority', fallbackHost)
  else list[host] = ':authority'
  if (head.contentLength >= 0) setCanonicalLength(list, head.contentLength)
  if (head.acceptsTrailers) list.push('te', 'trailers')
  return list
}

/** The header list of a response towards an HTTP/2 client. */
export function responseFields(head: ResponseHead): string[] {
  const list = [':status', String(head.status)]
  addSection(list, head)
  if (head.contentLength >= 0) setCanonicalLength(list, head.contentLength)
  if (!head.isInterim && indexOfName(list, 'date') < 0) list.push('date', httpDate())
  return list
}

/** The header list of an answer of our own; `lines` are complete header lines, `length` is that of its body. */
export function replyFields(status: number, lines: string, length: number): string[] {
  const list = [':status', String(status)]
  addLines(list, lines)
  setField(list, 'date', httpDate())
  if (status !== 204) setField(list, 'content-length', String(length))
  return list
}

/** The list of a trailer section; empty when there are no trailers. */
export function trailerFields(trailers: TrailerSection | null): string[] {
  const list: string[] = []
  if (trailers !== null) addSection(list, trailers)
  return list
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
export function sendFields(list: string[], send: (list: string[]) => void): void {
  try {
    send(list)
  } catch (error) {
    if (!isCode(error, 'ERR_HTTP2_HEADER_SINGLE_VALUE')) throw error
    send(joinRepeated(list))
  }
}

/** Whether `respond` takes lists: Node 22.19 does not. */
let respondTakesLists = true

/** Sends the head of a response. Throws when HTTP/2 has no way to say it. */
export function respond(
  stream: ServerHttp2Stream,
  list: string[],
  options: ServerStreamResponseOptions,
): void {
  sendFields(list, (sent) => {
    if (!respondTakesLists) return stream.respond(toObject(sent), options)
    try {
      stream.respond(sent, options)
    } catch (error) {
      if (!isCode(error, 'ERR_INVALID_ARG_TYPE')) throw error
      respondTakesLists = false
      stream.respond(toObject(sent), options)
    }
  })
}

/** A header list as the object that the calls of node:http2 take which take no lists: those for interim heads and trailers. */
export function toObject(list: readonly string[]): OutgoingHttpHeaders {
  // Without a prototype, so that no field name means anything but itself.
  const fields = { __proto__: null } as unknown as OutgoingHttpHeaders
  for (let i = 0; i < list.length; i += 2) {
    const held = fields[list[i]]
    if (held === undefined) fields[list[i]] = list[i + 1]
    else if (Array.isArray(held)) held.push(list[i + 1])
    else fields[list[i]] = [held as string, list[i + 1]]
  }
  return fields
}

/** Only Set-Cookie cannot be joined; it may always be repeated. */
function joinRepeated(list: readonly string[]): string[] {
  const joined: string[] = []
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]
    const at = name === 'set-cookie' ? -1 : indexOfName(joined, name)
    if (at < 0) joined.push(name, list[i + 1])
    else joined[at + 1] += `${name === 'cookie' ? '; ' : ', '}${list[i + 1]}`
  }
  return joined
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code
}

function indexOfName(list: readonly string[], name: string): number {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return i
  return -1
}

function setField(list: string[], name: string, value: string): void {
  const at = indexOfName(list, name)
  if (at < 0) list.push(name, value)
  else list[at + 1] = value
}

/** Leading zeros are no part of a length that is forwarded. */
function setCanonicalLength(list: string[], length: number): void {
  const at = indexOfName(list, 'content-length')
  if (at >= 0) list[at + 1] = String(length)
}

function addSection(list: string[], section: Section): void {
  for (let i = 0; i < section.count; i++) {
    if (section.isForwarded(i)) addField(list, section.name(i), section.value(i))
  }
  addLines(list, section.added)
}

function addLines(list: string[], lines: string): void {
  for (let start = 0; start < lines.length;) {
    const colon = lines.indexOf(':', start)
    const end = lines.indexOf('\r\n', start)
    if (colon < 0 || end < 0) return
    addField(list, lines.slice(start, colon), lines.slice(colon + 1, end).trim())
    start = end + 2
  }
}

function addField(list: string[], name: string, value: string): void {
  const lower = name.toLowerCase()
  if (!CONNECTION_FIELDS.has(lower)) list.push(lower, value)
}
