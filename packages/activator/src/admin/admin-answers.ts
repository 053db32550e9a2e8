import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { PageFile } from './page-files.ts'

/** What every answer says: nobody else's page may show it, read it, or have it run anything. */
const GUARDS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** Says that something is as it is now and at no other time. */
export const NOT_STORED: Readonly<Record<string, string>> = { 'Cache-Control': 'no-store' }

/** Puts what every answer says on one. */
export function guard(response: ServerResponse): void {
  for (const [name, value] of Object.entries(GUARDS)) response.setHeader(name, value)
}

/** Answers with a value. */
export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: OutgoingHttpHeaders = {},
): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`)
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...NOT_STORED,
    ...headers,
  })
  response.end(body)
}

/** Answers why there is nothing else: `{"message":"…"}`. */
export function sendProblem(
  response: ServerResponse,
  status: number,
  message: string,
  headers: OutgoingHttpHeaders = {},
): void {
  sendJson(response, { message }, status, headers)
}

/** Answers with a file of the page, or that the client has it already. */
export function sendFile(request: IncomingMessage, response: ServerResponse, file: PageFile): void {
  const headers = { ETag: file.etag, 'Cache-Control': 'no-cache' }
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
  if (known.includes(file.etag)) {
    response.writeHead(304, headers).end()
    return
  }
  response.writeHead(200, { ...headers, 'Content-Type': file.type, 'Content-Length': file.content.length })
  response.end(file.content)
}
