import {
  ChunkedDecoder,
  ChunkEvent,
  describeRefusal,
  Framing,
  INCOMPLETE,
  type Refusal,
  type RequestHead,
  type ResponseHead,
  type TrailerSection,
} from '@pilotlight/http1'
import type { Socket } from 'node:net'
import { Exchange } from './exchange.ts'
import { H1ResponseWriter } from './h1-response-writer.ts'
import { type Peer, SocketPeer } from './peer.ts'
import { isPrefacePrefix, PREFACE } from './preface.ts'
import { ReadAhead } from './read-ahead.ts'
import type { RelayScope } from './relay-scope.ts'
import type { Downstream } from './sides.ts'
import { Timed } from './timer-wheel.ts'

/**
 *     Fresh ─► Head ─► Body ─► Answering ─► Idle ─► Head …
 *       │                │         │
 *       └─► (HTTP/2)     └────┬────┴─► Tunnel ─► Closed
 *                             └─► Closing ─► Closed
 *
 * Requests are read one at a time: bytes behind the current one wait in `#input`.
 */
const State = {
  /** No byte was read yet; it may turn out to be HTTP/2. */
  Fresh: 0,
  /** Between requests. */
  Idle: 1,
  /** Inside a head. */
  Head: 2,
  /** Inside a request body. */
  Body: 3,
  /** The request is complete; its exchange is not. */
  Answering: 4,
  Tunnel: 5,
  /** Our last byte was written; what the client still sends is thrown away until it closes too. */
  Closing: 6,
  Closed: 7,
} as const
type State = (typeof State)[keyof typeof State]

/** For the Allow field of the answer to CONNECT: what a reverse proxy can carry. */
const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE'

/** Heads handled in one go before other connections get their turn. */
const HEADS_PER_TURN = 16

/** An HTTP/1.1 connection of a client. */
export class H1Downstream extends Timed implements Downstream {
  readonly isHttp2 = false
  readonly socket: Socket
  readonly #scope: RelayScope
  #state: State = State.Fresh
  #peer: Peer | null = null
  #head: RequestHead | null = null
  #exchange: Exchange | null = null
  readonly #input = new ReadAhead()
  readonly #writer: H1ResponseWriter
  #isProcessing = false
  #headsThisTurn = 0
  #remaining = 0
  #decoder: ChunkedDecoder | null = null
  #isReading = true
  /** Bytes unsent when closing was looked at last. */
  #unsent = -1

