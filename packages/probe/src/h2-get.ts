import type { Socket } from 'node:net'
import { type Attempt, failure, type ProbeFailure } from './attempt.ts'
import { openSession } from './h2-session.ts'
import { AWAITING_HEADERS, type GetResponse } from './get-response.ts'
import type { ProbeFields } from './probe-fields.ts'
import type { ProbeTarget } from './probe-target.ts'

/** RFC 9113 section 7. */
const CANCEL = 8

/**
 * Sends one GET over HTTP/2 with prior knowledge and resolves with the head of the response. The body is not asked for:
 * the stream is cancelled, which HTTP/2 has for that.
 */
export async function getOverH2(
  socket: Socket,
  target: ProbeTarget,
  request: ProbeFields,
  attempt: Attempt,
): Promise<GetResponse | ProbeFailure> {
  const { session, problem } = await openSession(socket, target.authority, attempt)
  const headers: Record<string, string | string[]> = {
    ':method': 'GET',
    ':scheme': 'http',
    ':authority': request.host === '' ? target.authority : request.host,
    ':path': target.path,
  }
  for (const { name, value } of request.fields) {
    const key = name.toLowerCase()
    headers[key] = key in headers ? [headers[key], value].flat() : value
  }
  return new Promise((resolve) => {
    const ended = (): void => {
      resolve(attempt.isTimedOut ? AWAITING_HEADERS : failure(`http2: ${problem() || 'EOF'}`))
    }
    session.once('close', ended)
    if (session.destroyed) return ended()
    const stream = session.request(headers, { endStream: true })
    stream.on('error', () => {})
    stream.once('response', (response) => {
      resolve({ status: response[':status'] ?? 0, location: response.location ?? '' })
      stream.close(CANCEL)
    })
    stream.once('close', () => {
      if (session.closed || session.destroyed) return
      session.close()
    })
  })
}
