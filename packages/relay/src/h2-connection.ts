import { describeRefusal, type Refusal } from '@pilotlight/http1'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { Exchange } from './exchange.ts'
import { H2Downstream } from './h2-downstream-stream.ts'
import { readPseudoFields } from './h2-fields.ts'
import { http2, sessionOptions } from './h2-module.ts'
import { refuseStream } from './h2-reply.ts'
import { ownFields } from './own-answer.ts'
import { type Peer, remoteAddressOf, SocketPeer } from './peer.ts'
import type { RelayScope } from './relay-scope.ts'
import type { RelaySettings } from './settings.ts'
import { Timed } from './timer-wheel.ts'

/**
 *     Greeting ─► Serving ─► Closing ─► Closed
 *
 * Closing begins with a GOAWAY: streams that are under way are served to their end, and those that cross it are above
 * its last stream, so that the client knows they can be sent again. A first GOAWAY that refuses nothing yet (RFC 9113
 * section 6.8) is not possible here: after any GOAWAY nghttp2 drops new streams without a word.
 */
const State = {
  /** The client's SETTINGS have not come yet. */
  Greeting: 0,
  Serving: 1,
  /** GOAWAY was sent. */
  Closing: 2,
  Closed: 3,
} as const
type State = (typeof State)[keyof typeof State]

/** How long a client may take to send its SETTINGS, ms; as long as Go's server waits. */
const SETTINGS_MS = 2000

/** An HTTP/2 connection of a client. Its streams carry the exchanges. */
export class H2Connection extends Timed {
  readonly #scope: RelayScope
  readonly #socket: Socket
  readonly #session: ServerHttp2Session
  readonly #onClosed: (connection: H2Connection) => void
  #state: State = State.Greeting
  #peer: Peer | null = null
  /** Streams that are not closed. */
  #streams = 0

  constructor(
    scope: RelayScope,
    settings: RelaySettings,
    socket: Socket,
    first: Buffer | null,
    onClosed: (connection: H2Connection) => void,
  ) {
    super()
    this.#scope = scope
    this.#socket = socket
    this.#onClosed = onClosed
    socket.on('error', ignore)
    // A client that ended its side is taken as gone, as over HTTP/1.1.
    socket.on('end', () => socket.destroy())
    if (first !== null) putBack(socket, first)
    const options = sessionOptions(scope.limits, settings.windowBytes)
    options.settings!.maxConcurrentStreams = settings.streamsMax
    const session = http2().performServerHandshake(socket, options)
    this.#session = session
    session.setLocalWindowSize(settings.windowBytes)
    session.once('remoteSettings', () => this.#onGreeted())
    session.on('stream', (stream, _headers, _flags, raw) => this.#onStream(stream, raw))
    // An error is always followed by close, where it is handled.
    session.on('error', ignore)
    session.on('close', () => this.#onSessionClosed())
    scope.wheel.arm(this, scope.wheel.now() + Math.min(scope.headMs, SETTINGS_MS))
  }

  #onGreeted(): void {
    if (this.#state !== State.Greeting) return
    this.#state = State.Serving
    this.#onStreamsChange()
  }

  // ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #onStream(stream: ServerHttp2Stream, raw: readonly string[]): void {
    // Reset before anybody looked: as good as never sent.
    if (stream.closed || stream.destroyed) return discard(stream)
    this.#streams++
    this.#scope.wheel.disarm(this)
    const head = this.#scope.heads.take()
    const { method, path, authority } = readPseudoFields(raw)
    const hasBody = !stream.endAfterHeaders
    const refusal = head.build(method, path, authority, raw, hasBody)
    if (refusal < 0) {
      this.#scope.heads.give(head)
      return this.#refuse(stream, refusal as Refusal)
    }
    const downstream = new H2Downstream(
      this.#scope,
      stream,
      head,
      (this.#peer ??= new SocketPeer(this.#socket)),
      this.#onStreamClosed,
    )
    const exchange = new Exchange(this.#scope, downstream, head)
    downstream.attach(exchange)
    if (!hasBody) exchange.onRequestEnd(null)
    exchange.begin()
    // A connection that was opened while draining gets its requests answered, as over HTTP/1.1, and no more.
    if (this.#scope.isDraining) this.close()
  }

  #refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
    const { status, text } = describeRefusal(refusal)
    this.#scope.onRefusal(refusal, remoteAddressOf(this.#socket))
    stream.on('close', this.#onStreamClosed)
    refuseStream(stream, status, ownFields(this.#scope.proxyName, 'http_request_error'), text)
  }

  /** One function for all streams of the connection. */
  readonly #onStreamClosed = (): void => {
    this.#streams--
    this.#onStreamsChange()
  }

  /** Without streams the connection is idle; after GOAWAY node closes it, and the client has to. */
  #onStreamsChange(): void {
    if (this.#streams > 0 || this.#state === State.Greeting) return
    const { isDraining, keepAliveMs, lingerMs, wheel } = this.#scope
    if (isDraining || this.#state === State.Closing) wheel.arm(this, wheel.now() + lingerMs)
    else if (keepAliveMs > 0) wheel.arm(this, wheel.coarseNow + keepAliveMs + wheel.tickMs)
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes no more streams, and closes when the last one has ended. */
  close(): void {
    if (this.#state >= State.Closing || this.#session.destroyed) return
    this.#state = State.Closing
    this.#session.close()
    this.#onStreamsChange()
  }

  /** Ends the connection at once. Exchanges on it are cut. */
  destroy(): void {
    if (this.#state === State.Closed) return
    this.#session.destroy()
    this.#socket.destroy()
  }

  override onDeadline(): void {
    if (this.#streams > 0 && this.#state !== State.Greeting) return
    if (this.#state === State.Serving) this.close()
    else this.destroy()
  }

  #onSessionClosed(): void {
    this.#state = State.Closed
    this.#scope.wheel.disarm(this)
    this.#socket.destroy()
    this.#onClosed(this)
  }
}

/**
 * Puts bytes back so that node:http2 reads them first. Without listeners the socket still believes in one until the last
 * is taken off by its name (node's `removeAllListeners` forgets that), and would emit the bytes to nobody.
 */
function putBack(socket: Socket, bytes: Buffer): void {
  socket.on('data', ignore)
  socket.off('data', ignore)
  socket.unshift(bytes)
}

function discard(stream: ServerHttp2Stream): void {
  stream.on('error', ignore)
  stream.resume()
}

function ignore(): void {}