  constructor(scope: RelayScope, socket: Socket) {
    super()
    this.#scope = scope
    this.socket = socket
    this.#writer = new H1ResponseWriter(scope, socket)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('drain', () => this.#onDrain())
    socket.on('end', () => this.#onEnd())
    // An error is always followed by close, where it is handled.
    socket.on('error', ignore)
    socket.on('close', () => this.#onClose())
    scope.wheel.arm(this, scope.wheel.now() + scope.headMs)
  }

  /** Whether no exchange is under way and nothing of a next one was read. */
  get isIdle(): boolean {
    return this.#state === State.Idle || this.#state === State.Fresh
  }

  get peer(): Peer {
    return (this.#peer ??= new SocketPeer(this.socket))
  }

  get timed(): Timed {
    return this
  }

  get mayHalfClose(): boolean {
    return this.#state === State.Tunnel
  }

  get isCongested(): boolean {
    return this.socket.writableNeedDrain
  }

  get holdsBytes(): boolean {
    return this.socket.writableLength > 0
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #onData(chunk: Buffer): void {
    switch (this.#state) {
      case State.Body:
        this.#readAhead(chunk, this.#readBody(chunk, 0))
        return
      case State.Answering:
        this.#readAhead(chunk, 0)
        return
      case State.Tunnel:
        this.#exchange!.onRequestData(chunk, 0, chunk.length)
        return
      case State.Closing:
      case State.Closed:
        return
      case State.Fresh:
        if ((this.#input.bytes !== null || chunk[0] === PREFACE[0]) && this.#sniff(chunk)) return
        break
      default:
        break
    }
    this.#input.append(chunk)
    this.#process()
  }

  /** Whether the first bytes are, or may still become, the HTTP/2 connection preface. */
  #sniff(chunk: Buffer): boolean {
    const held = this.#input.bytes
    const bytes = held === null ? chunk : Buffer.concat([held, chunk])
    if (!isPrefacePrefix(bytes)) return false
    this.#input.append(chunk)
    if (bytes.length < PREFACE.length) return true
    this.#input.take()
    this.#state = State.Closed
    this.#scope.wheel.disarm(this)
    this.socket.removeAllListeners()
    this.#scope.onHttp2(this, bytes)
    return true
  }

  /** Handles the heads in `#input`, one after the other, as far as exchanges end at once. */
  #process(): void {
    if (this.#isProcessing) return
    this.#isProcessing = true
    while (this.#input.bytes !== null && this.#state <= State.Head) {
      if (this.isCongested || ++this.#headsThisTurn > HEADS_PER_TURN) {
        this.#processLater()
        break
      }
      if (!this.#readHead(this.#input.bytes)) break
    }
    this.#isProcessing = false
    if (this.#headsThisTurn <= HEADS_PER_TURN) this.#headsThisTurn = 0
  }

  /** Goes on when the client has taken its answers, or when other connections had their turn. */
  #processLater(): void {
    if (this.#headsThisTurn === HEADS_PER_TURN + 1) setImmediate(() => this.#processNow())
    if (this.#input.isFull) this.#setReading(false)
  }

  #processNow(): void {
    this.#headsThisTurn = 0
    if (this.#state > State.Head) return
    this.#readOn()
    this.#process()
  }

  #onDrain(): void {
    if (this.#exchange !== null) this.#exchange.onDownstreamDrain()
    else this.#processNow()
  }

  /** Answers whether a whole head was there. */
  #readHead(input: Buffer): boolean {
    const head = (this.#head ??= this.#scope.heads.take())
    const length = head.parse(input, 0, input.length)
    if (length === INCOMPLETE) {
      this.#awaitHead()
      return false
    }
    if (length < 0) {
      this.#refuseHead(length as Refusal)
      return false
    }
    this.#input.take()
    if (head.method === 'CONNECT') this.#refuseConnect()
    else this.#beginExchange(head, input, length)
    return true
  }

  /** A reverse proxy makes no tunnels. */
  #refuseConnect(): void {
    this.#closeWith(405, 'http_request_denied', 'CONNECT is not served here', `Allow: ${ALLOWED}\r\n`)
  }

  /** The head came in part: from its first byte on the time for it runs. */
  #awaitHead(): void {
    if (this.#state === State.Idle) this.#scope.wheel.arm(this, this.#scope.wheel.now() + this.#scope.headMs)
    this.#state = State.Head
    // A head may be longer than what is read ahead.
    this.#setReading(true)
  }

  #beginExchange(head: RequestHead, input: Buffer, length: number): void {
    this.#writer.begin(head)
    // Before the client can be gone; once per connection.
    this.#peer ??= new SocketPeer(this.socket)
    const exchange = new Exchange(this.#scope, this, head)
    this.#exchange = exchange
    this.#state = State.Body
    this.#remaining = head.framing === Framing.Length ? head.contentLength : 0
    if (head.framing === Framing.Chunked) {
      this.#decoder ??= new ChunkedDecoder(this.#scope.limits)
      this.#decoder.reset()
    }
    // Body bytes that came with the head are read first, so that head and body leave in one write.
    const rest = head.framing === Framing.None ? this.#endBody(length) : this.#readBody(input, length)
    if (rest < input.length) this.#readAhead(input, rest)
    if (exchange.isAnswerable) exchange.begin()
  }

  #endBody(position: number): number {
    this.#onBodyEnd()
    this.#exchange!.onRequestEnd(null)
    return position
  }

  /** Back-pressure on the body is over with it; whoever does not read would not see the client leave. */
  #onBodyEnd(): void {
    this.#state = State.Answering
    this.#readOn()
  }

  /** Reads request body from `bytes[from…]`. Returns where it ended; the length when it did not. */
  #readBody(bytes: Buffer, from: number): number {
    const exchange = this.#exchange!
    if (this.#remaining > 0) {
      const end = Math.min(bytes.length, from + this.#remaining)
      this.#remaining -= end - from
      if (end > from) exchange.onRequestData(bytes, from, end)
      return this.#remaining === 0 && this.#exchange === exchange ? this.#endBody(end) : bytes.length
    }
    return this.#readChunks(exchange, bytes, from)
  }

  #readChunks(exchange: Exchange, bytes: Buffer, from: number): number {
    const decoder = this.#decoder!
    let position = from
    while (position < bytes.length && this.#exchange === exchange && this.#state === State.Body) {
      const event = decoder.next(bytes, position, bytes.length)
      if (event < 0) {
        this.#refuseBody(exchange, event as Refusal)
        return bytes.length
      }
      position = decoder.position
      if (event === ChunkEvent.Data) exchange.onRequestData(bytes, decoder.dataStart, decoder.dataEnd)
      else if (event === ChunkEvent.End) {
        this.#onBodyEnd()
        exchange.onRequestEnd(decoder.trailersFor(exchange.request))
        return position
      }
    }
    return position
  }

  #refuseBody(exchange: Exchange, refusal: Refusal): void {
    const { status, text } = describeRefusal(refusal)
    this.#writer.keepsConnection = false
    if (!exchange.hasBegun) this.#scope.onRefusal(refusal, this.peer.address)
    exchange.onRequestRefused(status, text)
  }

  /** Keeps bytes behind the current request for later; stops reading when they are many. */
  #readAhead(bytes: Buffer, from: number): void {
    if (from >= bytes.length) return
    // The body ended and its exchange with it: the connection is free for the next head, or closing.
    if (this.#state >= State.Tunnel) return this.#onData(bytes.subarray(from))
    this.#input.append(from === 0 ? bytes : bytes.subarray(from))
    if (this.#state <= State.Head) this.#process()
    else if (this.#input.isFull) this.#setReading(false)
  }

  #refuseHead(refusal: Refusal): void {
    const { status, text } = describeRefusal(refusal)
    this.#scope.onRefusal(refusal, this.peer.address)
    this.#closeWith(status, 'http_request_error', text)
  }

  /** Answers what never became an exchange, and closes. `more` are complete field lines. */
  #closeWith(status: number, error: string, text: string, more = ''): void {
    this.#writer.sendRefusal(status, error, text, more)
    this.#close()
  }

  setRequestReading(isReading: boolean): void {
    // While bytes of following requests fill the read-ahead, reading stays off until this exchange is over.
    if (isReading && this.#state === State.Answering) this.#readOn()
    else this.#setReading(isReading)
  }

  #readOn(): void {
    if (!this.#input.isFull) this.#setReading(true)
  }

  #setReading(isReading: boolean): void {
    if (this.#isReading === isReading) return
    this.#isReading = isReading
    if (isReading) {
      this.#scope.clientWatch.remove(this)
      this.socket.resume()
    } else {
      // Nobody reads, so nobody would see the client leave.
      this.#scope.clientWatch.add(this)
      this.socket.pause()
    }
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────

  sendInterim(head: ResponseHead): void {
    this.#writer.sendInterim(head)
  }

  sendContinue(): void {
    this.#writer.sendContinue()
  }

  sendResponse(
    exchange: Exchange,
    head: ResponseHead,
    bytes: Buffer,
    start: number,
    end: number,
    isComplete: boolean,
  ): void {
    if (this.#isSpoilt(exchange)) this.#writer.keepsConnection = false
    this.#writer.sendResponse(exchange, head, bytes, start, end, isComplete)
  }

  sendData(bytes: Buffer, start: number, end: number): void {
    this.#writer.sendData(bytes, start, end)
  }

  sendEnd(trailers: TrailerSection | null): void {
    this.#writer.sendEnd(trailers)
  }

  sendReply(exchange: Exchange, status: number, fields: string, body: string | Uint8Array): void {
    this.#writer.sendReply(exchange, status, fields, body)
  }

  switchToTunnel(exchange: Exchange, head: ResponseHead): void {
    this.#writer.sendSwitch(head)
    this.#state = State.Tunnel
    const early = this.#input.take()
    this.#setReading(true)
    if (early !== null) exchange.onRequestData(early, 0, early.length)
  }

  endTunnel(): void {
    this.socket.end()
  }

  cork(): void {
    this.socket.cork()
  }

  uncork(): void {
    this.socket.uncork()
  }

  // ── the end of an exchange, and of the connection ───────────────────────────────────────────────────────────────

  finish(exchange: Exchange): void {
    if (this.#exchange !== exchange) return
    this.#exchange = null
    if (this.#state === State.Closed) return
    if (this.#state === State.Tunnel) return this.#close()
    if (
      !this.#writer.keepsConnection ||
      !exchange.requestEnded ||
      this.#scope.isDraining ||
      this.#isSpoilt(exchange)
    ) {
      return this.#close()
    }
    this.#scope.heads.give(this.#head!)
    this.#head = null
    this.#state = State.Idle
    this.#readOn()
    const { keepAliveMs, wheel } = this.#scope
    if (keepAliveMs > 0) wheel.arm(this, wheel.coarseNow + keepAliveMs + wheel.tickMs)
    else wheel.disarm(this)
    if (this.#input.bytes !== null) this.#process()
  }

  /** Bytes behind a refused upgrade were meant for another protocol: they are no request. */
  #isSpoilt(exchange: Exchange): boolean {
    return exchange.request.upgrade !== '' && this.#input.bytes !== null
  }

  cut(): void {
    this.#state = State.Closed
    // A reset tells even a client that reads until close that the message is not whole; TLS says so by itself.
    if ('encrypted' in this.socket) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  /** Closes an idle connection; others close when their exchange is over. */
  closeIfIdle(): void {
    if (this.isIdle) this.#close()
  }

  /** Ends our side, then reads on for a while: closing with unread bytes would reset and could swallow the answer. */
  #close(): void {
    if (this.#state >= State.Closing) return
    this.#state = State.Closing
    this.#input.take()
    this.#setReading(true)
    this.socket.end()
    this.#scope.wheel.arm(this, this.#scope.wheel.now() + this.#scope.lingerMs)
  }

  override onDeadline(now: number): void {
    switch (this.#state) {
      case State.Fresh:
        return this.#input.bytes === null ? this.#close() : this.#answerTimeout()
      case State.Idle:
        return this.#close()
      case State.Head:
        return this.#answerTimeout()
      case State.Closing:
        return this.#awaitClose()
      default:
        // An exchange is under way, and the deadline is one of its clocks.
        this.#exchange?.onDeadline(now)
    }
  }

  #answerTimeout(): void {
    this.#closeWith(408, 'http_request_error', 'the request head took too long')
  }

  /** A client that is still taking bytes gets more time; one that is not, or has them all, had enough. */
  #awaitClose(): void {
    const unsent = this.socket.writableLength
    if (unsent === 0 || unsent === this.#unsent) return void this.socket.destroy()
    this.#unsent = unsent
    this.#scope.wheel.arm(this, this.#scope.wheel.now() + this.#scope.lingerMs)
  }

  #onEnd(): void {
    switch (this.#state) {
      case State.Tunnel:
        return this.#exchange!.onTunnelEnd()
      case State.Closed:
        return
      default:
        // Nothing is under way: what was written is flushed, then the connection closes by itself.
        if (this.#exchange === null) return this.#close()
        // A client that ended its side in the middle of an exchange is taken as gone, as nginx and Go take it.
        this.socket.destroy()
        this.#onGone()
    }
  }

  /** The client watch found that the connection is closed by the client while nobody reads it. */
  onUnreadClose(): void {
    this.socket.destroy()
    this.#onGone()
  }

  #onGone(): void {
    this.#state = State.Closed
    const exchange = this.#exchange
    if (exchange !== null) exchange.onClientGone()
  }

  #onClose(): void {
    this.#scope.wheel.disarm(this)
    this.#scope.clientWatch.remove(this)
    this.#input.take()
    this.#onGone()
    this.#head = null
    this.#scope.onClosed(this)
  }
}

function ignore(): void {}
