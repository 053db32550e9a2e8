import type { Socket } from 'node:net'
import { type Attempt, failure, type ProbeFailure } from './attempt.ts'
import type { ProbeFields } from './probe-fields.ts'
import type { ProbeTarget } from './probe-target.ts'

/** The part of a response that decides. */
export interface GetResponse {
  readonly status: number
  /** Value of Location, or empty. */
  readonly location: string
}

/**
 * Sends one GET over a fresh connection and resolves when the head of the response is whole. What it does with the socket ends with
 * `attempt`, by which the socket is held.
 */
export type GetOverHttp1 = (
  socket: Socket,
  target: ProbeTarget,
  request: ProbeFields,
  attempt: Attempt,
) => Promise<GetResponse | ProbeFailure>

/** What Go says when the time of a whole request is over. */
export const AWAITING_HEADERS: ProbeFailure = failure(
  'context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
)

/** Go's words for a connection that broke. */
export function readProblem(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNRESET') return 'read: connection reset by peer'
  return error.code === 'EPIPE' ? 'write: broken pipe' : error.message
}
