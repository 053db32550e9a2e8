import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What a client and we agreed on in the TLS handshake. */
export interface PeerTls {
  /** Protocol version, such as `TLSv1.3`. */
  readonly version: string
  /** The cipher suite by its standard name, such as `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string
}

/** Who a client is: the other end of its connection. All exchanges of a connection share one. */
export interface Peer {
  /** IP address without port, an IPv4-mapped IPv6 address as plain IPv4; empty when the connection was gone too soon. */
  readonly address: string
  /** Its port, or 0 when that is not known. */
  readonly port: number
  /** Whether the connection is TLS. */
  readonly isEncrypted: boolean
  /** Asks OpenSSL, for a log; null without TLS, and once the connection is gone. */
  readonly tls: PeerTls | null
}

/** How an IPv4 client of a dual-stack listener looks (RFC 4291 section 2.5.5.2). */
const MAPPED = '::ffff:'

/** The IP address at the other end of `socket`, an IPv4-mapped one as plain IPv4; empty when it is not known. */
export function remoteAddressOf(socket: Socket): string {
  const address = socket.remoteAddress ?? ''
  return address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address
}

/** The {@link Peer} of a socket. Made while it is connected, because afterwards nobody can tell who it was. */
export class SocketPeer implements Peer {
  readonly address: string
  readonly port: number
  readonly isEncrypted: boolean
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.address = remoteAddressOf(socket)
    this.port = socket.remotePort ?? 0
    this.isEncrypted = 'encrypted' in socket
    this.#socket = socket
  }

  get tls(): PeerTls | null {
    if (!this.isEncrypted) return null
    const socket = this.#socket as TLSSocket
    const version = socket.getProtocol()
    if (version === null) return null
    const { standardName, name } = socket.getCipher()
    return { version, cipher: standardName ?? name }
  }
}
