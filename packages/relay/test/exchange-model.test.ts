import type { ResponseHead, TrailerSection } from '@pilotlight/http1'
import t from 'tap'
import { Exchange, Phase } from '../src/exchange.ts'
import type { ExchangeScope } from '../src/exchange-scope.ts'
import type { Failure, Outcome } from '../src/failure.ts'
import type { Clocks, ExchangeHandler } from '../src/sides.ts'
import { TimerWheel } from '../src/timer-wheel.ts'
import { Tunnels } from '../src/tunnels.ts'
import {
  Journal,
  requestHead,
  responseHead,
  ScriptedDownstream,
  ScriptedStream,
  ScriptedUpstream,
  trailerSection,
} from './support/exchange-doubles.ts'
import { Dice, runs, SEED } from './support/model-settings.ts'

const TICK_MS = 50
const METHODS = ['GET', 'POST', 'PUT', 'PATCH'] as const
const CLOCKS_OFF = {
  queueMs: 0,
  responseStartMs: 0,
  responseStartIncludesQueue: false,
  idleMs: 0,
  totalMs: 0,
  tunnelMs: 0,
}
/** Failures of an attempt that got no connection. */
const UNCONNECTED: readonly Failure[] = ['connect-refused', 'connect-timeout', 'connect-failed', 'tls-failed']

/**
 * One real exchange between a scripted client, a scripted endpoint and a service that decides at random, on a clock of
 * its own. Only orders of events are generated that the real connections can produce.
 */
class World implements ExchangeHandler {
  readonly journal = new Journal()
  readonly dice: Dice
  readonly wheel: TimerWheel
  readonly downstream: ScriptedDownstream
  readonly upstream: ScriptedUpstream
  readonly exchange: Exchange
  readonly streams: ScriptedStream[] = []
  done = 0
  nowMs = 1000

  readonly #scope: ExchangeScope
  /** The request body as the client sent it so far. */
  #body = ''
  #trailers: TrailerSection | null = null
  /** Response bytes that the endpoint gave so far. */
  #delivered = ''
  #tunnelSent = ''
  #isClientGone = false
  #isClientTunnelEnded = false
  #lastMoveMs = 0
  #readyMs = 0

  constructor(seed: number) {
    const dice = new Dice(seed)
    this.dice = dice
    this.wheel = new TimerWheel(TICK_MS, () => this.nowMs)
    this.#scope = {
      handler: this,
      wheel: this.wheel,
      tunnels: new Tunnels(),
      clocks: randomClocks(dice),
      holdBytes: dice.pick([0, 1, 40, 200, 100_000]),
      lingerMs: dice.pick([100, 2000]),
      lingerBytes: dice.pick([0, 50, 100_000]),
      continueMs: dice.pick([100, 1000]),
      proxyName: 'model',
    }
    this.downstream = new ScriptedDownstream(this.journal, dice, dice.chance(25))
    this.downstream.onContinue = () => {
      this.journal.check(
        this.#body === '' && !this.exchange.requestEnded,
        '100 for a body that is already here',
      )
    }
    this.upstream = new ScriptedUpstream(this.journal)
    this.upstream.atOnce = (_, fresh) => this.#acquireAtOnce(fresh)
    const fields: string[] = []
    const method = dice.pick(METHODS)
    if (dice.chance(15)) fields.push('Idempotency-Key: 1')
    const isUpgrade = dice.chance(15)
    if (isUpgrade) fields.push('Connection: upgrade', 'Upgrade: websocket')
    const hasBody = !isUpgrade && dice.chance(70)
    if (hasBody) fields.push('Transfer-Encoding: chunked')
    if (hasBody && dice.chance(30)) fields.push('Expect: 100-continue')
    this.exchange = new Exchange(this.#scope, this.downstream, requestHead(method, fields))
    if (isUpgrade && dice.chance(30)) this.downstream.early = this.#tunnelBytes()
    this.journal.note(
      `${method} ${fields.join(', ')} hold ${this.#scope.holdBytes} ${JSON.stringify(this.#scope.clocks)}`,
    )
    this.#begin(hasBody)
  }

