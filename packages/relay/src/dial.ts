import { connect, type Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Failure } from './failure.ts'
import { monotonicNow } from './monotonic-clock.ts'
import { tls } from './tls-module.ts'

/** Where and how to connect. */
export interface Address {
  /** IP address or host name. */
  readonly host: string
  readonly port: number
  /** What the endpoint speaks: HTTP/1.1 unless it says otherwise; HTTP/2 without TLS is by prior knowledge. */
  readonly protocol?: 'http1' | 'h2'
  /** TLS towards the endpoint; absent for plain TCP. */
  readonly tls?: ConnectionOptions
}

/** Told the end of a dial: a socket, or why there is none. */
export type Dialled = (socket: Socket | null, failure: Failure | '', detail: string) => void

/** Reads from a dialled socket; see `onread` of `net.connect`. */
export interface Reader {
  /** The buffer for the next read. */
  buffer: () => Uint8Array
  /** `length` bytes were read into the buffer; false stops reading. */
  callback: (length: number, buffer: Uint8Array) => boolean
}

/** How attempts to connect follow each other. */
export interface DialPace {
  /** Time for the first attempt, ms. */
  readonly firstMs: number
  /** What the time grows by from attempt to attempt. */
  readonly growth: number
  /** Up to this fraction is added at random, so that many who wait for one endpoint spread. */
  readonly jitter: number
  readonly attemptsMax: number
  /** Between two attempts, at random, ms. */
  readonly pauseMinMs: number
  readonly pauseMaxMs: number
  /** For a TLS handshake, once connected, ms. */
  readonly handshakeMs: number
}

/**
 * Knative's dialer, about 20 s in all. The first attempt gets little time: on one machine or in one cluster a lost SYN is
 * worse than a second try. A handshake gets what Go gives it: a slow one is work under way, and starting anew only adds to it.
 */
export const DIAL_PACE: DialPace = {
  firstMs: 50,
  growth: 1.4,
  jitter: 0.1,
  attemptsMax: 15,
  pauseMinMs: 30,
  pauseMaxMs: 60,
  handshakeMs: 10_000,
}

/** {@link DIAL_PACE} with another number of attempts, at least 1. */
export function paceOf(attemptsMax: number): DialPace {
  return attemptsMax === DIAL_PACE.attemptsMax ? DIAL_PACE : { ...DIAL_PACE, attemptsMax }
}

/** Time for attempt `attempt`, counted from 0, ms. `random` is from 0 to 1. */
export function attemptMs(pace: DialPace, attempt: number, random: number): number {
  return pace.firstMs * pace.growth ** attempt * (1 + random * pace.jitter)
}

/** TCP keep-alive of a connection, ms; Knative's dialer has the same. */
const KEEP_ALIVE_MS = 5000

/** `host:port`, with brackets around an IPv6 address. */
export function addressName(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/**
 * Whether a socket is connected to itself. Where nobody listens on a port of the range that outgoing connections get
 * theirs from, one of them may get that very port; TCP then takes the two ends of it for two that open at the same time
 * (RFC 9293 section 3.5).
 */
export function isSelfConnected(socket: Socket): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress
}

/**
 * Connects with a short-first back-off: only a timeout is tried again, a refusal is final at once. Returns a function
 * that gives up.
 */
export function dial(
  address: Address,
  reader: Reader | null,
  dialled: Dialled,
  pace: DialPace = DIAL_PACE,
): () => void {
  return new Dial(address, reader, dialled, pace).start()
}

class Dial {
  readonly #address: Address
  readonly #reader: Reader | null
  readonly #dialled: Dialled
  readonly #pace: DialPace
  readonly #startedAt = monotonicNow()
  #attempt = 0
  #socket: Socket | null = null
  #timer: NodeJS.Timeout | null = null
  #isConnected = false

  constructor(address: Address, reader: Reader | null, dialled: Dialled, pace: DialPace) {
    this.#address = address
    this.#reader = reader
    this.#dialled = dialled
    this.#pace = pace
  }

