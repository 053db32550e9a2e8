import type * as Http2 from 'node:http2'
import type { Socket } from 'node:net'
import type { Attempt } from './attempt.ts'

let loading: Promise<typeof Http2> | null = null

/**
 * Loads `node:http2` the first time: most apps are never asked over it. Called before the app accepts connections, so
 * that loading takes place while the app starts and not in the way of its first request.
 */
export function loadHttp2(): Promise<typeof Http2> {
  return (loading ??= import('node:http2'))
}

/** A client's session over one connection, by prior knowledge. */
export interface ProbeSession {
  readonly session: Http2.ClientHttp2Session
  /** What went wrong with the connection, or empty. */
  readonly problem: () => string
}

/**
 * Speaks HTTP/2 over a connected socket. The session is destroyed with the attempt.
 */
export async function openSession(
  socket: Socket,
  authority: string,
  attempt: Attempt,
): Promise<ProbeSession> {
  const http2 = await loadHttp2()
  let problem = ''
  const options: Http2.ClientSessionOptions & { strictSingleValueFields: boolean } = {
    createConnection: () => socket,
    settings: { enablePush: false },
    // Repeated fields are for the app to judge.
    strictSingleValueFields: false,
  }
  const session = http2.connect(`http://${authority}`, options)
  session.on('error', (error: Error) => (problem = error.message))
  session.once('close', () => attempt.release(session))
  attempt.hold(session)
  return { session, problem: () => problem }
}
