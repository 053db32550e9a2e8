import {
  describeRefusal,
  Framing,
  type Refusal,
  type RequestHead,
  type ResponseHead,
  type TrailerSection,
} from '@pilotlight/http1'
import type { ServerHttp2Stream, ServerStreamResponseOptions } from 'node:http2'
import type { Exchange } from './exchange.ts'
import { readTrailers, respond, responseFields, sendFields, toObject, trailerFields } from './h2-fields.ts'
import { H2Code, type InputWatcher, watchInput } from './h2-module.ts'
import { sendText } from './h2-reply.ts'
import type { Peer } from './peer.ts'
import type { RelayScope } from './relay-scope.ts'
import type { Downstream } from './sides.ts'
import { Timed } from './timer-wheel.ts'

/**
 *     Waiting ─► Responding ─► Answered ─► Closed
 *        └────────────┴── cut ────────────►┘
 */
const State = {
  /** No final head was sent. */
  Waiting: 0,
  Responding: 1,
  /** The end of the response was written; it may still be on its way out. */
  Answered: 2,
  Closed: 3,
} as const
type State = (typeof State)[keyof typeof State]

/** node:http2 refers to bytes until they are sent; up to this many are copied, so that a read buffer can be reused. */
const COPY_BYTES_MAX = 16 * 1024

/** How long the end of an answer may take to leave, ms: a client may never read it. */
const FLUSH_MS = 60_000

/** How many turns of the event loop trailers may take to leave, until their stream is left to its deadline. */
const TURNS_MAX = 100

/** What a stream is destroyed with, for RST_STREAM with INTERNAL_ERROR; nobody is told. */
const CUT = new Error('the exchange was cut')

/** One stream of a client: one exchange. */
export class H2Downstream extends Timed implements Downstream, InputWatcher {
  readonly isHttp2 = true
  readonly peer: Peer
  readonly timed = null
  readonly #scope: RelayScope
  readonly #stream: ServerHttp2Stream
  readonly #head: RequestHead
  readonly #onStreamClosed: () => void
  #state: State = State.Waiting
  #exchange: Exchange | null = null
  /** Whether the request came to its end, and not to a reset. */
  #isRequestWhole: boolean
  #requestTrailers: TrailerSection | number | null = null
  #responseTrailers: TrailerSection | null = null
  /** Whether trailers may follow the response; node asks for them then. */
  #awaitsTrailers = false
  /** Whether the rest of the request is given up once the response is out. */
  #stopsRequest = false
  #isHolding = false
  #hearsDrain = false
  /** Whether the body is a single write. */
  #isOneWrite = false

  constructor(
    scope: RelayScope,
    stream: ServerHttp2Stream,
    head: RequestHead,
    peer: Peer,
    onClosed: () => void,
  ) {
    super()
    this.peer = peer
    this.#scope = scope
    this.#stream = stream
    this.#head = head
    this.#onStreamClosed = onClosed
    // The end may have come together with the head, before anybody could watch.
    this.#isRequestWhole = stream.endAfterHeaders || stream.state.remoteClose === 1
  }

