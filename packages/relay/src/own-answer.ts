import { statusLine } from '@pilotlight/http1'
import { httpDate } from './http-date.ts'

/** Header lines of an answer of our own: plain text, and who says so (RFC 9209). An empty `error` names none. */
export function ownFields(proxyName: string, error: string): string {
  const parameter = error === '' ? '' : `; error=${error}`
  return `Content-Type: text/plain; charset=utf-8\r\nProxy-Status: ${proxyName}${parameter}\r\n`
}

/**
 * A whole HTTP/1.1 answer to what never became an exchange, as latin1 text; it says that the connection ends. `more` are
 * complete header lines, `body` is ASCII.
 */
export function lastAnswer(
  proxyName: string,
  status: number,
  error: string,
  more: string,
  body: string,
): string {
  const fields = `${ownFields(proxyName, error)}Content-Length: ${body.length}\r\nConnection: close\r\n${more}`
  return `${statusLine(status)}${fields}Date: ${httpDate()}\r\n\r\n${body}`
}
