import { Framing, type ResponseHead, type TrailerSection } from '@pilotlight/http1'
import type { ClientHttp2Session, ClientHttp2Stream, ClientSessionRequestOptions } from 'node:http2'
import type { Exchange } from './exchange.ts'
import { readTrailers, requestFields, sendFields, statusOf, toObject, trailerFields } from './h2-fields.ts'
import { closeFailure, END_STREAM, H2Code, type InputWatcher, watchInput } from './h2-module.ts'
import type { H2UpstreamSession } from './h2-upstream-session.ts'
import type { UpstreamStream } from './sides.ts'
import { Timed } from './timer-wheel.ts'

/**
 *     Head ─► Body ─┬─► Done
 *                   └─► Uploading (answered before the request was sent) ─► Done
 */
const State = {
  Head: 0,
  Body: 1,
  /** The response is complete, the request is still being sent. */
  Uploading: 2,
  /** The exchange has no interest in this stream any more. */
  Done: 3,
} as const
type State = (typeof State)[keyof typeof State]

/** How long the end of a request may take to leave after the response, ms; an endpoint may never read it. */
const FLUSH_MS = 5000

/** A response is held until it is whole, or the poll it came with is over, or this much of its body is there, bytes. */
const HELD_BYTES_MAX = 16 * 1024

const NO_BYTES = Buffer.alloc(0)

/** One stream to an endpoint: one exchange. */
export class H2Upstream extends Timed implements InputWatcher, UpstreamStream {
  readonly isHttp2 = true
  readonly isReused: boolean
  readonly #session: H2UpstreamSession
  readonly #http2: ClientHttp2Session
  readonly #head: ResponseHead
  #state: State = State.Head
  #exchange: Exchange | null
  #stream: ClientHttp2Stream | null = null
  #isRequestSent = false
  /** Whether HEADERS ended the request. */
  #isBodyless = false
  #hearsDrain = false
  #requestTrailers: TrailerSection | null = null
  /** The raw head of a response that the exchange was not told of yet. */
  #heldHead: readonly string[] | null = null
  /** What of its body was read ahead of that, because node throws it away behind a reset. */
  #heldBody: Buffer | null = null
  /** Whether the response came to its end, and not to a reset. */
  #isResponseWhole = false
  #responseTrailers: TrailerSection | number | null = null
  #responseBytes = 0

  constructor(session: H2UpstreamSession, http2: ClientHttp2Session, exchange: Exchange, isReused: boolean) {
    super()
    this.#session = session
    this.#http2 = http2
    this.#exchange = exchange
    this.isReused = isReused
    this.#head = session.owner.takeHead()
  }

  get isCongested(): boolean {
    return this.#stream?.writableNeedDrain ?? false
  }

  // ── the request ─────────────────────────────────────────────────────────────────────────────────────────────────

