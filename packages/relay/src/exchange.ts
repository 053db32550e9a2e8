import type { RequestHead, ResponseHead, TrailerSection } from '@pilotlight/http1'
import { ExchangeClocks, Stage } from './exchange-clocks.ts'
import type { ExchangeScope } from './exchange-scope.ts'
import { type Failure, FAILURES, type Outcome } from './failure.ts'
import { HeldBody } from './held-body.ts'
import { ownFields } from './own-answer.ts'
import { isIdempotent, offers } from './request-rules.ts'
import type { Clocks, Downstream, Upstream, UpstreamStream } from './sides.ts'
import { Timed } from './timer-wheel.ts'
import { Tunnel } from './tunnel.ts'

/**
 *     Waiting ─► Connecting ─► Forwarding ─┬─► Responding ─► Done
 *        ▲           │             │       └─► Tunnel ─────► Done
 *        └── retry ──┴─────────────┘
 *     Waiting, Connecting, Forwarding ─► Replied (an answer of our own) ─► Done
 *
 * Request and response are two halves that advance on their own; `#settle` is the one place that sees both ended.
 */
export const Phase = {
  /** The service has not decided, or holds the request. Nothing is sent upstream. */
  Waiting: 0,
  /** An upstream was chosen and has not given a stream yet. */
  Connecting: 1,
  /** The request is on its way; no byte of the response went to the client. */
  Forwarding: 2,
  /** The final head went to the client. */
  Responding: 3,
  /** The connection was upgraded; bytes are copied both ways. */
  Tunnel: 4,
  /** An answer of our own was sent. */
  Replied: 5,
  /** `onDone` was called. */
  Done: 6,
} as const
/** One of {@link Phase}. */
export type Phase = (typeof Phase)[keyof typeof Phase]

/** How often an idle connection may turn out to be dead before it counts as a failure of the endpoint. */
const STALE_RETRIES_MAX = 3

/**
 * How long the half of an upgraded connection may be silent, ms, when we do not know its protocol. Of a WebSocket we do:
 * nothing but a close frame is left to be said.
 */
const HALF_CLOSED_MS = 60_000

const NO_CHUNKS: readonly Buffer[] = []

/** The stage of the clocks in each phase. */
const STAGES: readonly Stage[] = [
  Stage.Waiting,
  Stage.Dispatched,
  Stage.Dispatched,
  Stage.Responding,
  Stage.Tunnel,
  Stage.Responding,
  Stage.Responding,
]

/** One request and its response on their way through the relay, whatever the protocol on either side. */
export class Exchange extends Timed {
  readonly downstream: Downstream
  /** The request head; valid until `onDone` returned. */
  readonly request: RequestHead
  /** Anything the service wants to find again; the relay never looks at it. */
  context: unknown = null
  /** Status sent to the client, or 0 when none was. */
  status = 0
  /** Body bytes received from the client. */
  requestBytes = 0
  /** Body bytes received from the upstream or sent as an answer of our own. */
  responseBytes = 0
  /** Calls of `forward` so far. */
  attempts = 0
  /** How it ended; meaningful in `onDone`. */
  outcome: Outcome = 'ok'
  /** The last failure, or empty. */
  failure: Failure | '' = ''
  /** What there is to say about the last failure beside its name, for logs; may be empty, and name internals. */
  failureDetail = ''
  /** Where the current or last attempt went. */
  upstream: Upstream | null = null
  /** Whether the request body was received completely. */
  requestEnded = false
  /** Whether the service was asked. */
  hasBegun = false
  /** Trailers of a request whose end was reached before it was sent. */
  requestTrailers: TrailerSection | null = null
  /** Whether the response that is arriving was declined; see {@link declineResponse}. */
  isDeclined = false

