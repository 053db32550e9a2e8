import type { Test } from 'tap'
import type { Address } from '../../src/dial.ts'
import { H1Endpoint, type PoolSettings } from '../../src/endpoint.ts'
import { Exchange } from '../../src/exchange.ts'
import type { ExchangeScope } from '../../src/exchange-scope.ts'
import type { Failure } from '../../src/failure.ts'
import type { ExchangeHandler, Upstream } from '../../src/sides.ts'
import { DEFAULT_POOL } from '../../src/settings.ts'
import { TimerWheel } from '../../src/timer-wheel.ts'
import { Tunnels } from '../../src/tunnels.ts'
import { Journal, requestHead, ScriptedDownstream } from './exchange-doubles.ts'
import { Dice } from './model-settings.ts'
import { until, within } from './within.ts'

/** A client without a socket, with its exchange. */
export class Client {
  readonly exchange: Exchange
  readonly downstream: ScriptedDownstream
  readonly failures: Failure[] = []
  isDone = false
  /** Called when the head of the response is there, before its connection is free. */
  onResponse: () => void = () => {}

  constructor(exchange: Exchange, downstream: ScriptedDownstream) {
    this.exchange = exchange
    this.downstream = downstream
  }

  /** Resolves when the exchange is over; says how it ended. */
  async done(): Promise<string> {
    await until('the exchange ends', () => this.isDone)
    return `${this.exchange.outcome} ${this.exchange.status}`
  }

  leaves(): void {
    this.exchange.onClientGone()
  }
}

/**
 * A real endpoint over real sockets, with exchanges whose clients have none, on a clock that the test turns: what is
 * looked at is the pool alone.
 */
export class EndpointScene implements ExchangeHandler {
  readonly endpoint: H1Endpoint
  readonly wheel: TimerWheel
  readonly journal = new Journal()
  readonly clients: Client[] = []
  nowMs = 1000
  readonly #scope: ExchangeScope

  constructor(t: Test, address: Address | number, pool: Partial<PoolSettings> = {}) {
    this.wheel = new TimerWheel(50, () => this.nowMs)
    const to = typeof address === 'number' ? { host: '127.0.0.1', port: address } : address
    this.endpoint = new H1Endpoint(to, { ...DEFAULT_POOL, ...pool }, this.wheel)
    const clocks = {
      queueMs: 0,
      responseStartMs: 0,
      responseStartIncludesQueue: false,
      idleMs: 0,
      totalMs: 0,
      tunnelMs: 0,
    }
    this.#scope = {
      handler: this,
      wheel: this.wheel,
      tunnels: new Tunnels(),
      clocks,
      holdBytes: 1000,
      lingerMs: 1000,
      lingerBytes: 1000,
      continueMs: 500,
      proxyName: 'scene',
    }
    t.teardown(() => this.#stop())
  }

  /** A client whose request goes to the endpoint now, or to `upstream`. */
  asks(method = 'GET', upstream: Upstream = this.endpoint): Client {
    const dice = new Dice(1)
    dice.chance = () => false
    const downstream = new ScriptedDownstream(this.journal, dice, false)
    const exchange = new Exchange(this.#scope, downstream, requestHead(method, []))
    const client = new Client(exchange, downstream)
    exchange.context = client
    this.clients.push(client)
    exchange.onRequestEnd(null)
    exchange.begin()
    exchange.forward(upstream)
    return client
  }

  /** Turns the clock on. */
  pass(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end;) {
      this.nowMs = Math.min(end, this.nowMs + 50)
      this.wheel.advance()
    }
  }

  onRequest(): void {}

  onResponse(exchange: Exchange): void {
    ;(exchange.context as Client).onResponse()
  }

  onFailure(exchange: Exchange, failure: Failure): boolean {
    ;(exchange.context as Client).failures.push(failure)
    return false
  }

  onDone(exchange: Exchange): void {
    const client = exchange.context as Client
    if (client.isDone) this.journal.fault('onDone twice')
    client.isDone = true
  }

  async #stop(): Promise<void> {
    this.endpoint.close()
    for (const client of this.clients) if (!client.isDone) client.leaves()
    await until('every connection is closed', () => this.endpoint.openConnections === 0)
    await within('no deadline is armed', Promise.resolve())
    if (this.wheel.armed !== 0) throw new Error(`${this.wheel.armed} deadlines are armed`)
    if (this.journal.faults.length > 0) throw new Error(this.journal.faults.join('\n'))
  }
}
