import {
  ChunkedDecoder,
  ChunkEvent,
  Framing,
  INCOMPLETE,
  requestText,
  ResponseHead,
  type Limits,
  type TrailerSection,
} from '@pilotlight/http1'
import type { Socket } from 'node:net'
import { afterPoll } from './after-poll.ts'
import type { Reader } from './dial.ts'
import type { Exchange } from './exchange.ts'
import type { Failure } from './failure.ts'
import { writeChunk, writeLastChunk, writeTextAndBytes } from './h1-body-writer.ts'
import { FRAME_HEADER_BYTES, isServerPrefacePrefix } from './preface.ts'
import type { UpstreamStream } from './sides.ts'
import { Timed } from './timer-wheel.ts'

/** One read; as much as the event loop itself asks the kernel for. */
const READ_BYTES = 64 * 1024

/** How long an endpoint may take no byte of the rest of a tunnel, ms. */
const TUNNEL_FLUSH_MS = 10_000

const NO_BYTES = Buffer.alloc(0)

/**
 *     Idle ─► Head ─┬─► Body ─┬─► Idle
 *                   │         └─► Uploading (answered before the request was sent) ─► Idle
 *                   └─► Tunnel ─► Closed
 */
const State = {
  Idle: 0,
  Head: 1,
  Body: 2,
  /** The response is complete, the request is still being sent. */
  Uploading: 3,
  Tunnel: 4,
  Closed: 5,
} as const
type State = (typeof State)[keyof typeof State]

/** What a connection tells the endpoint it belongs to. */
export interface H1Owner {
  readonly name: string
  readonly limits: Readonly<Limits>
  /** The connection can serve another exchange. */
  onReusable(connection: H1Upstream): void
  /** The connection is gone. */
  onClosed(connection: H1Upstream): void
  /** The connection was idle for as long as it may be. */
  onIdleDeadline(connection: H1Upstream): void
}

/** An HTTP/1.1 connection to an endpoint: one exchange at a time, many after each other. */
export class H1Upstream extends Timed implements UpstreamStream {
  readonly isHttp2 = false
  /** What the socket is made with: reads go into one buffer of our own, over and over. */
  readonly reader: Reader
  /** When it became idle, ms on the wheel's clock. */
  idleSince = 0
  /** Seconds the server keeps an idle connection, by its own word, or -1. */
  serverKeepAliveSeconds = -1
  isReused = false

  readonly #owner: H1Owner
  readonly #head: ResponseHead
  #decoder: ChunkedDecoder | null = null
  #socket: Socket | null = null
  #state: State = State.Idle
  #exchange: Exchange | null = null
  #remaining = 0
  #requestFraming: Framing = Framing.None
  #isRequestSent = false
  #isReusable = false
  /** Whether bytes of the response came, be it an interim one or a part of a head. */
  #hasResponded = false
  /** Bytes of a head whose rest has not come yet. */
  #partialHead: Buffer = NO_BYTES
  #buffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  #isBufferHeld = false

  constructor(owner: H1Owner) {
    super()
    this.#owner = owner
    this.#head = new ResponseHead(owner.limits)
    this.reader = {
      buffer: () => this.#nextBuffer(),
      callback: (length, buffer) => this.#onRead(length, buffer as Buffer),
    }
  }

