import type { Limits, ResponseHead } from '@pilotlight/http1'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Exchange } from './exchange.ts'
import { H2Code, http2, sessionOptions } from './h2-module.ts'
import { H2Upstream } from './h2-upstream.ts'
import { Timed, type TimerWheel } from './timer-wheel.ts'

/** What a session and its streams ask of the endpoint they belong to. */
export interface H2Owner {
  readonly name: string
  readonly scheme: string
  readonly limits: Readonly<Limits>
  readonly windowBytes: number
  readonly wheel: TimerWheel
  readonly idleMs: number
  takeHead(): ResponseHead
  giveHead(head: ResponseHead): void
  /** The session may take another stream. */
  onRoom(session: H2UpstreamSession): void
  /** The session is gone. */
  onClosed(session: H2UpstreamSession): void
}

/** Streams of a session whose peer has not said how many it takes; what nghttp2 assumes too. */
export const STREAMS_ASSUMED = 100

/** Streams after which a session is left: their ids end at 2^31. */
const STREAMS_MAX = 2 ** 30 - 2 ** 20

/** How long a session may take to close, ms. */
const CLOSE_MS = 5000

/** An HTTP/2 connection to an endpoint: many exchanges at a time. */
export class H2UpstreamSession extends Timed {
  readonly owner: H2Owner
  /** When it became idle, ms on the wheel's clock. */
  idleSince = 0
  readonly #session: ClientHttp2Session
  #streams = 0
  #opened = 0
  #streamsMax = STREAMS_ASSUMED
  /** Whether an exchange was completed on it. */
  #hasServed = false
  /** Whether the endpoint has answered since the session was idle; before, it may have died of old age unnoticed. */
  #isProven = false
  /** Streams above this id were never looked at, by the endpoint's own word. */
  #lastProcessedId = Infinity
  #isClosing = false
  /** Streams whose response has begun in this turn of the event loop and not ended. */
  #held: H2Upstream[] = []

  constructor(owner: H2Owner, socket: Socket) {
    super()
    this.owner = owner
    const options = sessionOptions(owner.limits, owner.windowBytes)
    // An endpoint that ended its side answers nothing more.
    socket.on('end', () => socket.destroy())
    // The authority is said by every request; this one only has to be a URL.
    const session = http2().connect('http://endpoint', { ...options, createConnection: () => socket })
    this.#session = session
    session.setLocalWindowSize(owner.windowBytes)
    session.on('remoteSettings', (settings) => {
      this.#streamsMax = settings.maxConcurrentStreams ?? STREAMS_ASSUMED
      this.owner.onRoom(this)
    })
    session.on('goaway', (code, lastId) => this.#onGoaway(code, lastId))
    // An error is always followed by close, where it is handled.
    session.on('error', ignore)
    session.on('close', () => this.#onClosed())
    this.#becomeIdle()
  }

  /** Streams that may be opened now. */
  get room(): number {
    if (this.#isClosing || this.#session.closed || this.#session.destroyed) return 0
    return this.#streamsMax - this.#streams
  }

  /** How many streams the endpoint takes at a time. */
  get streamsMax(): number {
    return this.#streamsMax
  }

  /** Whether no stream is open. */
  get isIdle(): boolean {
    return this.#streams === 0
  }

  /** Whether it may have died of old age without our knowing. */
  get mayBeStale(): boolean {
    return this.#hasServed && !this.#isProven
  }

  /** Opens a stream for an exchange, which sends its request on it at once. */
  open(exchange: Exchange): void {
    this.owner.wheel.disarm(this)
    this.#streams++
    if (++this.#opened >= STREAMS_MAX) this.#isClosing = true
    exchange.onUpstreamReady(new H2Upstream(this, this.#session, exchange, this.mayBeStale))
  }

  /** Tells the response of `stream` when all that this poll brought was read, should its end not be there before. */
  hold(stream: H2Upstream): void {
    if (this.#held.push(stream) === 1) setImmediate(tellHeld, this)
  }

  /** The poll is over. */
  tellHeld(): void {
    const held = this.#held
    this.#held = []
    for (const stream of held) stream.tell()
  }

  /** The endpoint answered. */
  onProven(): void {
    this.#isProven = true
  }

  /** An exchange was completed. */
  onServed(): void {
    this.#hasServed = true
  }

  onStreamClosed(): void {
    this.#streams--
    if (this.#streams === 0) this.#becomeIdle()
    this.owner.onRoom(this)
  }

  #becomeIdle(): void {
    const { idleMs, wheel } = this.owner
    this.#isProven = false
    this.idleSince = wheel.coarseNow
    if (this.#isClosing) this.close()
    else wheel.arm(this, this.idleSince + wheel.tickMs + idleMs)
  }

  /** Whether the endpoint said that it never looked at this stream. */
  isUnprocessed(stream: ClientHttp2Stream): boolean {
    return (stream.id ?? Infinity) > this.#lastProcessedId
  }

  /** After a GOAWAY there are no new streams; node closes the session when the last one ends, or at once on an error. */
  #onGoaway(code: number, lastId: number): void {
    this.#lastProcessedId = lastId
    this.#isClosing = true
    if (code === H2Code.NoError && this.#streams === 0) this.close()
    this.owner.onRoom(this)
  }

  override onDeadline(): void {
    if (this.#isClosing) this.#session.destroy()
    else this.close()
  }

  /** Takes no more streams, and closes when the last one has. */
  close(): void {
    this.#isClosing = true
    if (this.#session.destroyed) return
    this.#session.close()
    if (this.#streams === 0) this.owner.wheel.arm(this, this.owner.wheel.now() + CLOSE_MS)
  }

  #onClosed(): void {
    this.#isClosing = true
    this.owner.wheel.disarm(this)
    this.owner.onClosed(this)
  }
}

function tellHeld(session: H2UpstreamSession): void {
  session.tellHeld()
}

function ignore(): void {}
