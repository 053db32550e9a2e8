import type { Socket } from 'node:net'
import { type Attempt, failure, type ProbeFailure } from './attempt.ts'
import { AWAITING_HEADERS, type GetResponse, readProblem } from './get-response.ts'
import type { ProbeFields } from './probe-fields.ts'
import type { ProbeTarget } from './probe-target.ts'

/** A health endpoint answers in a few hundred bytes; what needs more is not one. */
const HEAD_BYTES_MAX = 64 * 1024
/** Interim responses before the final one; Go's client has the same limit. */
const INTERIM_MAX = 5
/** Of the body, what is read so that an app can finish writing it; kubelet reads 10 KiB. */
const BODY_BYTES_MAX = 64 * 1024

/**
 * Sends one GET with Node's HTTP client and resolves when the head of the response is whole. Then up to {@link BODY_BYTES_MAX} of the body
 * are read and thrown away in what is left of the attempt's time.
 */
export function getOverNodeHttp(
  socket: Socket,
  target: ProbeTarget,
  { host, fields }: ProbeFields,
  attempt: Attempt,
): Promise<GetResponse | ProbeFailure> {
  const headers = ['Host', host === '' ? target.authority : host, 'Connection', 'close']
  for (const { name, value } of fields) headers.push(name, value.trim())
  // No agent: nothing outlives the request.
  const request = process.getBuiltinModule('node:http').request({
    createConnection: () => socket,
    path: target.path,
    headers,
    maxHeaderSize: HEAD_BYTES_MAX,
    setDefaultHeaders: false,
  })
  return new Promise((resolve) => {
    let interims = 0
    const fail = (why: ProbeFailure): void => {
      resolve(attempt.isTimedOut ? AWAITING_HEADERS : why)
      socket.destroy()
    }
    request.on('information', () => {
      if (++interims > INTERIM_MAX) fail(failure('net/http: too many 1xx informational responses'))
    })
    request.once('upgrade', ({ statusCode = 0 }) => {
      resolve({ status: statusCode, location: '' })
      socket.destroy()
    })
    request.once('response', (response) => {
      resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '' })
      let bodyLeft = BODY_BYTES_MAX
      response.on('data', (chunk: Buffer) => {
        bodyLeft -= chunk.length
        if (bodyLeft <= 0) socket.destroy()
      })
      response.on('error', () => {})
      response.once('close', () => socket.destroy())
    })
    request.on('error', (error) => fail(failure(problemOf(error))))
    // An attempt whose time is over destroys the socket, with or without an error of the request.
    socket.once('close', () => fail(failure('EOF')))
    request.end()
  })
}

function problemOf(error: NodeJS.ErrnoException): string {
  // Node says that the server hung up, by this code and text; everything else by other texts.
  if (error.code === 'ECONNRESET' && error.message === 'socket hang up') return 'EOF'
  if (error.code?.startsWith('HPE_') === true)
    return `net/http: HTTP/1.x transport connection broken: malformed HTTP response (${error.message})`
  return readProblem(error)
}
