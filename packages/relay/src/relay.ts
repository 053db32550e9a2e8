import type { Refusal } from '@pilotlight/http1'
import type { Socket } from 'node:net'
import { afterPoll } from './after-poll.ts'
import { Certificates } from './certificates.ts'
import { ClientWatch } from './client-watch.ts'
import type { Address } from './dial.ts'
import { H1Endpoint, type PoolSettings } from './endpoint.ts'
import { Farewells } from './farewells.ts'
import { H1Downstream } from './h1-downstream.ts'
import { H2Downstreams } from './h2-downstream.ts'
import { H2Endpoint } from './h2-endpoint.ts'
import { Listener } from './listener.ts'
import { remoteAddressOf } from './peer.ts'
import { GOAWAY_BUSY } from './preface.ts'
import { HeadStore, type RelayScope } from './relay-scope.ts'
import {
  ConfigurationError,
  type ListenSettings,
  readEndpoint,
  readSettings,
  type RelayOptions,
  type RelaySettings,
} from './settings.ts'
import type { Endpoint, ExchangeHandler } from './sides.ts'
import { TimerWheel } from './timer-wheel.ts'
import { Tunnels } from './tunnels.ts'

/** What a relay tells its owner beside the exchanges. All are optional. */
export interface RelayEvents {
  /** A request was refused before it became an exchange. */
  onRefusal?: (refusal: Refusal, remoteAddress: string) => void
  /** A connection was turned away because `connectionsMax` are open. */
  onConnectionRefused?: (remoteAddress: string) => void
  /** A certificate was read anew and is used for new handshakes. */
  onCertificate?: (certFile: string) => void
  /** A certificate changed but cannot be used; the old one stays. */
  onCertificateProblem?: (problem: string) => void
}

/** The listeners, the connections on them, and the endpoints they lead to. */
export class Relay {
  readonly wheel: TimerWheel = new TimerWheel()
  readonly settings: RelaySettings
  readonly #scope: RelayScope
  readonly #events: RelayEvents
  readonly #listeners: Listener[]
  readonly #farewells: Farewells
  readonly #connections = new Set<H1Downstream>()
  readonly #http2: H2Downstreams
  readonly #onIdle: (() => void)[] = []

  private constructor(
    settings: RelaySettings,
    certificates: (Certificates | null)[],
    handler: ExchangeHandler,
    events: RelayEvents,
  ) {
    this.settings = settings
    this.#events = events
    this.#scope = this.#createScope(handler)
    this.#farewells = new Farewells(settings.proxyName, settings.lingerMs)
    this.#http2 = new H2Downstreams(this.#scope, settings, () => this.#checkIdle())
    this.#listeners = settings.listen.map((listen, i) => this.#createListener(listen, certificates[i]))
  }

  /**
   * Checks the settings, reads the certificates and listens. Throws a {@link ConfigurationError} that names every
   * problem: unknown options, impossible values, unreadable certificates, ports in use.
   */
  static async start(
    options: RelayOptions,
    handler: ExchangeHandler,
    events: RelayEvents = {},
  ): Promise<Relay> {
    const problems: string[] = []
    const settings = readSettings(options, problems)
    const certificates = settings.listen.map((listen, i) =>
      readCertificates(listen, `listen[${i}].tls`, problems),
    )
    if (problems.length === 0) {
      const relay = new Relay(settings, certificates, handler, events)
      await relay.#listen(problems)
      if (problems.length === 0) return relay
      relay.destroy()
    }
    for (const pair of certificates) pair?.close()
    throw new ConfigurationError(problems)
  }

  /** Ports of the listeners, in the order of the settings. */
  get ports(): number[] {
    return this.#listeners.map((listener) => listener.port)
  }

  /** Open connections of clients. */
  get connections(): number {
    return this.#connections.size + this.#http2.size
  }

  /** Upgraded connections. */
  get tunnels(): number {
    return this.#scope.tunnels.size
  }

  /** Makes an endpoint with its pool. Throws a {@link ConfigurationError} for an impossible address or bound. */
  endpoint(address: Address, pool: Partial<PoolSettings> = {}): Endpoint {
    const bounds = readEndpoint(address, pool)
    const { limits, windowBytes } = this.settings
    if (address.protocol === 'h2') return new H2Endpoint(address, bounds, this.wheel, limits, windowBytes)
    return new H1Endpoint(address, bounds, this.wheel, limits)
  }

  /**
   * Announces the end on every answer (Connection: close, GOAWAY) while everything is still served: the first half of
   * a graceful close, for as long as clients need to hear of it.
   */
  beginDrain(): void {
    this.#scope.isDraining = true
    this.#http2.beginDrain()
  }

