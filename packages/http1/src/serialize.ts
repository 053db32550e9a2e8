import { Framing } from './framing.ts'
import { reasonPhrase } from './reason-phrase.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

/**
 * The head of a request as it is sent upstream over HTTP/1.1, written from what was parsed.
 *
 * `framing` is how the body will be sent (it differs from the request's own when the body comes from HTTP/2);
 * `fallbackHost` is the Host for an HTTP/1.0 request that had none.
 */
export function requestText(head: RequestHead, framing: Framing, fallbackHost: string): string {
  let text: string
  if (head.lineStart >= 0) text = head.forwardedText(head.lineStart)
  else text = `${head.method} ${head.target} HTTP/1.1\r\n${head.forwardedText(head.fieldsStart)}`
  if (!head.hasHost) text += `Host: ${fallbackHost}\r\n`
  if (framing === Framing.Chunked) text += 'Transfer-Encoding: chunked\r\n'
  else if (framing === Framing.None && head.contentLength < 0 && expectsBody(head.method))
    text += 'Content-Length: 0\r\n'
  if (head.upgrade !== '') text += `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`
  if (head.acceptsTrailers) text += 'TE: trailers\r\n'
  if (head.expectsContinue) text += 'Expect: 100-continue\r\n'
  return text + '\r\n'
}

/** Methods whose requests define a meaning for a body: without one they say so (RFC 9110 section 8.6). */
function expectsBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH'
}

/**
 * The head of a response as it is sent downstream over HTTP/1.1, written from what was parsed.
 *
 * `framing` is how the body will be sent; `connectionLines` are the complete lines that say what becomes of the
 * connection (`Connection: close CRLF`, or empty); `date` is the value for a response that has no Date, empty for none.
 */
export function responseText(
  head: ResponseHead,
  framing: Framing,
  connectionLines: string,
  date: string,
): string {
  let text: string
  if (head.isVerbatimLine) text = head.forwardedText(0)
  else text = `${statusLine(head.status, head.reason)}${head.forwardedText(head.fieldsStart)}`
  if (framing === Framing.Chunked) text += 'Transfer-Encoding: chunked\r\n'
  if (!head.hasDate && date !== '') text += `Date: ${date}\r\n`
  return text + connectionLines + '\r\n'
}

/** `HTTP/1.1 200 OK CRLF`; an empty reason becomes the registered phrase. */
export function statusLine(status: number, reason = ''): string {
  return `HTTP/1.1 ${status} ${reason === '' ? reasonPhrase(status) : reason}\r\n`
}

/** The line before the data of a chunk of `length` bytes; 1 or more, since 0 ends the body. */
export function chunkHeader(length: number): string {
  return `${length.toString(16)}\r\n`
}

/** Ends a chunked body; `trailerLines` are complete lines, or empty. */
export function lastChunk(trailerLines: string): string {
  return `0\r\n${trailerLines}\r\n`
}
