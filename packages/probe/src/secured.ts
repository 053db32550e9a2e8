import type { Socket } from 'node:net'
import type * as Tls from 'node:tls'
import { type Attempt, failure, type ProbeFailure } from './attempt.ts'
import { AWAITING_HEADERS, readProblem } from './get-response.ts'

let loadingTls: Promise<typeof Tls> | null = null

/** Loads `node:tls` the first time: it costs a process 6 MB. Called while the app still starts, as `loadHttp2` is. */
export function loadTls(): Promise<typeof Tls> {
  return (loadingTls ??= import('node:tls'))
}

/**
 * TLS over a connected socket. As kubelet does it, the certificate is not looked at: it is the app next door, and its
 * certificate is made for the names its clients use.
 */
export async function secured(plain: Socket, host: string, attempt: Attempt): Promise<Socket | ProbeFailure> {
  const tls = await loadTls()
  return new Promise((resolve) => {
    const isName = !/^[\d.]+$|:/.test(host)
    const socket = tls.connect({
      socket: plain,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...(isName ? { servername: host } : {}),
    })
    let problem: NodeJS.ErrnoException | null = null
    socket.on('error', (error) => (problem = error))
    socket.once('secureConnect', () => resolve(socket))
    socket.once('close', () => {
      attempt.release(socket)
      if (attempt.isTimedOut) return resolve(AWAITING_HEADERS)
      resolve(failure(problem === null ? 'EOF' : handshakeProblem(problem)))
    })
    attempt.hold(socket)
  })
}

/** What OpenSSL says when the answer to its greeting is text. */
const NOT_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'])

function handshakeProblem(error: NodeJS.ErrnoException): string {
  if (NOT_TLS.has(error.code ?? '')) return 'http: server gave HTTP response to HTTPS client'
  return error.code === 'ECONNRESET' ? readProblem(error) : `tls: ${error.message}`
}
