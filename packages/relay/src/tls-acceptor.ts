import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'
import { type Certificates, tlsOptions } from './certificates.ts'
import type { TlsSettings } from './settings.ts'
import { tls } from './tls-module.ts'

/** How long a TLS handshake may take, ms. */
const HANDSHAKE_MS = 10_000

/** The first byte of a TLS handshake (RFC 8446 section 5.1). */
const HANDSHAKE = 0x16
const UPPER_A = 0x41
const UPPER_Z = 0x5a

/** What becomes of the connections that a {@link TlsAcceptor} takes. */
export interface Accepted {
  /** The handshake is done. */
  onConnection(socket: Socket): void
  /** A client speaks plain HTTP; nothing was read yet. */
  onPlainHttp(socket: Socket): void
  /** A changed certificate is in use for new handshakes. */
  onReload(): void
}

/** The connections of a TLS port until their handshakes are done. */
export class TlsAcceptor {
  readonly #server: Server
  readonly #accepted: Accepted
  readonly #handshakes = new Map<string, Socket>()

  constructor(settings: TlsSettings, certificates: Certificates, accepted: Accepted) {
    this.#accepted = accepted
    const options = tlsOptions(settings, certificates.current)
    // It never listens: it gets connections whose first bytes were looked at.
    this.#server = tls().createServer({ ...options, handshakeTimeout: HANDSHAKE_MS }, (socket) => {
      this.#handshakes.delete(keyOf(socket))
      if (settings.clientAuth === 'optional' && showsBadCertificate(socket)) {
        socket.destroy()
        return
      }
      socket.allowHalfOpen = true
      accepted.onConnection(socket)
    })
    this.#server.on('tlsClientError', (_, socket) => socket.destroy())
    certificates.onChange = (pair) => {
      this.#server.setSecureContext(tlsOptions(settings, pair))
      accepted.onReload()
    }
  }

  /** Handshakes under way. */
  get size(): number {
    return this.#handshakes.size
  }

  /** Takes a new connection. */
  accept(socket: Socket): void {
    const key = keyOf(socket)
    this.#handshakes.set(key, socket)
    socket.on('error', ignore)
    socket.once('close', () => {
      if (this.#handshakes.get(key) === socket) this.#handshakes.delete(key)
    })
    // Until the first byte; from then on node counts.
    socket.setTimeout(HANDSHAKE_MS, () => socket.destroy())
    socket.once('readable', () => this.#onFirstBytes(socket, key))
  }

  #onFirstBytes(socket: Socket, key: string): void {
    const first = socket.read() as Buffer | null
    if (first === null) return void socket.destroy()
    socket.setTimeout(0)
    socket.unshift(first)
    if (first[0] === HANDSHAKE) {
      // Who ends inside the handshake is gone; half-open it would stay until its time is over.
      socket.allowHalfOpen = false
      return void this.#server.emit('connection', socket)
    }
    this.#handshakes.delete(key)
    const isMethod = first[0] >= UPPER_A && first[0] <= UPPER_Z
    if (isMethod) this.#accepted.onPlainHttp(socket)
    else socket.destroy()
  }

  /** Ends the handshakes under way. */
  close(): void {
    for (const socket of this.#handshakes.values()) socket.destroy()
  }
}

/** A client may come without a certificate, not with one that no authority of ours signed. */
function showsBadCertificate(socket: TLSSocket): boolean {
  return !socket.authorized && socket.getPeerX509Certificate() !== undefined
}

/** The same for a connection and for the TLS on it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`
}

function ignore(): void {}
