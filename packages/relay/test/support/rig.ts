import type { Refusal, ResponseHead } from '@pilotlight/http1'
import type { Test } from 'tap'
import type { PoolSettings } from '../../src/endpoint.ts'
import type { Exchange } from '../../src/exchange.ts'
import type { Failure, Outcome } from '../../src/failure.ts'
import { Relay } from '../../src/relay.ts'
import type { RelayOptions } from '../../src/settings.ts'
import type { Endpoint, ExchangeHandler } from '../../src/sides.ts'
import { Events } from './events.ts'
import { Origin, type Serve } from './origin.ts'
import { Peer } from './peer.ts'
import { until } from './within.ts'

/** What an exchange was when it was over. */
export interface Ended {
  readonly exchange: Exchange
  readonly outcome: Outcome
  readonly failure: Failure | ''
  readonly status: number
  readonly requestBytes: number
  readonly responseBytes: number
  readonly attempts: number
}

/** How a test shapes the relay and the service on it. */
export interface RigOptions {
  relay?: RelayOptions
  pool?: Partial<PoolSettings>
  /** A script for every connection of the origin; without it the test drives them. */
  serve?: Serve
  /** Instead of forwarding to the origin. */
  onRequest?: (exchange: Exchange, rig: Rig) => void
  onResponse?: (exchange: Exchange, head: ResponseHead) => void
  onFailure?: (exchange: Exchange, failure: Failure, rig: Rig) => boolean
}

/** A relay on a free port before one origin, with everything that happens on it. */
export class Rig implements ExchangeHandler {
  readonly origin: Origin
  readonly begun: Events<Exchange> = new Events('an exchange begins')
  readonly ended: Events<Ended> = new Events('an exchange ends')
  readonly failed: Events<Failure> = new Events('an attempt fails')
  readonly refused: Events<Refusal> = new Events('a request is refused')
  relay!: Relay
  endpoint!: Endpoint
  readonly #options: RigOptions
  readonly #peers: Peer[] = []
  readonly #endpoints: Endpoint[] = []
  readonly #over = new Set<Exchange>()

  private constructor(origin: Origin, options: RigOptions) {
    this.origin = origin
    this.#options = options
  }

  static async start(t: Test, options: RigOptions = {}): Promise<Rig> {
    const origin = await Origin.start(t, options.serve)
    const rig = new Rig(origin, options)
    rig.relay = await Relay.start({ listen: [{ host: '127.0.0.1', port: 0 }], ...options.relay }, rig, {
      onRefusal: (refusal) => rig.refused.push(refusal),
    })
    rig.endpoint = rig.endpointTo(origin.port)
    t.teardown(() => rig.#stop())
    return rig
  }

  /** Another endpoint on 127.0.0.1. */
  endpointTo(port: number, protocol: 'http1' | 'h2' = 'http1'): Endpoint {
    const endpoint = this.relay.endpoint({ host: '127.0.0.1', port, protocol }, this.#options.pool)
    this.#endpoints.push(endpoint)
    return endpoint
  }

  get port(): number {
    return this.relay.ports[0]
  }

  /** A client of the relay. */
  async connect(): Promise<Peer> {
    const peer = await Peer.connect(this.port)
    this.#peers.push(peer)
    return peer
  }

  // ── ExchangeHandler ─────────────────────────────────────────────────────────────────────────────────────────────

  onRequest(exchange: Exchange): void {
    this.begun.push(exchange)
    if (this.#options.onRequest === undefined) exchange.forward(this.endpoint)
    else this.#options.onRequest(exchange, this)
  }

  onResponse(exchange: Exchange, head: ResponseHead): void {
    this.#options.onResponse?.(exchange, head)
  }

  onFailure(exchange: Exchange, failure: Failure): boolean {
    this.failed.push(failure)
    return this.#options.onFailure?.(exchange, failure, this) ?? false
  }

  onDone(exchange: Exchange): void {
    if (this.#over.has(exchange)) throw new Error('onDone was called twice')
    this.#over.add(exchange)
    const { outcome, failure, status, requestBytes, responseBytes, attempts } = exchange
    this.ended.push({ exchange, outcome, failure, status, requestBytes, responseBytes, attempts })
  }

  /** Closes everything, then checks that nothing is left: no connection, no exchange, no timer. */
  async #stop(): Promise<void> {
    for (const peer of this.#peers) peer.socket.destroy()
    this.relay.destroy()
    for (const endpoint of this.#endpoints) endpoint.close()
    await until('every client connection is closed', () => this.relay.connections === 0)
    await until('every exchange is over', () => this.ended.count === this.begun.count)
    await until('every upstream connection is closed', () =>
      this.#endpoints.every((one) => one.openConnections === 0),
    )
    await until('no deadline is armed', () => this.relay.wheel.armed === 0)
  }
}

/** A GET, whole. */
export function get(target = '/', fields = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`
}

/** A POST with a length. */
export function post(body: string, target = '/', fields = ''): string {
  return `POST ${target} HTTP/1.1\r\nHost: a.test\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
}