  /**
   * Ends the upgraded connections, those that are still to come too: both ends of a WebSocket get a close frame with status
   * 1001, other protocols the end of the connection. What has not ended after `ms` is cut. Resolves when none is left.
   */
  closeTunnels(ms: number): Promise<void> {
    return this.#scope.tunnels.close(ms)
  }

  /** Stops accepting, closes idle connections, and resolves when the last exchange is over. */
  close(): Promise<void> {
    this.beginDrain()
    return new Promise((resolve) => {
      // Connections that the kernel has accepted already are taken, and requests that have arrived are served.
      afterPoll(() => {
        for (const listener of this.#listeners) listener.close()
        afterPoll(() => this.#closeIdle(resolve))
      })
    })
  }

  #closeIdle(then: () => void): void {
    for (const connection of this.#connections) connection.closeIfIdle()
    this.#onIdle.push(then)
    this.#checkIdle()
  }

  /** Ends everything at once. Exchanges under way are cut. */
  destroy(): void {
    this.#scope.isDraining = true
    for (const listener of this.#listeners) listener.close()
    for (const connection of this.#connections) connection.socket.destroy()
    this.#http2.destroy()
    this.#farewells.destroy()
  }

  async #listen(problems: string[]): Promise<void> {
    for (const [i, listener] of this.#listeners.entries()) {
      try {
        await listener.listen()
      } catch (error) {
        problems.push(listenProblem(listener.settings, `listen[${i}]`, error as NodeJS.ErrnoException))
      }
    }
  }

  #createScope(handler: ExchangeHandler): RelayScope {
    const { settings, wheel } = this
    return {
      ...settings,
      handler,
      wheel,
      tunnels: new Tunnels(),
      isDraining: false,
      heads: new HeadStore(settings.limits),
      clientWatch: new ClientWatch(),
      onRefusal: (refusal, remoteAddress) => this.#events.onRefusal?.(refusal, remoteAddress),
      onHttp2: (connection, first) => {
        this.#connections.delete(connection)
        this.#http2.accept(connection.socket, first)
      },
      onClosed: (connection) => {
        this.#connections.delete(connection)
        this.#checkIdle()
      },
    }
  }

  #createListener(settings: ListenSettings, certificates: Certificates | null): Listener {
    if (certificates !== null)
      certificates.onProblem = (problem) => this.#events.onCertificateProblem?.(problem)
    const accepted = {
      onConnection: (socket: Socket) => this.#accept(socket),
      onPlainHttp: (socket: Socket) => this.#answerPlainHttp(socket),
      onReload: () => this.#events.onCertificate?.(settings.tls!.certFile),
    }
    return new Listener(settings, certificates, accepted, this.settings.connectionsMax)
  }

  #accept(socket: Socket): void {
    if (this.connections >= this.settings.connectionsMax) return this.#turnAway(socket)
    if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') this.#http2.accept(socket, null)
    else this.#connections.add(new H1Downstream(this.#scope, socket))
  }

  /** A clear answer instead of a connection that hangs or resets. */
  #turnAway(socket: Socket): void {
    this.#events.onConnectionRefused?.(remoteAddressOf(socket))
    if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2')
      return this.#farewells.send(socket, GOAWAY_BUSY)
    this.#farewells.answer(
      socket,
      503,
      'connection_limit_reached',
      'Retry-After: 1\r\n',
      'too many connections\n',
    )
  }

  /** Go's words, which people search for. */
  #answerPlainHttp(socket: Socket): void {
    const text = 'Client sent an HTTP request to an HTTPS server.\n'
    this.#farewells.answer(socket, 400, 'http_request_error', '', text)
  }

  #checkIdle(): void {
    if (this.#onIdle.length === 0 || this.connections > 0) return
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}

function readCertificates(listen: ListenSettings, place: string, problems: string[]): Certificates | null {
  // What is wrong with the settings of this pair has been said.
  if (listen.tls === undefined || problems.some((problem) => problem.startsWith(place))) return null
  try {
    return new Certificates(listen.tls)
  } catch (error) {
    problems.push(`${place}: ${(error as Error).message}`)
    return null
  }
}

function listenProblem(settings: ListenSettings, place: string, error: NodeJS.ErrnoException): string {
  const address = `${settings.host}:${settings.port}`
  switch (error.code) {
    case 'EADDRINUSE':
      return `${place}: port ${settings.port} on ${settings.host} is in use: name a free one, or 0 for any`
    case 'EACCES':
      return `${place}: port ${settings.port} needs privileges this process does not have: name one above 1023`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${place}.host is ${JSON.stringify(settings.host)}: no address of this machine`
    default:
      return `${place}: cannot listen on ${address}: ${error.message}`
  }
}
