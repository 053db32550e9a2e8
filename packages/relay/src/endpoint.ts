import { DEFAULT_LIMITS, type Limits } from '@pilotlight/http1'
import type { Socket } from 'node:net'
import { afterPoll } from './after-poll.ts'
import { type Address, addressName, dial, type Dialled, type DialPace, paceOf } from './dial.ts'
import type { Exchange } from './exchange.ts'
import type { Failure } from './failure.ts'
import { type H1Owner, H1Upstream } from './h1-upstream.ts'
import type { IdleBudget } from './idle-budget.ts'
import type { Endpoint } from './sides.ts'
import type { TimerWheel } from './timer-wheel.ts'

/** Bounds of the pool of one endpoint. */
export interface PoolSettings {
  /** Idle connections kept; Knative keeps as many as containerConcurrency, or 1000. */
  readonly idleMax: number
  /** How long an idle connection is kept, ms. */
  readonly idleMs: number
  /** Attempts to connect before the endpoint counts as out of reach, 1 to 15; 15 take about 20 s, 8 about 2 s. */
  readonly dialAttemptsMax: number
  /** A bound that this endpoint shares with others, or null. Not for HTTP/2, which keeps a session or two. */
  readonly budget: IdleBudget | null
}

/** Idle this long, a connection is looked at before it carries a request that cannot be repeated, ms. */
const TRUST_MS = 1000
/** A server that says how long it keeps idle connections is left this much earlier, ms: a request may be on its way. */
const KEEP_ALIVE_MARGIN_MS = 1000

/** One HTTP/1.1 endpoint with its pool: the connection used last is used first, so that a small load keeps few. */
export class H1Endpoint implements Endpoint, H1Owner {
  readonly name: string
  readonly limits: Readonly<Limits>
  readonly #address: Address
  readonly #pool: PoolSettings
  readonly #pace: DialPace
  readonly #wheel: TimerWheel
  readonly #idle: H1Upstream[] = []
  /** Exchanges without a connection, oldest first; there is a dial for each. */
  readonly #waiting: Exchange[] = []
  /** Those of them that may not get a connection which served another before. */
  readonly #wantFresh = new Set<Exchange>()
  /** Exchanges whose connection is being looked at. */
  readonly #validating = new Set<Exchange>()
  readonly #dials = new Set<() => void>()
  #open = 0
  #isClosed = false

  constructor(
    address: Address,
    pool: PoolSettings,
    wheel: TimerWheel,
    limits: Readonly<Limits> = DEFAULT_LIMITS,
  ) {
    this.name = addressName(address)
    this.#address = address
    this.#pool = pool
    this.#pace = paceOf(pool.dialAttemptsMax)
    this.#wheel = wheel
    this.limits = limits
  }

  /** Connections that are open, idle or not. */
  get openConnections(): number {
    return this.#open
  }

  /** Connections that are idle. */
  get idleConnections(): number {
    return this.#idle.length
  }

  acquire(exchange: Exchange, fresh: boolean): void {
    if (this.#isClosed) return exchange.onUpstreamFailure('connect-failed', false, 'the endpoint is closed')
    if (fresh) this.#wantFresh.add(exchange)
    const connection = fresh ? undefined : this.#takeIdle()
    if (connection === undefined) return this.#dialFor(exchange)
    if (this.#wheel.coarseNow - connection.idleSince > TRUST_MS && !exchange.canRetry('upstream-closed')) {
      return this.#validate(connection, exchange)
    }
    this.#give(connection, exchange)
  }

  /** A connection that just died stays in the list until its close event. */
  #takeIdle(): H1Upstream | undefined {
    let connection = this.#popIdle()
    while (connection !== undefined && !connection.isIdle) connection = this.#popIdle()
    return connection
  }

