import { createServer, type Server } from 'node:net'
import type { Certificates } from './certificates.ts'
import { openPort } from './open-port.ts'
import type { ListenSettings } from './settings.ts'
import { type Accepted, TlsAcceptor } from './tls-acceptor.ts'

/** Connections the kernel queues for us while we are busy; a burst on a cold start is the normal case. */
const BACKLOG = 4096

/** One listening socket. Hands on every connection, after its handshake if there is one. */
export class Listener {
  readonly settings: ListenSettings
  readonly #server: Server
  readonly #certificates: Certificates | null
  readonly #tls: TlsAcceptor | null

  /** `handshakesMax` bounds the TLS handshakes under way; what comes beyond it is closed. */
  constructor(
    settings: ListenSettings,
    certificates: Certificates | null,
    accepted: Accepted,
    handshakesMax: number,
  ) {
    this.settings = settings
    this.#certificates = certificates
    const acceptor = certificates === null ? null : new TlsAcceptor(settings.tls!, certificates, accepted)
    this.#tls = acceptor
    // Half-open, because whether the end of one direction ends the other is decided by the protocol on it.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
      if (acceptor === null) accepted.onConnection(socket)
      else if (acceptor.size < handshakesMax) acceptor.accept(socket)
      else socket.destroy()
    })
  }

  /** The port it listens on. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Resolves when connections are accepted. Rejects with the error of the system. */
  listen(): Promise<void> {
    const { host, port } = this.settings
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.once('listening', () => {
        this.#server.off('error', reject)
        // Errors of single accepts (too many open files) pass by; the server goes on listening.
        this.#server.on('error', () => {})
        resolve()
      })
      openPort(this.#server, host, port, BACKLOG)
    })
  }

  /** Stops accepting, and ends handshakes under way. Connections that are open stay so. */
  close(): void {
    this.#server.close()
    this.#tls?.close()
    this.#certificates?.close()
  }
}