  /** As the connection does it: body bytes that came with the head first, then the service is asked. */
  #begin(hasBody: boolean): void {
    if (!hasBody) this.#endRequest()
    else if (this.dice.chance(40)) this.#readRequest()
    if (this.exchange.isAnswerable) this.exchange.begin()
  }

  // ── the service ─────────────────────────────────────────────────────────────────────────────────────────────────

  onRequest(): void {
    this.journal.note('onRequest')
    this.#decide()
  }

  #decide(): void {
    switch (this.dice.below(8)) {
      case 0:
        return this.exchange.reply(200, '', 'ours', 'ok')
      case 1:
        return this.exchange.fail('cut')
      case 2:
      case 3:
        return
      default:
        this.exchange.forward(this.upstream)
    }
  }

  onResponse(exchange: Exchange, head: ResponseHead): void {
    this.journal.note(`onResponse ${head.status}`)
    if (this.dice.chance(4)) exchange.fail('cut')
  }

  onFailure(exchange: Exchange, failure: Failure): boolean {
    this.journal.note(`onFailure ${failure}`)
    this.journal.check(
      exchange.failure === failure,
      `failure is ${exchange.failure} in onFailure of ${failure}`,
    )
    this.journal.check(exchange.phase === Phase.Waiting, `phase ${exchange.phase} in onFailure`)
    this.#checkDue(failure)
    const roll = this.dice.below(10)
    if (roll < 3) return false
    if (roll < 6 && exchange.canRetry(failure)) {
      exchange.forward(this.upstream)
      return true
    }
    // A service that never answers after the last clock would hold for ever: that one is up to it.
    if (roll < 8 && failure !== 'total-timeout') return true
    exchange.reply(503, '', 'ours', 'upstream-failed')
    return true
  }

  onDone(exchange: Exchange): void {
    this.journal.note(`onDone ${exchange.outcome} ${exchange.failure} ${exchange.status}`)
    this.journal.check(++this.done === 1, 'onDone twice')
    this.journal.check(exchange.hasBegun, 'onDone of an exchange that did not begin')
    this.journal.check(this.#stream === undefined, 'onDone with a live stream')
    this.journal.check(this.upstream.pending === null, 'onDone with an unanswered acquire')
    this.journal.check(this.wheel.armed === 0, 'onDone with a deadline armed')
    if (exchange.outcome === 'timeout' && exchange.failure !== '' && this.downstream.isCut)
      this.#checkDue(exchange.failure)
    this.#checkOutcome(exchange.outcome)
  }

  #checkOutcome(outcome: Outcome): void {
    const { downstream } = this
    if (downstream.isReply || downstream.isTunnel) return
    if (downstream.hasAnswer) this.journal.check(outcome === 'ok', `outcome ${outcome} of a complete answer`)
    else this.journal.check(outcome !== 'ok', 'outcome ok without a complete answer')
  }

  /** No clock may run out early. */
  #checkDue(failure: Failure): void {
    const { clocks, startedAt, dispatchedAt } = this.exchange
    const from = clocks.responseStartIncludesQueue ? startedAt : dispatchedAt
    const due: Partial<Record<Failure, number>> = {
      'queue-timeout': startedAt + clocks.queueMs,
      'response-start-timeout': from + clocks.responseStartMs,
      'total-timeout': startedAt + clocks.totalMs,
      'idle-timeout': this.#lastMoveMs + clocks.idleMs,
    }
    const at = due[failure]
    if (at !== undefined && at > this.nowMs) this.journal.fault(`${failure} ${at - this.nowMs} ms early`)
  }

  // ── what the client does ────────────────────────────────────────────────────────────────────────────────────────

  get #isOver(): boolean {
    return this.exchange.phase === Phase.Done || this.downstream.finished > 0
  }

  #bytes(length: number): Buffer {
    let text = ''
    for (let i = 0; i < length; i++) text += String.fromCharCode(97 + ((this.#body.length + i) % 26))
    this.#body += text
    return Buffer.from(text)
  }

  #tunnelBytes(): Buffer {
    const text = `<${this.#tunnelSent.length}>`
    this.#tunnelSent += text
    return Buffer.from(text)
  }

  /** One read: some pieces of the body, perhaps its end, perhaps something that is no body. */
  #readRequest(): void {
    for (let piece = this.dice.below(4); piece > 0 && !this.#isOver; piece--) {
      const bytes = this.#bytes(1 + this.dice.below(60))
      this.journal.note(`client sends ${bytes.length}`)
      this.#lastMoveMs = this.nowMs
      this.exchange.onRequestData(bytes, 0, bytes.length)
    }
    if (this.#isOver) return
    if (this.dice.chance(30)) this.#endRequest()
    else if (this.dice.chance(4)) {
      this.journal.note('client sends no body')
      this.#isClientGone = true
      this.exchange.onRequestRefused(400, 'bad chunk')
    }
  }

  #endRequest(): void {
    this.#trailers = this.dice.chance(20) ? trailerSection() : null
    this.journal.note('client ends its request')
    this.exchange.onRequestEnd(this.#trailers)
  }

  #clientEvents(): (() => void)[] {
    if (this.#isOver || this.downstream.isCut || this.#isClientGone) return []
    const events: (() => void)[] = []
    const { downstream, exchange } = this
    if (downstream.isCongested) {
      events.push(() => {
        this.journal.note('client drains')
        downstream.isCongested = false
        exchange.onDownstreamDrain()
      })
    }
    if (downstream.isTunnel) events.push(...this.#clientTunnelEvents())
    else if (!exchange.requestEnded && downstream.isReading) events.push(() => this.#readRequest())
    if (this.dice.chance(12)) events.push(() => this.leave())
    return events
  }

  #clientTunnelEvents(): (() => void)[] {
    if (this.#isClientTunnelEnded || !this.downstream.isReading) return []
    return [
      () => {
        const bytes = this.#tunnelBytes()
        this.journal.note('client sends into the tunnel')
        this.#lastMoveMs = this.nowMs
        this.exchange.onRequestData(bytes, 0, bytes.length)
      },
      () => {
        this.journal.note('client ends its side of the tunnel')
        this.#isClientTunnelEnded = true
        this.exchange.onTunnelEnd()
      },
    ]
  }

  /** The client closes or resets. */
  leave(): void {
    if (this.#isOver || this.downstream.isCut || this.#isClientGone) return
    this.journal.note('client leaves')
    this.#isClientGone = true
    this.exchange.onClientGone()
    this.journal.check(this.#isOver, 'the exchange goes on without its client')
  }

  // ── what the endpoint does ──────────────────────────────────────────────────────────────────────────────────────

  get #stream(): ScriptedStream | undefined {
    return this.streams.find((stream) => stream.isLive)
  }

  #acquireAtOnce(fresh: boolean): boolean {
    const roll = this.dice.below(10)
    if (roll < 4) this.#becomeReady(fresh)
    else if (roll < 5) this.#refuseConnection()
    return roll < 5
  }

  #becomeReady(fresh: boolean): void {
    this.upstream.pending = null
    const stream = new ScriptedStream(this.journal, this.dice, !fresh && this.dice.chance(60))
    this.journal.note(`endpoint ready${stream.isReused ? ', reused' : ''}`)
    this.journal.check(this.#stream === undefined, 'a second stream')
    this.streams.push(stream)
    this.#readyMs = this.nowMs
    this.exchange.onUpstreamReady(stream)
  }

  #refuseConnection(): void {
    this.upstream.pending = null
    const failure = this.dice.pick(UNCONNECTED)
    this.journal.note(`endpoint ${failure}`)
    this.exchange.onUpstreamFailure(failure)
  }

  #upstreamEvents(): (() => void)[] {
    const { pending } = this.upstream
    if (pending !== null) return [() => this.#becomeReady(pending.fresh), () => this.#refuseConnection()]
    const stream = this.#stream
    if (stream === undefined) return []
    const events = this.dice.chance(25) ? [() => this.#breakStream(stream)] : []
    if (stream.isCongested) {
      events.push(() => {
        this.journal.note('endpoint drains')
        stream.isCongested = false
        this.exchange.onUpstreamDrain()
      })
    }
    if (stream.isReading) events.push(...this.#readEvents(stream))
    return events
  }

  #readEvents(stream: ScriptedStream): (() => void)[] {
    switch (stream.state) {
      case 'head':
        return [() => this.#interim(), () => this.#respond(stream), () => this.#switch(stream)]
      case 'body':
        return [
          () => this.#respondMore(stream),
          () => this.#respondMore(stream),
          () => this.#endResponse(stream),
        ]
      case 'tunnel':
        if (stream.upstreamTunnelEnded) return []
        return [() => this.#respondMore(stream), () => this.#endUpstreamTunnel(stream)]
      default:
        return []
    }
  }

  #interim(): void {
    const head = responseHead(this.dice.pick([100, 102, 103]))
    this.journal.note(`endpoint sends ${head.status}`)
    this.#lastMoveMs = this.nowMs
    this.exchange.onInterim(head)
  }

  #responseBytes(): Buffer {
    const text = `[${this.#delivered.length}]`
    this.#delivered += text
    this.#lastMoveMs = this.nowMs
    return Buffer.from(text)
  }

  #respond(stream: ScriptedStream): void {
    const isComplete = this.dice.chance(40)
    this.#lastMoveMs = this.nowMs
    const bytes = this.dice.chance(50) ? this.#responseBytes() : Buffer.alloc(0)
    this.journal.note(`endpoint responds${isComplete ? ' in full' : ''}`)
    stream.state = 'body'
    this.exchange.onResponse(responseHead(200), bytes, 0, bytes.length, isComplete)
    if (isComplete) this.#complete(stream)
  }

  #respondMore(stream: ScriptedStream): void {
    for (let piece = 1 + this.dice.below(3); piece > 0 && stream.isLive; piece--) {
      const bytes = this.#responseBytes()
      this.journal.note('endpoint sends data')
      this.exchange.onResponseData(bytes, 0, bytes.length)
    }
  }

  #endResponse(stream: ScriptedStream): void {
    this.journal.note('endpoint ends its response')
    this.exchange.onResponseEnd(null)
    this.#complete(stream)
  }

  #complete(stream: ScriptedStream): void {
    if (stream.state !== 'body') return
    const isReleased = stream.isRequestSent || !stream.isReusable
    stream.state = isReleased ? 'released' : 'uploading'
    this.journal.note(`endpoint is done${isReleased ? '' : ', the upload goes on'}`)
    this.exchange.onResponseDone(isReleased)
  }

  #breakStream(stream: ScriptedStream): void {
    const failure =
      stream.state === 'uploading' || this.dice.chance(80) ? 'upstream-closed' : 'response-refused'
    this.journal.note(`endpoint fails: ${failure}`)
    const isReused = stream.isReused && stream.state === 'head'
    stream.state = 'failed'
    this.exchange.onUpstreamFailure(failure, isReused)
  }

  #switch(stream: ScriptedStream): void {
    const isAsked = this.exchange.request.upgrade !== ''
    if (!isAsked && !this.dice.chance(10)) return
    const protocol = this.dice.chance(80) ? 'websocket' : 'other'
    this.journal.note(`endpoint switches to ${protocol}`)
    // Where the tunnel cannot stand the endpoint's side closes by itself.
    stream.state = isAsked && protocol === 'websocket' ? 'tunnel' : 'failed'
    this.#lastMoveMs = this.nowMs
    const stands = this.exchange.onSwitch(responseHead(101, ['Connection: upgrade', `Upgrade: ${protocol}`]))
    if (!stands) return
    this.journal.check(stream.isLive, 'a tunnel that was not asked for')
    if (this.dice.chance(40)) this.#respondMore(stream)
  }

  #endUpstreamTunnel(stream: ScriptedStream): void {
    this.journal.note('endpoint ends its side of the tunnel')
    stream.upstreamTunnelEnded = true
    this.exchange.onUpstreamTunnelEnd()
  }

  // ── the schedule ────────────────────────────────────────────────────────────────────────────────────────────────

  /** One event, chosen among those that can happen now. */
  step(): void {
    const events = [...this.#clientEvents(), ...this.#upstreamEvents()]
    if (!this.#isOver && this.exchange.hasBegun) {
      if (this.exchange.phase === Phase.Waiting)
        events.push(
          () => this.#decideLater(),
          () => this.#decideLater(),
        )
      if (this.dice.chance(4)) events.push(() => this.#intervene())
    }
    if (events.length === 0 || this.dice.chance(20)) this.advance(this.dice.pick([10, 60, 200, 1500]))
    else this.dice.pick(events)()
    this.checkNow()
  }

  #decideLater(): void {
    this.journal.note('service decides')
    if (this.exchange.phase !== Phase.Waiting) return
    // What a service that forwards once more has to ask first.
    if (this.exchange.attempts === 0 || this.exchange.canRetry('connect-refused')) this.#decide()
    else this.exchange.reply(502, '', 'ours', 'upstream-failed')
  }

  /** A service may answer or give up at any time. */
  #intervene(): void {
    const isFailure = this.dice.chance(50)
    this.journal.note(`service intervenes: ${isFailure ? 'fail' : 'reply'}`)
    if (isFailure) this.exchange.fail('cut')
    else this.exchange.reply(429, '', 'ours', 'refused')
  }

  advance(ms: number): void {
    this.journal.note(`clock +${ms}`)
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs = Math.min(end, this.nowMs + TICK_MS)
      this.wheel.advance()
    }
  }

  // ── what must always hold ───────────────────────────────────────────────────────────────────────────────────────

  checkNow(): void {
    const { journal, exchange, downstream } = this
    for (const stream of this.streams) this.#checkReplay(stream)
    journal.check(
      this.#delivered.startsWith(downstream.received),
      'the client got other bytes than the endpoint sent',
    )
    if (this.#isOver) return this.#checkOver()
    if (downstream.heads > 0 && !downstream.isReply) {
      journal.check(downstream.received === this.#delivered, 'bytes of the response are missing')
    }
    this.#checkFlow()
    const { totalMs } = exchange.clocks
    if (
      totalMs > 0 &&
      !downstream.isTunnel &&
      this.nowMs > exchange.startedAt + totalMs + 2 * TICK_MS &&
      exchange.hasBegun
    ) {
      journal.check(!exchange.isAnswerable && downstream.hasAnswer, 'still unanswered after the total clock')
    }
  }

  #checkReplay(stream: ScriptedStream): void {
    const { journal } = this
    journal.check(this.#body.startsWith(stream.sent), 'the endpoint got another body than the client sent')
    journal.check(
      this.#tunnelSent.startsWith(stream.sentTunnel),
      'the endpoint got other bytes through the tunnel',
    )
    if (!stream.isRequestSent) return
    journal.check(stream.sent === this.#body, 'the request ended before its body did')
    if (stream.state !== 'tunnel')
      journal.check(stream.trailers === this.#trailers || stream.sentTunnel !== '', 'other trailers')
  }

  /** Nobody may wait for a reader that nothing will bring back. */
  #checkFlow(): void {
    const { journal, exchange, downstream } = this
    const stream = this.#stream
    if (!downstream.isCut && (downstream.isTunnel || !exchange.requestEnded)) {
      // A chunk counts for 128 bytes at least, see HeldBody.
      const buffered = exchange.bufferedChunks.reduce((sum, chunk) => sum + Math.max(chunk.length, 128), 0)
      const isHeld = exchange.phase <= Phase.Connecting && buffered >= this.#scope.holdBytes
      const isSlow = stream !== undefined && stream.isCongested
      journal.check(
        downstream.isReading || isHeld || isSlow,
        'the request is not read, and nothing will resume it',
      )
    }
    if (stream !== undefined && stream.state !== 'uploading') {
      journal.check(
        stream.isReading || downstream.isCongested,
        'the response is not read, and nothing will resume it',
      )
    }
    this.#checkContinue(stream)
  }

  /** A client that waits for 100 before it sends a byte must get one. */
  #checkContinue(stream: ScriptedStream | undefined): void {
    const { exchange, downstream } = this
    if (!exchange.request.expectsContinue || this.#body !== '' || exchange.requestEnded) return
    const isDue = this.nowMs > this.#readyMs + this.#scope.continueMs + 2 * TICK_MS
    if (exchange.phase === Phase.Forwarding && stream?.state === 'head' && isDue) {
      this.journal.check(downstream.continues > 0, 'the client still waits for 100')
    }
  }

  #checkOver(): void {
    const { journal, exchange } = this
    journal.check(this.done === (exchange.hasBegun ? 1 : 0), `onDone was called ${this.done} times`)
    journal.check(exchange.phase === Phase.Done, `phase ${exchange.phase} at the end`)
    journal.check(this.downstream.finished === 1, 'the connection was not told')
    journal.check(this.wheel.armed === 0, 'a deadline is armed at the end')
    journal.check(this.upstream.pending === null, 'an acquire is unanswered at the end')
    journal.check(this.#stream === undefined, 'a stream is live at the end')
    journal.check(exchange.bufferedChunks.length === 0, 'body bytes are kept at the end')
  }

  /** Ends it as it must end: by its clock, or by its client. */
  finish(): void {
    const { exchange } = this
    const { totalMs } = exchange.clocks
    if (totalMs > 0 && this.dice.chance(50)) {
      this.advance(totalMs + 3 * TICK_MS)
      this.checkNow()
      const isUpTo = exchange.phase === Phase.Tunnel || !exchange.hasBegun
      if (!isUpTo) this.advance(this.#scope.lingerMs + 3 * TICK_MS)
      if (!isUpTo) this.journal.check(this.#isOver, 'alive after the total clock')
    }
    this.leave()
    this.checkNow()
    this.journal.check(this.#isOver || this.#isClientGone, 'alive without a client')
  }
}

function randomClocks(dice: Dice): Clocks {
  const ms = (): number => (dice.chance(40) ? 50 + dice.below(3000) : 0)
  return {
    ...CLOCKS_OFF,
    queueMs: ms(),
    responseStartMs: ms(),
    responseStartIncludesQueue: dice.chance(50),
    idleMs: ms(),
    totalMs: dice.chance(70) ? 200 + dice.below(6000) : 0,
    tunnelMs: ms(),
  }
}

t.test('no order of events breaks what an exchange promises', async (t) => {
  const count = runs(6000)
  const seen = { retried: 0, tunnels: 0, replies: 0, answers: 0, cuts: 0 }
  for (let run = 0; run < count; run++) {
    const seed = SEED + run
    const world = new World(seed)
    let thrown = ''
    try {
      for (let step = 0; step < 60 && world.journal.faults.length === 0; step++) world.step()
      if (world.journal.faults.length === 0) world.finish()
    } catch (error) {
      thrown = (error as Error).stack ?? String(error)
    }
    if (world.journal.faults.length > 0 || thrown !== '') {
      t.fail(`seed ${seed}: ${world.journal.faults[0] ?? thrown}`, { journal: world.journal.lines, thrown })
      return
    }
    if (world.streams.length > 1) seen.retried++
    if (world.downstream.isTunnel) seen.tunnels++
    if (world.downstream.isReply) seen.replies++
    else if (world.downstream.hasAnswer) seen.answers++
    if (world.downstream.isCut) seen.cuts++
  }
  t.comment(`${count} schedules: ${JSON.stringify(seen)}`)
  if (count < 1000) return
  for (const [what, times] of Object.entries(seen)) t.ok(times > count / 100, `${what}: ${times}`)
})