  readonly #scope: ExchangeScope
  readonly #times: ExchangeClocks
  /** What stands in the wheel for it. */
  readonly #timed: Timed
  #body: HeldBody | null = null
  #holdBytes: number
  #isHearing = false
  #phase: Phase = Phase.Waiting
  #stream: UpstreamStream | null = null
  #responseEnded = false
  #isBeginning = false
  #staleRetries = 0
  #discardedBytes = 0
  #tunnel: Tunnel | null = null

  constructor(scope: ExchangeScope, downstream: Downstream, request: RequestHead) {
    super()
    this.#scope = scope
    this.downstream = downstream
    this.#timed = downstream.timed ?? this
    this.request = request
    this.#holdBytes = scope.holdBytes
    this.#times = new ExchangeClocks(scope.clocks, scope.wheel.now(), scope.wheel.tickMs)
  }

  /** Which clocks apply. The service may set its own in `onRequest`. */
  get clocks(): Clocks {
    return this.#times.clocks
  }
  set clocks(clocks: Clocks) {
    this.#times.clocks = clocks
  }

  /** When the head was complete, ms on the clock of {@link monotonicNow}. */
  get startedAt(): number {
    return this.#times.startedAt
  }

  /** When the last attempt was dispatched, or 0. */
  get dispatchedAt(): number {
    return this.#times.dispatchedAt
  }

  /** Body bytes received and not let go, from the first one on: what a stream sends when it sends the request. */
  get bufferedChunks(): readonly Buffer[] {
    return this.#body === null ? NO_CHUNKS : this.#body.chunks
  }

  /** Where the exchange stands. */
  get phase(): Phase {
    return this.#phase
  }

  /** Whether nothing of a response went to the client: it can still be answered or forwarded. */
  get isAnswerable(): boolean {
    return this.#phase <= Phase.Forwarding
  }

  /** Whether the client still waits for 100 before it sends the body. */
  get isAwaitingContinue(): boolean {
    return this.#times.continueAt > 0
  }

  // ── decisions of the service ────────────────────────────────────────────────────────────────────────────────────

