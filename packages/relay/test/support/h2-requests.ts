import http from 'node:http'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { within } from './h2-harness.ts'

/** A response as a client got it. */
export interface Got {
  status: number
  headers: Record<string, unknown>
  raw: readonly string[]
  body: Buffer
  trailers: Record<string, unknown>
  informational: number[]
  /** Whether the message came to a valid end. */
  isWhole: boolean
  code: number
}

export interface Sent {
  body?: string | Buffer
  trailers?: OutgoingHttpHeaders
  /** Called when the stream is there. */
  onStream?: (stream: ClientHttp2Stream) => void
  /** Leaves the request open. */
  isOpen?: boolean
}

/** Sends a request over HTTP/2 and collects the whole response. */
export function h2Request(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  sent: Sent = {},
): Promise<Got> {
  const hasBody = sent.body !== undefined || sent.trailers !== undefined || sent.isOpen === true
  const waitForTrailers = sent.trailers !== undefined
  const stream = session.request(
    { ':authority': 'app.test', ...headers },
    { endStream: !hasBody, waitForTrailers },
  )
  const got = emptyGot()
  const chunks: Buffer[] = []
  stream.on('error', () => {})
  stream.on('headers', (interim) => got.informational.push(Number(interim[':status'])))
  stream.on('response', (response, _flags, raw) => {
    got.status = Number(response[':status'])
    got.headers = response
    got.raw = raw
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  })
  stream.on('trailers', (trailers) => (got.trailers = { ...trailers }))
  stream.on('end', () => (got.isWhole = true))
  stream.on('wantTrailers', () => stream.sendTrailers(sent.trailers!))
  sent.onStream?.(stream)
  if (sent.isOpen === true) {
    if (sent.body !== undefined) stream.write(sent.body)
  } else if (hasBody) stream.end(sent.body)
  const closed = new Promise<Got>((resolve) => {
    stream.on('close', () => {
      got.body = Buffer.concat(chunks)
      got.code = stream.rstCode ?? 0
      got.isWhole &&= got.code === 0
      resolve(got)
    })
  })
  return within(closed, `response to ${String(headers[':path'])}`)
}

/** Sends a request over HTTP/1.1 and collects the whole response. */
export function h1Request(
  port: number,
  path: string,
  options: http.RequestOptions = {},
  sent: { body?: string | Buffer; trailers?: Record<string, string>; expect?: boolean } = {},
): Promise<Got> {
  const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options })
  const got = emptyGot()
  if (sent.trailers !== undefined) {
    request.setHeader('Trailer', Object.keys(sent.trailers).join(', '))
    request.addTrailers(sent.trailers)
  }
  if (sent.expect === true) {
    request.setHeader('Expect', '100-continue')
    request.on('continue', () => request.end(sent.body))
    request.flushHeaders()
  } else request.end(sent.body)
  request.on('information', (information) => got.informational.push(information.statusCode))
  const closed = new Promise<Got>((resolve) => {
    request.on('error', () => resolve(got))
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      got.status = response.statusCode!
      got.headers = response.headers
      got.raw = response.rawHeaders
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => {})
      response.on('close', () => {
        got.body = Buffer.concat(chunks)
        got.trailers = response.trailers
        got.isWhole = response.complete
        resolve(got)
      })
    })
  })
  return within(closed, `response to ${path}`)
}

function emptyGot(): Got {
  return {
    status: 0,
    headers: {},
    raw: [],
    body: Buffer.alloc(0),
    trailers: {},
    informational: [],
    isWhole: false,
    code: 0,
  }
}

/** Every value of a field in a raw list, in order. */
export function valuesOf(raw: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) if (raw[i].toLowerCase() === name) values.push(raw[i + 1])
  return values
}