  #popIdle(): H1Upstream | undefined {
    const connection = this.#idle.pop()
    if (connection !== undefined) this.#pool.budget?.giveBack(1)
    return connection
  }

  withdraw(exchange: Exchange): void {
    this.#validating.delete(exchange)
    const index = this.#waiting.indexOf(exchange)
    if (index >= 0) this.#takeWaiting(index)
  }

  /**
   * Before a request that cannot be repeated goes out on a connection that was idle for long, the event loop polls once
   * more: had the server closed it, that is known by then.
   */
  #validate(connection: H1Upstream, exchange: Exchange): void {
    this.#validating.add(exchange)
    afterPoll(() => {
      const isWanted = this.#validating.delete(exchange)
      if (isWanted && connection.isIdle) this.#give(connection, exchange)
      else if (isWanted) this.acquire(exchange, false)
      else if (connection.isIdle) this.onReusable(connection)
    })
  }

  #give(connection: H1Upstream, exchange: Exchange): void {
    connection.assign(exchange)
    exchange.onUpstreamReady(connection)
  }

  #dialFor(exchange: Exchange): void {
    this.#waiting.push(exchange)
    const connection = new H1Upstream(this)
    const dialled: Dialled = (socket, failure, detail) => {
      this.#dials.delete(stop)
      if (socket === null) this.#onDialFailed(failure as Failure, detail)
      else this.#onDialled(connection, socket)
    }
    const stop = dial(this.#address, connection.reader, dialled, this.#pace)
    this.#dials.add(stop)
  }

  #onDialled(connection: H1Upstream, socket: Socket): void {
    this.#open++
    connection.attach(socket)
    this.onReusable(connection)
  }

  /** Fails the oldest exchange, unless the dials still running are enough for all who wait. */
  #onDialFailed(failure: Failure, detail: string): void {
    if (this.#waiting.length <= this.#dials.size) return
    this.#takeWaiting(0).onUpstreamFailure(failure, false, detail)
  }

  #takeWaiting(index: number): Exchange {
    const exchange = this.#waiting.splice(index, 1)[0]
    this.#wantFresh.delete(exchange)
    return exchange
  }

  /** Where the oldest exchange stands that `connection` can serve, or -1. */
  #nextFor(connection: H1Upstream): number {
    if (this.#waiting.length === 0) return -1
    return connection.isReused ? this.#waiting.findIndex((exchange) => !this.#wantFresh.has(exchange)) : 0
  }

  onReusable(connection: H1Upstream): void {
    const next = this.#nextFor(connection)
    if (next >= 0) return this.#give(connection, this.#takeWaiting(next))
    const lifetime = this.#lifetime(connection)
    if (this.#isClosed || lifetime <= 0 || !this.#mayKeepIdle()) return connection.close()
    connection.idleSince = this.#wheel.coarseNow
    this.#idle.push(connection)
    this.#wheel.arm(connection, this.#wheel.coarseNow + lifetime)
  }

  #mayKeepIdle(): boolean {
    const { idleMax, budget } = this.#pool
    return this.#idle.length < idleMax && (budget === null || budget.take())
  }

  #lifetime(connection: H1Upstream): number {
    if (connection.serverKeepAliveSeconds < 0) return this.#pool.idleMs
    return Math.min(this.#pool.idleMs, connection.serverKeepAliveSeconds * 1000 - KEEP_ALIVE_MARGIN_MS)
  }

  onIdleDeadline(connection: H1Upstream): void {
    // It stays in the wheel while it serves: taking it out and linking it in again would be paid by every request.
    if (!connection.isIdle) return
    this.#forget(connection)
    connection.close()
  }

  onClosed(connection: H1Upstream): void {
    this.#open--
    this.#wheel.disarm(connection)
    this.#forget(connection)
  }

  #forget(connection: H1Upstream): void {
    const index = this.#idle.indexOf(connection)
    if (index < 0) return
    this.#idle.splice(index, 1)
    this.#pool.budget?.giveBack(1)
  }

  /** Closes idle connections and gives up dials; connections with an exchange close when it is over. */
  close(): void {
    this.#isClosed = true
    for (const stop of this.#dials) stop()
    this.#dials.clear()
    for (const connection of this.#idle) connection.close()
    this.#pool.budget?.giveBack(this.#idle.length)
    this.#idle.length = 0
    this.#wantFresh.clear()
    for (const exchange of this.#waiting.splice(0)) {
      exchange.onUpstreamFailure('connect-failed', false, 'the endpoint is closed')
    }
  }
}
