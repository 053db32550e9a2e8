import { type Limits, ResponseHead } from '@pilotlight/http1'
import type { Socket } from 'node:net'
import { afterPoll } from './after-poll.ts'
import { type Address, addressName, dial, type Dialled, paceOf } from './dial.ts'
import type { PoolSettings } from './endpoint.ts'
import type { Exchange } from './exchange.ts'
import type { Failure } from './failure.ts'
import { type H2Owner, H2UpstreamSession, STREAMS_ASSUMED } from './h2-upstream-session.ts'
import type { Endpoint } from './sides.ts'
import type { TimerWheel } from './timer-wheel.ts'

/** Idle this long, a session is looked at before it carries a request that cannot be repeated, ms. */
const TRUST_MS = 1000

/** Number of spare response heads kept. */
const SPARE_HEADS_MAX = 64

/**
 * One endpoint that speaks HTTP/2, without TLS by prior knowledge. Streams go to the session that was opened first, and
 * further sessions are opened only while it is full, at most as many as an HTTP/1.1 pool keeps connections.
 */
export class H2Endpoint implements Endpoint, H2Owner {
  readonly name: string
  readonly scheme: 'http' | 'https'
  readonly limits: Readonly<Limits>
  readonly windowBytes: number
  readonly wheel: TimerWheel
  readonly #address: Address
  readonly #pool: PoolSettings
  readonly #sessions: H2UpstreamSession[] = []
  /** Exchanges without a stream, oldest first. */
  readonly #waiting: Exchange[] = []
  readonly #dials = new Set<() => void>()
  readonly #heads: ResponseHead[] = []
  /** How many streams the last session took at a time: how many exchanges a dial is expected to help. */
  #streamsExpected = STREAMS_ASSUMED
  /** Whether a session that may have died of old age is being looked at. */
  #isLooking = false
  #isClosed = false

  constructor(
    address: Address,
    pool: PoolSettings,
    wheel: TimerWheel,
    limits: Readonly<Limits>,
    windowBytes: number,
  ) {
    this.name = addressName(address)
    this.scheme = address.tls === undefined ? 'http' : 'https'
    this.#address =
      address.tls === undefined ? address : { ...address, tls: { ...address.tls, ALPNProtocols: ['h2'] } }
    this.#pool = pool
    this.wheel = wheel
    this.limits = limits
    this.windowBytes = windowBytes
  }

  get openConnections(): number {
    return this.#sessions.length
  }

  get idleConnections(): number {
    return this.#sessions.filter((session) => session.isIdle).length
  }

  get idleMs(): number {
    return this.#pool.idleMs
  }

  takeHead(): ResponseHead {
    return this.#heads.pop() ?? new ResponseHead(this.limits)
  }

  giveHead(head: ResponseHead): void {
    if (this.#heads.length < SPARE_HEADS_MAX) this.#heads.push(head)
  }

  // ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────

  acquire(exchange: Exchange, fresh: boolean): void {
    if (this.#isClosed) return exchange.onUpstreamFailure('connect-failed')
    const session = this.#waiting.length > 0 ? undefined : this.#sessionWithRoom(fresh)
    if (session === undefined) {
      this.#waiting.push(exchange)
      if (!this.#isLooking) this.#dialAsNeeded()
      return
    }
    const isOld = session.isIdle && session.mayBeStale && this.wheel.coarseNow - session.idleSince > TRUST_MS
    if (!isOld || exchange.canRetry('upstream-closed')) return session.open(exchange)
    // The event loop gets one turn: had the endpoint closed the session, that is known by then.
    this.#waiting.push(exchange)
    this.#isLooking = true
    afterPoll(() => {
      this.#isLooking = false
      this.#serve()
    })
  }

  withdraw(exchange: Exchange): void {
    const index = this.#waiting.indexOf(exchange)
    if (index >= 0) this.#waiting.splice(index, 1)
  }

  #sessionWithRoom(fresh: boolean): H2UpstreamSession | undefined {
    return this.#sessions.find((session) => session.room > 0 && !(fresh && session.mayBeStale))
  }

  onRoom(session: H2UpstreamSession): void {
    this.#streamsExpected = session.streamsMax
    this.#serve()
  }

  /** Gives streams to those who wait, oldest first, and dials for those who are left. */
  #serve(): void {
    while (this.#waiting.length > 0) {
      const session = this.#sessionWithRoom(true) ?? this.#sessionWithRoom(false)
      if (session === undefined) return this.#dialAsNeeded()
      session.open(this.#waiting.shift()!)
    }
  }

  // ── sessions ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Dials while those who wait are more than the dials under way will help. */
  #dialAsNeeded(): void {
    // An endpoint that takes no streams for now is not helped by more sessions.
    if (this.#isClosed || (this.#streamsExpected === 0 && this.#sessions.length > 0)) return
    const wanted = Math.ceil(this.#waiting.length / Math.max(1, this.#streamsExpected))
    const allowed = Math.max(1, this.#pool.idleMax) - this.#sessions.length
    while (this.#dials.size < Math.min(wanted, allowed)) this.#dial()
  }

  #dial(): void {
    const dialled: Dialled = (socket, failure, detail) => {
      this.#dials.delete(stop)
      if (socket === null) this.#onDialFailed(failure as Failure, detail)
      else this.#onDialled(socket)
    }
    const stop = dial(this.#address, null, dialled, paceOf(this.#pool.dialAttemptsMax))
    this.#dials.add(stop)
  }

  #onDialled(socket: Socket): void {
    if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2') {
      socket.on('error', ignore)
      socket.destroy()
      return this.#onDialFailed('tls-failed', 'the endpoint does not speak HTTP/2')
    }
    this.#sessions.push(new H2UpstreamSession(this, socket))
    this.#serve()
  }

  /** Fails those who wait, unless other dials are still under way. */
  #onDialFailed(failure: Failure, detail: string): void {
    if (this.#dials.size > 0) return
    for (const exchange of this.#waiting.splice(0)) exchange.onUpstreamFailure(failure, false, detail)
  }

  onClosed(session: H2UpstreamSession): void {
    const index = this.#sessions.indexOf(session)
    if (index >= 0) this.#sessions.splice(index, 1)
    // Its streams have failed by now; others may have waited for room on it.
    this.#serve()
  }

  /** Closes idle sessions and gives up dials; sessions with streams close when those are over. */
  close(): void {
    this.#isClosed = true
    for (const stop of this.#dials) stop()
    this.#dials.clear()
    for (const session of this.#sessions) session.close()
    for (const exchange of this.#waiting.splice(0)) exchange.onUpstreamFailure('connect-failed')
  }
}

function ignore(): void {}