  /** Binds the stream to its exchange, and begins to read. */
  attach(exchange: Exchange): void {
    this.#exchange = exchange
    const stream = this.#stream
    // An error is always followed by close, where it is handled.
    stream.on('error', ignore)
    stream.on('close', () => this.#onClose())
    // Reset by the client: told at once, also while nobody reads and close has to wait.
    stream.on('aborted', () => this.#onGone())
    // Most requests have nothing to read, and each listener is paid for by every exchange.
    if (stream.endAfterHeaders) return
    if (!this.#isRequestWhole) watchInput(stream, this)
    stream.on('trailers', (_headers, _flags, raw) => this.#onTrailers(raw))
    stream.on('end', () => this.#onEnd())
    stream.on('data', (chunk: Buffer) => this.#exchange?.onRequestData(chunk, 0, chunk.length))
  }

  onInput(): void {}

  onInputEnd(): void {
    this.#isRequestWhole = true
  }

  onInputCut(): void {}

  get isCongested(): boolean {
    return this.#stream.writableNeedDrain
  }

  get holdsBytes(): boolean {
    if (this.#isHolding && this.#stream.writableLength === 0) this.#isHolding = false
    return this.#isHolding
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #onTrailers(raw: readonly string[]): void {
    this.#requestTrailers = readTrailers(raw, this.#scope.limits)
  }

  #onEnd(): void {
    const exchange = this.#exchange
    if (exchange === null) return
    if (!this.#isRequestWhole) return this.#onGone()
    const trailers = this.#requestTrailers
    if (typeof trailers === 'number') {
      const { status, text } = describeRefusal(trailers as Refusal)
      exchange.onRequestRefused(status, text)
    } else {
      exchange.onRequestEnd(trailers !== null && trailers.count > 0 ? trailers : null)
    }
  }

  setRequestReading(isReading: boolean): void {
    if (isReading) this.#stream.resume()
    else this.#stream.pause()
  }

  // ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────

  sendInterim(head: ResponseHead): void {
    if (!this.#isWritable(State.Waiting)) return
    sendFields(responseFields(head), (list) => this.#stream.additionalHeaders(toObject(list)))
  }

  sendContinue(): void {
    if (this.#isWritable(State.Waiting)) this.#stream.additionalHeaders({ ':status': 100 })
  }

  sendResponse(
    exchange: Exchange,
    head: ResponseHead,
    bytes: Buffer,
    start: number,
    end: number,
    isComplete: boolean,
  ): void {
    if (!this.#isWritable(State.Waiting)) return
    // Over HTTP/1.1 only a chunked body has trailers.
    const mayTrail = !isComplete && (head.version === 20 || head.framing !== Framing.Length)
    const options = { endStream: isComplete && start === end, waitForTrailers: mayTrail }
    if (!this.#respond(responseFields(head), options)) return exchange.onResponseUnsendable()
    this.#awaitsTrailers = mayTrail && !this.#stream.writableEnded
    if (this.#awaitsTrailers) this.#stream.on('wantTrailers', () => this.#onWantTrailers())
    if (this.#stream.writableEnded) this.#state = State.Answered
    else if (isComplete) this.#end(bytes, start, end)
    else if (end > start) this.sendData(bytes, start, end)
  }

  /** Sends a head. Answers false when HTTP/2 has no way to say it, such as a status above 599; nothing is sent then. */
  #respond(list: string[], options: ServerStreamResponseOptions): boolean {
    try {
      respond(this.#stream, list, options)
    } catch {
      return false
    }
    this.#state = State.Responding
    return true
  }

  sendData(bytes: Buffer, start: number, end: number): void {
    if (!this.#isWritable(State.Responding)) return
    const isCongested = !this.#stream.write(this.#kept(bytes, start, end))
    if (!isCongested || this.#hearsDrain) return
    this.#hearsDrain = true
    this.#stream.on('drain', () => this.#exchange?.onDownstreamDrain())
  }

  /** The bytes in a buffer that stays as it is until they are sent. */
  #kept(bytes: Buffer, start: number, end: number): Buffer {
    if (end - start <= COPY_BYTES_MAX) return Buffer.from(bytes.subarray(start, end))
    this.#isHolding = true
    return bytes.subarray(start, end)
  }

  sendEnd(trailers: TrailerSection | null): void {
    if (!this.#isWritable(State.Responding)) return
    this.#responseTrailers = trailers
    this.#state = State.Answered
    this.#stream.end()
  }

  #end(bytes: Buffer, start: number, end: number): void {
    this.#state = State.Answered
    this.#isOneWrite = true
    this.#stream.end(this.#kept(bytes, start, end))
  }

  /** The last byte of the body left, and node asks what follows. */
  #onWantTrailers(): void {
    this.#awaitsTrailers = false
    try {
      sendFields(trailerFields(this.#responseTrailers), (list) => this.#stream.sendTrailers(toObject(list)))
    } catch {
      return this.#stream.close(H2Code.InternalError)
    }
    this.#onFinish()
  }

  sendReply(exchange: Exchange, status: number, fields: string, body: string | Uint8Array): void {
    if (!this.#isWritable(State.Waiting)) return
    sendText(
      this.#stream,
      status,
      fields,
      exchange.request.method === 'HEAD' ? '' : body,
      Buffer.byteLength(body),
    )
    this.#state = State.Answered
  }

  /** HTTP/2 has no upgrades; the relay never asks for one on behalf of an HTTP/2 request. */
  switchToTunnel(): void {
    this.cut()
  }

  endTunnel(): void {}

  /** What is written in one turn of the event loop leaves together anyway. */
  cork(): void {}
  uncork(): void {}

  #isWritable(state: State): boolean {
    return this.#state === state && !this.#stream.closed && !this.#stream.destroyed
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  finish(exchange: Exchange): void {
    if (this.#exchange !== exchange) return
    this.#exchange = null
    this.#scope.heads.give(this.#head)
    if (this.#state === State.Closed) return
    if (this.#state !== State.Answered) return this.cut()
    this.#scope.wheel.arm(this, this.#scope.wheel.coarseNow + FLUSH_MS)
    if (!this.#isRequestWhole) this.#stopRequest()
    // What is still coming is thrown away. Without anything to come, the stream stays unread where the body is one write:
    // when a stream that was read to its end closes, node does not wait for the report of the last write, and makes an
    // error with its stack to say so to nobody (5 % of an exchange).
    if (!this.#isOneWrite || !this.#stream.endAfterHeaders) this.#stream.resume()
  }

  /** RFC 9113 section 8.1: after a complete response the client is told to stop sending, without an error. */
  #stopRequest(): void {
    this.#stopsRequest = true
    if (this.#stream.writableFinished) this.#onFinish()
    else this.#stream.on('finish', () => this.#onFinish())
  }

  /** What was written is out, except for trailers. */
  #onFinish(): void {
    if (this.#stopsRequest && !this.#awaitsTrailers) this.#resetBehindEnd(TURNS_MAX)
  }

  /**
   * A reset would overtake trailers that are not sent yet, and no event tells when they are: the state does. Should they
   * take longer than `turns` of the event loop, the deadline ends the stream.
   */
  #resetBehindEnd(turns: number): void {
    if (this.#stream.closed || this.#stream.destroyed) return
    if (this.#stream.state.localClose === 1) this.#stream.close(H2Code.NoError)
    else if (turns > 0) setImmediate(() => this.#resetBehindEnd(turns - 1))
  }

  cut(): void {
    if (this.#state === State.Closed) return
    this.#state = State.Closed
    // Not close(): that ends the body cleanly before it resets, when everything written is out.
    this.#stream.destroy(CUT)
  }

  /** The end of the answer did not leave: the client does not read. */
  override onDeadline(): void {
    this.#state = State.Closed
    if (this.#stream.closed) this.#stream.destroy()
    else this.#stream.close(H2Code.Cancel)
  }

  #onGone(): void {
    if (this.#state === State.Closed) return
    this.#state = State.Closed
    this.#exchange?.onClientGone()
    // After a reset with NO_ERROR node would keep the stream until all is read and written, which never happens.
    this.#stream.destroy()
  }

  #onClose(): void {
    this.#scope.wheel.disarm(this)
    this.#onGone()
    this.#onStreamClosed()
  }
}

function ignore(): void {}
