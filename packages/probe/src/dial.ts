import { Socket } from 'node:net'
import { type Attempt, failure, type ProbeFailure } from './attempt.ts'

/** Go's words for what the system says. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'connect: connection reset by peer',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
}

const PORT_MAX = 65535

/**
 * Connects to an address of the app. `name` is the address as messages show it, `port` a number in digits. The socket has
 * a listener for errors, and is destroyed with the attempt until it is released.
 */
export function dial(
  host: string,
  port: string,
  name: string,
  attempt: Attempt,
): Promise<Socket | ProbeFailure> {
  if (!/^\d+$/.test(port)) return Promise.resolve(failure(`dial tcp: lookup tcp/${port}: unknown port`))
  if (Number(port) > PORT_MAX) return Promise.resolve(failure(`dial tcp: address ${port}: invalid port`))
  return new Promise((resolve) => {
    const socket = new Socket()
    let problem: NodeJS.ErrnoException | null = null
    socket.once('connect', () => {
      if (!isSelfConnected(socket)) {
        attempt.onConnected()
        return resolve(socket)
      }
      // Nobody listens: that is all this connection says. A reset leaves the port to the app.
      problem = Object.assign(new Error('connected to itself'), { code: 'ECONNREFUSED' })
      socket.resetAndDestroy()
    })
    socket.on('error', (error) => (problem = error))
    socket.once('close', () => {
      attempt.release(socket)
      // Without effect when it was connected.
      resolve(dialFailure(host, name, problem))
    })
    attempt.hold(socket)
    if (attempt.isOver) return
    socket.setNoDelay(true)
    socket.connect(Number(port), host === '' ? '127.0.0.1' : host)
  })
}

/**
 * Whether a socket is connected to itself. Where nobody listens on a port of the range that outgoing connections get theirs from, one of
 * them may get that very port; TCP then takes its two ends for two that open at the same time (RFC 9293 section 3.5).
 */
function isSelfConnected(socket: Socket): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress
}

/** Why there is no connection. Without an error it was destroyed by the attempt, whose time was over. */
function dialFailure(host: string, name: string, error: NodeJS.ErrnoException | null): ProbeFailure {
  if (error === null) return failure(`dial tcp ${name}: i/o timeout`)
  // A name with several addresses fails with an error for each and no message of its own.
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error
  if (first.syscall === 'getaddrinfo') return failure(`dial tcp: lookup ${host}: no such host`)
  const text = `dial tcp ${name}: ${REASONS[first.code ?? ''] ?? first.message}`
  return { text, isRefused: first.code === 'ECONNREFUSED' }
}