  sendRequest(exchange: Exchange): void {
    const { request, bufferedChunks, requestEnded, requestTrailers } = exchange
    const { owner } = this.#session
    // Node leaves the end of a body that may have trailers to a turn of its own; without them all leaves together.
    const isWhole = requestEnded && requestTrailers === null
    const last = isWhole ? bufferedChunks.length - 1 : bufferedChunks.length
    this.#isBodyless = last < 0
    const list = requestFields(request, owner.scheme, owner.name)
    try {
      sendFields(list, (sent) => this.#open(sent, { endStream: last < 0, waitForTrailers: !isWhole }))
    } catch {
      return this.#failUnsent(exchange)
    }
    for (let i = 0; i < last; i++) this.#write(bufferedChunks[i])
    this.#isRequestSent = isWhole
    if (last >= 0 && isWhole) this.#stream!.end(bufferedChunks[last])
    else if (requestEnded && !isWhole) this.sendEnd(requestTrailers)
  }

  #open(list: string[], options: ClientSessionRequestOptions): void {
    const stream = this.#http2.request(list, options)
    this.#stream = stream
    watchInput(stream, this)
    stream.on('headers', (_headers, _flags, raw) => this.#onInterim(raw))
    stream.on('response', (_headers, flags, raw) => this.#onResponse(flags, raw))
    stream.on('trailers', (_headers, _flags, raw) => this.#onTrailers(raw))
    if (!this.#isBodyless) {
      stream.on('end', () => this.#onEnd())
      stream.on('aborted', () => this.#onAborted(stream))
    }
    // A stream that waits for trailers does not end its body cleanly when it is reset; node's others do.
    if (options.waitForTrailers === true) stream.on('wantTrailers', () => this.#onWantTrailers(stream))
    // An error is always followed by close, where it is handled.
    stream.on('error', ignore)
    stream.on('close', () => this.#onClose(stream))
  }

  /** The session takes no streams any more, or HTTP/2 has no way to say this head. */
  #failUnsent(exchange: Exchange): void {
    const isSession = this.#http2.closed || this.#http2.destroyed
    this.#leave()
    this.#release()
    exchange.onUpstreamFailure(isSession ? 'stream-refused' : 'request-refused', isSession && this.isReused)
  }

  sendData(bytes: Buffer, start: number, end: number): void {
    const stream = this.#stream!
    if (!stream.closed && !stream.destroyed) this.#write(bytes.subarray(start, end))
  }

  #write(bytes: Buffer): void {
    const stream = this.#stream!
    // Most streams are never congested, and each listener is paid for by every exchange.
    if (stream.write(bytes) || this.#hearsDrain) return
    this.#hearsDrain = true
    stream.on('drain', () => this.#exchange?.onUpstreamDrain())
  }

  sendEnd(trailers: TrailerSection | null): void {
    this.#requestTrailers = trailers
    this.#isRequestSent = true
    this.#stream!.end()
    if (this.#state === State.Uploading) this.#leave()
  }

  #onWantTrailers(stream: ClientHttp2Stream): void {
    try {
      sendFields(trailerFields(this.#requestTrailers), (list) => stream.sendTrailers(toObject(list)))
    } catch {
      stream.close(H2Code.InternalError)
    }
  }

  /** There are no tunnels over HTTP/2: a request goes out without its upgrade. */
  endTunnel(): void {}
  finishTunnel(): void {}

  setResponseReading(isReading: boolean): void {
    if (isReading) this.#stream?.resume()
    else this.#stream?.pause()
  }

  abandon(exchange: Exchange): void {
    if (this.#exchange !== exchange) return
    this.#leave()
    this.#reset(H2Code.Cancel)
  }

  #reset(code: number): void {
    const stream = this.#stream
    if (stream === null) return
    // After a reset with NO_ERROR node would keep the stream until all is read and written, which never happens.
    if (stream.closed) return void stream.destroy()
    stream.close(code)
    stream.resume()
  }

  // ── the response ────────────────────────────────────────────────────────────────────────────────────────────────

  #onInterim(raw: readonly string[]): void {
    if (this.#state !== State.Head) return
    const exchange = this.#exchange!
    if (this.#readHead(exchange, raw, true)) exchange.onInterim(this.#head)
  }

  #readHead(exchange: Exchange, raw: readonly string[], hasBody: boolean): boolean {
    const refusal = this.#head.build(statusOf(raw), raw, exchange.request.method, hasBody)
    if (refusal >= 0) return true
    this.#refuse()
    return false
  }

  #onResponse(flags: number, raw: readonly string[]): void {
    if (this.#state !== State.Head) return
    this.#session.onProven()
    this.#heldHead = raw
    if ((flags & END_STREAM) !== 0) return this.tell()
    // A response that comes in one piece, as nearly every small one does, is told and sent in one piece.
    if (!this.#isResponseWhole) return this.#session.hold(this)
    this.#heldBody = this.#stream!.read() as Buffer | null
    process.nextTick(tell, this)
  }

  onInput(): void {
    if (this.#heldHead !== null && this.#stream!.readableLength > HELD_BYTES_MAX) this.tell()
  }

  onInputEnd(): void {
    this.#isResponseWhole = true
    // Trailers are told right behind this.
    if (this.#heldHead !== null) process.nextTick(tell, this)
  }

  onInputCut(): void {
    if (this.#heldHead === null) return
    if (this.#isResponseWhole) this.#heldBody ??= this.#stream!.read() as Buffer | null
    else this.tell()
  }

  /** Tells the exchange of the head that is held, and of what came with it, so that they leave in one write. */
  tell(): void {
    const raw = this.#heldHead
    this.#heldHead = null
    if (raw === null || this.#state !== State.Head) return
    const exchange = this.#exchange!
    const stream = this.#stream!
    const first = this.#heldBody ?? (stream.read() as Buffer | null) ?? NO_BYTES
    this.#heldBody = null
    const isComplete = this.#isResponseWhole && this.#responseTrailers === null
    if (!this.#readHead(exchange, raw, !isComplete || first.length > 0)) return
    this.#state = State.Body
    if (!this.#countBody(first.length)) return
    if (isComplete && !this.#isAsLongAsSaid) return this.#refuse()
    exchange.onResponse(this.#head, first, 0, first.length, isComplete)
    if (exchange.isDeclined) return this.#decline(exchange, stream)
    if (isComplete) this.#complete(stream)
    if (this.#exchange !== exchange) return void stream.resume()
    // Only now: data that is read before the head was told would overtake it.
    if (this.#isBodyless) stream.on('end', () => this.#onEnd())
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
  }

  #onData(chunk: Buffer): void {
    if (this.#state === State.Body && this.#countBody(chunk.length)) {
      this.#exchange!.onResponseData(chunk, 0, chunk.length)
    }
  }

  /** A body longer than its head said would run into the next response of an HTTP/1.1 client. */
  #countBody(length: number): boolean {
    this.#responseBytes += length
    if (this.#responseBytes <= this.#expectedBytes) return true
    this.#refuse()
    return false
  }

  get #expectedBytes(): number {
    if (this.#head.framing === Framing.None) return 0
    return this.#head.framing === Framing.Length ? this.#head.contentLength : Infinity
  }

  get #isAsLongAsSaid(): boolean {
    return this.#head.framing !== Framing.Length || this.#responseBytes === this.#head.contentLength
  }

  #onTrailers(raw: readonly string[]): void {
    if (this.#state <= State.Body) this.#responseTrailers = readTrailers(raw, this.#session.owner.limits)
  }

  #onEnd(): void {
    const stream = this.#stream!
    // An end without END_STREAM is a reset with NO_ERROR.
    if (!this.#isResponseWhole) return void stream.destroy()
    if (this.#state !== State.Body) return
    const trailers = this.#responseTrailers
    if (typeof trailers === 'number' || !this.#isAsLongAsSaid) return this.#refuse()
    this.#exchange!.onResponseEnd(trailers !== null && trailers.count > 0 ? trailers : null)
    this.#complete(stream)
  }

  /** The response is of no use, and what is left of it is thrown away. */
  #decline(exchange: Exchange, stream: ClientHttp2Stream): void {
    if (this.#exchange !== exchange) return
    this.#session.onServed()
    this.#leave()
    if (this.#isResponseWhole && this.#isRequestSent) stream.resume()
    else this.#reset(H2Code.Cancel)
    exchange.onUpstreamFailure('endpoint-busy')
  }

  #complete(stream: ClientHttp2Stream): void {
    const exchange = this.#exchange
    // The service may have given up on it in the hook.
    if (exchange === null) return
    this.#session.onServed()
    if (this.#isRequestSent) this.#leave()
    else this.#state = State.Uploading
    exchange.onResponseDone(this.#isRequestSent)
    // The endpoint asked us to stop sending (RFC 9113 section 8.1).
    if (stream.closed) stream.destroy()
  }

  /** Reset before the request was complete. What came of the response before may still have to be read. */
  #onAborted(stream: ClientHttp2Stream): void {
    if (this.#state === State.Uploading) stream.destroy()
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The response breaks a rule. */
  #refuse(): void {
    const exchange = this.#exchange!
    this.#leave()
    this.#reset(H2Code.ProtocolError)
    exchange.onUpstreamFailure('response-refused')
  }

  /** The exchange and this stream part; the stream closes on its own, or in bounded time. */
  #leave(): void {
    this.#exchange = null
    this.#state = State.Done
    // A stream that has nothing left to send or to receive is closed by now.
    if (this.#stream === null || (this.#isBodyless && this.#isResponseWhole)) return
    const { wheel } = this.#session.owner
    wheel.arm(this, wheel.coarseNow + wheel.tickMs + FLUSH_MS)
  }

  override onDeadline(): void {
    if (this.#stream !== null) this.#reset(H2Code.Cancel)
  }

  #onClose(stream: ClientHttp2Stream): void {
    const exchange = this.#exchange
    this.#leave()
    const failure = this.#session.isUnprocessed(stream) ? 'stream-refused' : closeFailure(stream.rstCode)
    this.#stream = null
    this.#release()
    if (exchange !== null) exchange.onUpstreamFailure(failure, this.isReused)
  }

  #release(): void {
    const { owner } = this.#session
    owner.wheel.disarm(this)
    owner.giveHead(this.#head)
    this.#session.onStreamClosed()
  }
}

function tell(upstream: H2Upstream): void {
  upstream.tell()
}

function ignore(): void {}