  /** Asks the handler; called once by the downstream when the head, and the body bytes that came with it, were read. */
  begin(): void {
    if (this.request.expectsContinue && this.requestBytes === 0 && !this.requestEnded)
      this.#times.continueAt = Infinity
    this.hasBegun = true
    this.#isBeginning = true
    this.#scope.handler.onRequest(this)
    this.#isBeginning = false
    if (this.#phase === Phase.Waiting) this.#armClocks()
  }

  /**
   * Sends the request to `upstream`. Allowed while nothing was answered and no attempt is under way.
   * Throws when it is not, or when the body can no longer be sent from its beginning.
   */
  forward(upstream: Upstream): void {
    if (this.#phase !== Phase.Waiting)
      throw new Error(`forward in phase ${this.#phase}: it is allowed while waiting`)
    if (this.#body?.isBroken === true)
      throw new Error('forward after body bytes were dropped: ask canRetry first')
    this.upstream = upstream
    this.attempts++
    this.#phase = Phase.Connecting
    // Forwarded from within onRequest, as nearly always, it needs no second look at the clock.
    const times = this.#times
    times.dispatchedAt = this.#isBeginning ? times.startedAt : this.#scope.wheel.now()
    times.lastActivity = times.dispatchedAt
    this.#armClocks()
    upstream.acquire(this, false)
  }

  /** Whether `forward` may be called again after this failure without any risk that the request runs twice. */
  canRetry(failure: Failure): boolean {
    if (!this.isAnswerable || this.#body?.isBroken === true) return false
    const retry = FAILURES[failure].retry
    return retry === 'unsent' || (retry === 'idempotent' && isIdempotent(this.request))
  }

  /**
   * Bounds the body bytes that are buffered for this exchange, in place of the relay's `holdBytes`. Those that came already stay;
   * while it waits, no more are read than fit.
   */
  limitHolding(bytes: number): void {
    this.#holdBytes = bytes
    if (this.#body !== null) this.#body.bytesMax = bytes
    if (this.#phase !== Phase.Waiting || this.requestEnded) return
    this.downstream.setRequestReading(bytes > 0 && this.#body?.isFull !== true)
  }

  /**
   * Inside `onResponse`: the endpoint says that it did not begin this request. The client sees nothing of the response, and
   * `onFailure` follows with `endpoint-busy`. Answers false when the request could not be sent again: then it is the client's
   * answer like any other. Throws outside of `onResponse`.
   */
  declineResponse(): boolean {
    if (!this.#isHearing) throw new Error('declineResponse outside of onResponse')
    this.isDeclined = this.#body === null || !this.#body.isBroken
    return this.isDeclined
  }

  /**
   * Answers with a response of our own. `fields` are complete header lines, each ended by CRLF; `body` is text, sent as
   * UTF-8, or bytes, which must not change any more; `outcome` is what `onDone` will find. Does nothing when a response
   * has begun.
   */
  reply(status: number, fields: string, body: string | Uint8Array, outcome: Outcome = 'ok'): void {
    if (!this.isAnswerable) return
    this.#dropAttempt()
    this.#phase = Phase.Replied
    this.status = status
    this.outcome = outcome
    this.responseBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
    this.#responseEnded = true
    this.#body?.release()
    this.downstream.sendReply(this, status, fields, body)
    this.#settle()
  }

  /** Answers as the table of failures says, with Proxy-Status; cuts when a response has begun. */
  fail(failure: Failure, detail = ''): void {
    if (this.#phase === Phase.Done) return
    // The client has its answer; a cut could only take it away again.
    if (this.#responseEnded) return this.#finish()
    const row = FAILURES[failure]
    this.failure = failure
    if (!this.isAnswerable || row.status === 0) return this.#cut(row.outcome)
    const fields = ownFields(this.#scope.proxyName, row.proxyError)
    this.reply(row.status, fields, `${detail === '' ? row.text : detail}\n`, row.outcome)
  }

  // ── what the downstream reports ─────────────────────────────────────────────────────────────────────────────────

  /** Body bytes of the request, or bytes of a tunnel. */
  onRequestData(bytes: Buffer, start: number, end: number): void {
    this.#times.lastActivity = this.#scope.wheel.coarseNow
    this.requestBytes += end - start
    // Who sends its body does not wait for 100.
    this.#times.continueAt = 0
    const stream = this.#stream
    if (stream === null) return this.#onUnsentData(bytes, start, end)
    if (this.#phase === Phase.Forwarding) this.#held().keep(bytes, start, end)
    if (this.#tunnel === null) stream.sendData(bytes, start, end)
    else this.#tunnel.toEndpoint.send(bytes, start, end)
    if (stream.isCongested) this.downstream.setRequestReading(false)
  }

  #onUnsentData(bytes: Buffer, start: number, end: number): void {
    if (this.isAnswerable) {
      const body = this.#held()
      body.hold(bytes, start, end)
      if (body.isFull) this.downstream.setRequestReading(false)
      return
    }
    this.#discardedBytes += end - start
    if (this.#discardedBytes > this.#scope.lingerBytes) this.#finish()
    else this.#armClocks()
  }

  /** The request body is complete. */
  onRequestEnd(trailers: TrailerSection | null): void {
    this.requestEnded = true
    this.requestTrailers = trailers
    this.#times.continueAt = 0
    const stream = this.#stream
    // A stream whose response has ended is its own again once it has our end.
    if (this.#responseEnded) this.#stream = null
    if (stream !== null) stream.sendEnd(trailers)
    this.#settle()
  }

  /** The request body broke a rule; the connection can only be closed. `status` is the answer if one is possible. */
  onRequestRefused(status: number, text: string): void {
    if (this.#phase === Phase.Done) return
    // The client has its answer; a cut could only take it away again.
    if (this.#responseEnded) return this.#finish()
    this.failure = 'request-refused'
    if (!this.isAnswerable) return this.#cut('refused')
    const fields = ownFields(this.#scope.proxyName, 'http_request_error')
    this.reply(status, fields, `${text}\n`, 'refused')
    if ((this.#phase as Phase) !== Phase.Done) this.#finish()
  }

  /** The client closed, reset or cancelled. */
  onClientGone(): void {
    if (this.#phase === Phase.Done) return
    if (!this.#responseEnded) {
      this.outcome = this.#phase === Phase.Tunnel ? 'ok' : 'client-gone'
      if (this.outcome === 'client-gone') this.failure = 'client-gone'
    }
    this.#finish()
  }

  /** The client's direction of a tunnel ended. */
  onTunnelEnd(): void {
    if (this.#phase === Phase.Tunnel && this.#stream !== null) {
      this.#tunnel!.toEndpoint.end()
      this.#countTunnelEnd()
    }
  }

  /** The client takes more bytes. */
  onDownstreamDrain(): void {
    this.#stream?.setResponseReading(true)
  }

  // ── what the upstream reports ───────────────────────────────────────────────────────────────────────────────────

  /** A stream is there; the request goes out on it. */
  onUpstreamReady(stream: UpstreamStream): void {
    this.#stream = stream
    this.#phase = Phase.Forwarding
    if (this.#times.continueAt === Infinity) {
      this.#times.continueAt = this.#scope.wheel.now() + this.#scope.continueMs
      this.#armClocks()
    }
    stream.sendRequest(this)
    if (stream.isHttp2 && this.#stream === stream) this.#continueAtOnce()
    if (!this.requestEnded && this.#stream === stream) this.downstream.setRequestReading(!stream.isCongested)
  }

  /** Towards HTTP/2 no Expect is sent: the endpoint takes or refuses a stream as a whole, and the window holds the body back. */
  #continueAtOnce(): void {
    if (this.#times.continueAt === 0) return
    this.#times.continueAt = 0
    this.downstream.sendContinue()
  }

  /** The attempt failed, before or after the response began. `isReused` says that the connection was not a new one. */
  onUpstreamFailure(failure: Failure, isReused = false, detail = ''): void {
    if (this.#phase === Phase.Done) return
    this.failureDetail = detail
    this.isDeclined = false
    this.#stream = null
    if (this.#phase === Phase.Connecting || this.#phase === Phase.Forwarding) {
      const mayBeStale = isReused && (failure === 'upstream-closed' || failure === 'stream-refused')
      if (mayBeStale && this.canRetry(failure) && this.#staleRetries++ < STALE_RETRIES_MAX)
        return this.#retryFresh()
      return this.#consultOn(failure)
    }
    if (this.#phase === Phase.Tunnel) return this.#cut('ok')
    // The response is complete and only the rest of the request is still coming: it is thrown away.
    if (this.#responseEnded) return this.#settle()
    this.failure = 'response-incomplete'
    this.#cut('upstream-failed')
  }

  /** An idle connection died under the request, as idle connections do: the same endpoint is asked again. */
  #retryFresh(): void {
    this.#phase = Phase.Connecting
    this.#readWhileWaiting()
    this.upstream!.acquire(this, true)
  }

  #consultOn(failure: Failure): void {
    this.failure = failure
    this.#phase = Phase.Waiting
    this.#readWhileWaiting()
    if (this.#scope.handler.onFailure(this, failure)) {
      // The service may go on waiting after any clock; the last one is told once.
      if (this.#phase === Phase.Waiting && failure !== 'total-timeout') this.#armClocks()
      return
    }
    if (this.#phase === Phase.Waiting) this.fail(failure)
  }

  #readWhileWaiting(): void {
    if (!this.requestEnded) this.downstream.setRequestReading(!this.#held().isFull)
  }

  /** An interim response arrived. */
  onInterim(head: ResponseHead): void {
    this.#times.lastActivity = this.#scope.wheel.coarseNow
    if (this.#phase !== Phase.Forwarding || this.downstream.isCongested) return
    if (head.status === 100) this.#times.continueAt = 0
    this.downstream.sendInterim(head)
  }

  /**
   * The final head arrived, with the first body bytes. `isComplete` says that they are the whole body. A stream whose response
   * was declined reports that as its failure once it let go of the exchange.
   */
  onResponse(head: ResponseHead, bytes: Buffer, start: number, end: number, isComplete: boolean): void {
    this.#times.lastActivity = this.#scope.wheel.coarseNow
    this.#phase = Phase.Responding
    this.status = head.status
    this.failure = ''
    this.responseBytes = end - start
    this.#isHearing = true
    this.#scope.handler.onResponse(this, head)
    this.#isHearing = false
    // The service may have declined it, or given up on it, in the hook.
    if (this.#phase !== Phase.Responding) return
    if (this.isDeclined) return this.#forgetResponse()
    this.#body?.release()
    this.downstream.sendResponse(this, head, bytes, start, end, isComplete)
    if (isComplete || (this.#phase as Phase) !== Phase.Responding) return
    this.#armClocks()
    if (this.downstream.isCongested) this.#stream?.setResponseReading(false)
  }

  #forgetResponse(): void {
    this.#phase = Phase.Forwarding
    this.status = 0
    this.responseBytes = 0
  }

  /** The client's protocol has no way to say the head of `sendResponse`; nothing of it was sent. */
  onResponseUnsendable(): void {
    this.#dropAttempt()
    this.#phase = Phase.Waiting
    this.fail('response-refused')
  }

  /** Body bytes of the response, or bytes of a tunnel. */
  onResponseData(bytes: Buffer, start: number, end: number): void {
    this.#times.lastActivity = this.#scope.wheel.coarseNow
    this.responseBytes += end - start
    if (this.#tunnel === null) this.downstream.sendData(bytes, start, end)
    else this.#tunnel.toClient.send(bytes, start, end)
    if (this.downstream.isCongested) this.#stream?.setResponseReading(false)
  }

  /** The body ended after `onResponseData`; the end must still be sent. */
  onResponseEnd(trailers: TrailerSection | null): void {
    if (this.#phase === Phase.Responding) this.downstream.sendEnd(trailers)
  }

  /** The stream is finished with the response; when `isReleased`, it is also no longer ours to send on. */
  onResponseDone(isReleased: boolean): void {
    if (this.#phase === Phase.Done) return
    this.#responseEnded = true
    if (isReleased) this.#stream = null
    this.#settle()
  }

  /** The upstream switched protocols. Answers whether the tunnel stands. */
  onSwitch(head: ResponseHead): boolean {
    if (!offers(this.request.upgrade, head.upgrade)) {
      this.#stream = null
      this.#consultOn('upgrade-mismatch')
      return false
    }
    this.#phase = Phase.Tunnel
    this.status = 101
    this.#times.lastActivity = this.#scope.wheel.now()
    if (this.clocks.tunnelMs > 0) this.#times.tunnelEndsAt = this.#times.lastActivity + this.clocks.tunnelMs
    this.#scope.handler.onResponse(this, head)
    if ((this.#phase as Phase) === Phase.Done) return false
    this.#armClocks()
    this.#tunnel = new Tunnel(head.upgrade, this.downstream, this.#stream!)
    this.downstream.switchToTunnel(this, head)
    if (this.#phase === Phase.Tunnel) this.#scope.tunnels.add(this)
    return this.#phase === Phase.Tunnel
  }

  /** The upstream's direction of a tunnel ended. */
  onUpstreamTunnelEnd(): void {
    if (this.#phase !== Phase.Tunnel) return
    this.#tunnel!.toClient.end()
    this.#countTunnelEnd()
  }

  /** Asks both ends of a tunnel to end it; what is left of it after `ms` is cut. */
  closeTunnel(ms: number): void {
    if (this.#phase !== Phase.Tunnel) return
    const endsAt = this.#scope.wheel.now() + ms
    const times = this.#times
    times.tunnelEndsAt = times.tunnelEndsAt > 0 ? Math.min(times.tunnelEndsAt, endsAt) : endsAt
    this.#tunnel!.close()
    this.#armClocks()
  }

  /** The upstream takes more bytes. */
  onUpstreamDrain(): void {
    if (!this.requestEnded || this.#phase === Phase.Tunnel) this.downstream.setRequestReading(true)
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends the exchange when both halves have; decides what becomes of a request that is still being sent. */
  #settle(): void {
    if (!this.#responseEnded || this.#phase === Phase.Done) return
    if (this.requestEnded) return this.#finish()
    // A client that still waits for 100 will not send the body any more.
    if (this.#times.continueAt > 0) return this.#finish()
    // A stream can be stopped without losing the answer: without a reader there is nothing to wait for.
    if (this.#stream === null && this.downstream.isHttp2) return this.#finish()
    // Answered early. An application may read on after its answer, so the upload goes on while it moves; without
    // a reader the rest is thrown away, within bounds, so that the client gets to read the answer before we close.
    this.downstream.setRequestReading(true)
    this.#times.lingerMs = this.#scope.lingerMs
    this.#times.lastActivity = this.#scope.wheel.now()
    this.#armClocks()
  }

  #countTunnelEnd(): void {
    const tunnel = this.#tunnel!
    if (++tunnel.ends < 2) return this.#awaitSecondEnd(tunnel)
    // Both sides flush what they still have and close by themselves.
    const stream = this.#stream
    this.#stream = null
    stream!.finishTunnel()
    this.#finish()
  }

  /** The other side may go on for as long as it says something: half of a tunnel must not hold what was taken for ever. */
  #awaitSecondEnd(tunnel: Tunnel): void {
    this.#times.lingerMs = tunnel.isWebSocket ? this.#scope.lingerMs : HALF_CLOSED_MS
    this.#times.lastActivity = this.#scope.wheel.now()
    this.#armClocks()
  }

  #cut(outcome: Outcome): void {
    this.outcome = outcome
    this.downstream.cut()
    this.#finish()
  }

  #finish(): void {
    if (this.#phase === Phase.Done) return
    this.#dropAttempt()
    this.#phase = Phase.Done
    if (this.#timed === this) this.#scope.wheel.disarm(this)
    this.#body?.release()
    if (this.#tunnel !== null) this.#scope.tunnels.delete(this)
    if (this.hasBegun) this.#scope.handler.onDone(this)
    this.downstream.finish(this)
  }

  #held(): HeldBody {
    return (this.#body ??= new HeldBody(this.#holdBytes))
  }

  #dropAttempt(): void {
    const stream = this.#stream
    this.#stream = null
    if (stream !== null) stream.abandon(this)
    else if (this.#phase === Phase.Connecting) this.upstream!.withdraw(this)
  }

  // ── clocks ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #armClocks(): void {
    const at = this.#times.next(STAGES[this.#phase])
    if (at !== Infinity) this.#scope.wheel.arm(this.#timed, at)
  }

  /** The wheel found a deadline passed. It may be one that was put off since. */
  override onDeadline(now: number): void {
    if (this.#times.continueAt > 0 && this.#times.continueAt <= now && this.isAnswerable) {
      this.#times.continueAt = 0
      this.downstream.sendContinue()
    }
    const failure = this.#times.expired(STAGES[this.#phase], now)
    if (failure === '') return this.#armClocks()
    // The answer is complete; only an upload nobody needs is given up.
    if (failure === 'lingered' || this.#responseEnded) return this.#finish()
    if (failure === 'tunnel-timeout' && this.#tunnel!.isClosing) return this.fail('cut')
    if (!this.isAnswerable) {
      this.failure = failure
      return this.#cut('timeout')
    }
    this.#dropAttempt()
    this.#times.isOverdue = true
    this.#consultOn(failure)
  }
}