  /** Takes the connected socket. */
  attach(socket: Socket): void {
    this.#socket = socket
    socket.on('drain', () => this.#exchange?.onUpstreamDrain())
    socket.on('end', () => this.#onEnd())
    socket.on('error', ignore)
    socket.on('close', () => this.#onClose())
    const destroy = socket.destroy.bind(socket)
    socket.destroy = (error?: NodeJS.ErrnoException) => {
      if (error?.syscall !== 'write') return destroy(error)
      // A server that answers early and closes without reading the rest resets right behind its answer. A write that
      // meets the reset first must not throw the answer away: it has been read after the next poll.
      afterPoll(() => destroy(error))
      return socket
    }
  }

  get isIdle(): boolean {
    return this.#state === State.Idle
  }

  get isCongested(): boolean {
    return this.#socket!.writableNeedDrain
  }

  // ── the request ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Binds the connection to an exchange; its request follows with {@link sendRequest}. */
  assign(exchange: Exchange): void {
    this.#exchange = exchange
    this.#state = State.Head
    this.#isRequestSent = false
    this.#isReusable = false
    this.#hasResponded = false
    this.#head.reset()
  }

  sendRequest(exchange: Exchange): void {
    const request = exchange.request
    const socket = this.#socket!
    // A body of unknown length, as HTTP/2 has it, is sent in chunks.
    this.#requestFraming = request.framing === Framing.UntilClose ? Framing.Chunked : request.framing
    const text = requestText(request, this.#requestFraming, this.#owner.name)
    const chunks = exchange.bufferedChunks
    if (chunks.length === 0) {
      socket.write(text, 'latin1')
    } else {
      const first = chunks[0]
      if (chunks.length > 1) socket.cork()
      if (this.#requestFraming === Framing.Chunked) writeChunk(socket, text, first, 0, first.length)
      else writeTextAndBytes(socket, text, first, 0, first.length)
      for (let i = 1; i < chunks.length; i++) this.sendData(chunks[i], 0, chunks[i].length)
      if (chunks.length > 1) socket.uncork()
    }
    if (exchange.requestEnded) this.sendEnd(exchange.requestTrailers)
  }

  sendData(bytes: Buffer, start: number, end: number): void {
    if (this.#requestFraming === Framing.Chunked) writeChunk(this.#socket!, '', bytes, start, end)
    else this.#socket!.write(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
  }

  sendEnd(trailers: TrailerSection | null): void {
    if (this.#requestFraming === Framing.Chunked) writeLastChunk(this.#socket!, trailers)
    this.#isRequestSent = true
    if (this.#state === State.Uploading) this.#release()
  }

  endTunnel(): void {
    this.#socket!.end()
  }

  finishTunnel(): void {
    this.#exchange = null
    this.#state = State.Closed
    // The socket closes by itself when its last byte is taken; this is for a peer that takes none.
    this.#socket!.setTimeout(TUNNEL_FLUSH_MS, () => this.#socket!.destroy())
  }

  setResponseReading(isReading: boolean): void {
    if (isReading) this.#socket!.resume()
    else this.#socket!.pause()
  }

  abandon(exchange: Exchange): void {
    if (this.#exchange !== exchange) return
    this.#exchange = null
    this.close()
  }

  /** Closes the connection. An exchange on it is not told. */
  close(): void {
    if (this.#state === State.Closed) return
    this.#state = State.Closed
    this.#exchange = null
    this.#socket!.destroy()
  }

  // ── the response ────────────────────────────────────────────────────────────────────────────────────────────────

  #nextBuffer(): Buffer {
    if (this.#isBufferHeld) {
      this.#isBufferHeld = false
      this.#buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    }
    return this.#buffer
  }

  #onRead(length: number, buffer: Buffer): boolean {
    switch (this.#state) {
      case State.Head:
        this.#readHead(buffer, length)
        break
      case State.Body:
        this.#readBody(this.#exchange!, buffer, 0, length)
        break
      case State.Tunnel:
        this.#exchange!.onResponseData(buffer, 0, length)
        this.#noteHolder(this.#exchange)
        break
      case State.Closed:
        break
      default:
        // Bytes that nobody asked for: the next response could not be told from them.
        this.#fail('upstream-closed')
    }
    return true
  }

  #readHead(buffer: Buffer, length: number): void {
    const isFirst = !this.#hasResponded
    this.#hasResponded = true
    let bytes = buffer
    let end = length
    if (this.#partialHead.length > 0) {
      bytes = Buffer.concat([this.#partialHead, buffer.subarray(0, length)])
      end = bytes.length
      this.#partialHead = NO_BYTES
    }
    // No response begins with NUL, and nothing else that does is ever kept as a part of a head.
    if (bytes[0] === 0 && (isFirst || bytes !== buffer) && this.#readServerPreface(bytes, end)) return
    for (let start = 0; this.#state === State.Head;) {
      const exchange = this.#exchange!
      const headLength = this.#head.parse(bytes, start, end, exchange.request.method)
      if (headLength < 0) return this.#fail('response-refused')
      if (headLength === INCOMPLETE) {
        // The bytes belong to the read buffer, which the next read overwrites.
        if (end > start) this.#partialHead = Buffer.from(bytes.subarray(start, end))
        return
      }
      start += headLength
      if (!this.#head.isInterim) return this.#onHead(exchange, bytes, start, end)
      exchange.onInterim(this.#head)
      this.#head.reset()
    }
  }

  /**
   * Answers whether the first bytes of the connection are those of HTTP/2, or may still become so. A server that begins
   * with SETTINGS never reads what came instead of the client's preface as a request.
   */
  #readServerPreface(bytes: Buffer, end: number): boolean {
    // What spoke HTTP/1.1 once does not turn to HTTP/2.
    if (this.isReused || !isServerPrefacePrefix(bytes, 0, end)) return false
    if (end >= FRAME_HEADER_BYTES) this.#fail('endpoint-speaks-http2')
    else this.#partialHead = Buffer.from(bytes.subarray(0, end))
    return true
  }

  #onHead(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    const head = this.#head
    if (head.status === 101) return this.#onSwitch(exchange, bytes, start, end)
    this.#state = State.Body
    this.#isReusable = head.keepAlive && head.framing !== Framing.UntilClose
    this.serverKeepAliveSeconds = head.keepAliveSeconds
    switch (head.framing) {
      case Framing.None:
        exchange.onResponse(head, bytes, start, start, true)
        if (exchange.isDeclined) return this.#decline(exchange, end === start)
        return this.#complete(exchange, end === start)
      case Framing.Length:
        return this.#onLengthHead(exchange, bytes, start, end)
      case Framing.Chunked:
        this.#decoder ??= new ChunkedDecoder(this.#owner.limits)
        this.#decoder.reset()
        break
      default:
        break
    }
    exchange.downstream.cork()
    exchange.onResponse(head, bytes, start, start, false)
    if (exchange.isDeclined) {
      exchange.downstream.uncork()
      return this.#decline(exchange, false)
    }
    if (this.#exchange === exchange && end > start) this.#readBody(exchange, bytes, start, end)
    exchange.downstream.uncork()
    // While corked, everything written looked held.
    this.#isBufferHeld = false
    this.#noteHolder(exchange)
  }

  #onLengthHead(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    const length = this.#head.contentLength
    const bodyEnd = Math.min(end, start + length)
    this.#remaining = length - (bodyEnd - start)
    const isComplete = this.#remaining === 0
    exchange.onResponse(this.#head, bytes, start, bodyEnd, isComplete)
    if (exchange.isDeclined) return this.#decline(exchange, isComplete && bodyEnd === end)
    this.#noteHolder(exchange)
    if (isComplete && this.#exchange === exchange) this.#complete(exchange, bodyEnd === end)
  }

  #readBody(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    if (this.#head.framing === Framing.Chunked) return this.#readChunks(exchange, bytes, start, end)
    if (this.#head.framing === Framing.UntilClose) {
      exchange.onResponseData(bytes, start, end)
      return this.#noteHolder(exchange)
    }
    const bodyEnd = Math.min(end, start + this.#remaining)
    this.#remaining -= bodyEnd - start
    exchange.onResponseData(bytes, start, bodyEnd)
    this.#noteHolder(exchange)
    if (this.#remaining === 0 && this.#exchange === exchange) {
      exchange.onResponseEnd(null)
      this.#complete(exchange, bodyEnd === end)
    }
  }

  #readChunks(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    const decoder = this.#decoder!
    const downstream = exchange.downstream
    downstream.cork()
    for (let position = start; position < end && this.#exchange === exchange; position = decoder.position) {
      const event = decoder.next(bytes, position, end)
      if (event < 0) {
        this.#fail('response-refused')
        break
      }
      if (event === ChunkEvent.Data) exchange.onResponseData(bytes, decoder.dataStart, decoder.dataEnd)
      else if (event === ChunkEvent.End) {
        exchange.onResponseEnd(decoder.trailersFor(this.#head))
        downstream.uncork()
        this.#noteHolder(exchange)
        return this.#complete(exchange, decoder.position === end)
      }
    }
    downstream.uncork()
    this.#noteHolder(exchange)
  }

  /** When the client's side still refers to bytes of the read buffer, the next read gets a new one. */
  #noteHolder(exchange: Exchange | null): void {
    if (exchange !== null && exchange.downstream.holdsBytes) this.#isBufferHeld = true
  }

  /**
   * The response is complete. The connection is given back before the exchange is told: its end may start the next
   * one, which then finds this connection.
   */
  #complete(exchange: Exchange, isClean: boolean): void {
    if (this.#exchange !== exchange) return
    // Bytes behind the response answer no request.
    if (!isClean) this.#isReusable = false
    if (this.#isRequestSent) {
      this.#release()
      return exchange.onResponseDone(true)
    }
    if (this.#isReusable) {
      this.#state = State.Uploading
      return exchange.onResponseDone(false)
    }
    this.close()
    exchange.onResponseDone(true)
  }

  /** The response is of no use. A connection on which both messages are complete serves others; `isClean` says that of the response. */
  #decline(exchange: Exchange, isClean: boolean): void {
    if (this.#exchange !== exchange) return
    if (isClean && this.#isRequestSent) this.#release()
    else this.close()
    exchange.onUpstreamFailure('endpoint-busy')
  }

  #release(): void {
    this.#exchange = null
    if (!this.#isReusable) return this.close()
    this.#state = State.Idle
    this.isReused = true
    // Back-pressure may have stopped the reading; an idle connection must be read, to see it close.
    if (this.#socket!.isPaused()) this.#socket!.resume()
    this.#owner.onReusable(this)
  }

  #onSwitch(exchange: Exchange, bytes: Buffer, start: number, end: number): void {
    this.#state = State.Tunnel
    this.#requestFraming = Framing.None
    if (!exchange.onSwitch(this.#head)) {
      if (this.#exchange === exchange) this.#exchange = null
      return this.close()
    }
    if (end > start) exchange.onResponseData(bytes, start, end)
    this.#noteHolder(exchange)
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #onEnd(): void {
    const exchange = this.#exchange
    if (this.#state === State.Tunnel) return exchange!.onUpstreamTunnelEnd()
    if (this.#state === State.Body && this.#head.framing === Framing.UntilClose && exchange !== null) {
      exchange.onResponseEnd(null)
      this.#exchange = null
      this.close()
      return exchange.onResponseDone(true)
    }
    this.#fail('upstream-closed')
  }

  #onClose(): void {
    if (this.#state !== State.Closed) this.#fail('upstream-closed')
    this.#owner.onClosed(this)
  }

  /** The connection is of no use any more; the exchange on it, if any, learns why. */
  #fail(failure: Failure): void {
    const exchange = this.#exchange
    const mayBeStale = this.isReused && this.#state === State.Head && !this.#hasResponded
    const isCutHead = failure === 'upstream-closed' && this.#state === State.Head && this.#hasResponded
    this.#exchange = null
    this.close()
    if (exchange !== null) exchange.onUpstreamFailure(isCutHead ? 'response-incomplete' : failure, mayBeStale)
  }

  override onDeadline(): void {
    this.#owner.onIdleDeadline(this)
  }
}

function ignore(): void {}