  start(): () => void {
    this.#try()
    return () => this.#stop()
  }

  #try(): void {
    const timeout = attemptMs(this.#pace, this.#attempt++, Math.random())
    const { host, port, tls: secure } = this.#address
    const options = {
      host,
      port,
      noDelay: true,
      // In a tunnel the endpoint may end its direction and still read ours.
      allowHalfOpen: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      ...(this.#reader === null ? {} : { onread: this.#reader as never }),
    }
    let socket: Socket
    try {
      socket = secure === undefined ? connect(options) : tls().connect({ ...options, ...secure })
    } catch (error) {
      // Options that cannot be used, such as a CA that is none. Told later, as every end of a dial.
      const failure = secure === undefined ? 'connect-failed' : 'tls-failed'
      const detail = `dial tcp ${addressName(this.#address)}: ${(error as Error).message}`
      this.#timer = setTimeout(() => this.#fail(failure, detail), 0)
      return
    }
    this.#socket = socket
    socket.once('connect', () => this.#onConnect(socket))
    socket.once('secureConnect', () => this.#succeed(socket))
    socket.on('error', this.#onError)
    this.#timer = setTimeout(() => this.#onTimeout(), timeout)
  }

  #onConnect(socket: Socket): void {
    if (isSelfConnected(socket)) return this.#refuseSelf(socket)
    if (this.#address.tls === undefined) return this.#succeed(socket)
    this.#isConnected = true
    this.#clearTimer()
    this.#timer = setTimeout(() => this.#fail('tls-failed', 'TLS handshake timeout'), this.#pace.handshakeMs)
  }

  #refuseSelf(socket: Socket): void {
    // A reset leaves nothing behind that would keep the endpoint from its port.
    socket.resetAndDestroy()
    this.#fail('connect-refused', `dial tcp ${addressName(this.#address)}: connect: connection refused`)
  }

  #onTimeout(): void {
    this.#dropSocket()
    if (this.#attempt >= this.#pace.attemptsMax) {
      const seconds = ((monotonicNow() - this.#startedAt) / 1000).toFixed(2)
      return this.#dialled(
        null,
        'connect-timeout',
        `timed out dialing ${addressName(this.#address)} after ${seconds}s`,
      )
    }
    const { pauseMinMs, pauseMaxMs } = this.#pace
    this.#timer = setTimeout(() => this.#try(), pauseMinMs + Math.random() * (pauseMaxMs - pauseMinMs))
  }

  #succeed(socket: Socket): void {
    this.#clearTimer()
    this.#socket = null
    this.#dialled(socket, '', '')
    // Only now, when its new owner listens: nobody may be without.
    socket.off('error', this.#onError)
  }

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (this.#socket === null) return
    const failure = this.#isConnected ? 'tls-failed' : connectFailure(error)
    this.#fail(failure, `dial tcp ${addressName(this.#address)}: ${reason(error)}`)
  }

  #fail(failure: Failure, detail: string): void {
    this.#stop()
    this.#dialled(null, failure, detail)
  }

  #stop(): void {
    this.#clearTimer()
    this.#dropSocket()
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #dropSocket(): void {
    const socket = this.#socket
    this.#socket = null
    if (socket === null) return
    socket.removeAllListeners()
    socket.on('error', () => {})
    socket.destroy()
  }
}

function connectFailure(error: NodeJS.ErrnoException): Failure {
  if (error.code === 'ECONNREFUSED') return 'connect-refused'
  return error.code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect-failed'
}

/** Go's words for what the system says; people search their logs for them. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
}

function reason(error: NodeJS.ErrnoException): string {
  // A name with several addresses fails with an error for each and no message of its own.
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error
  const words = REASONS[first.code ?? '']
  return words === undefined || first.syscall !== 'connect' ? first.message : `connect: ${words}`
}
