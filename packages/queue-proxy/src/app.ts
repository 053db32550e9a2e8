import type { Endpoint, Exchange, Failure } from '@pilotlight/relay'

/**
 * How the app is spoken to. `auto`: as the client speaks when the app understands that, else translated; `mirror`:
 * as the client speaks, like Knative; `http1` and `h2c`: always so.
 */
export type AppProtocol = 'auto' | 'mirror' | 'http1' | 'h2c'

/** What a look at the app found. */
export type Detected = 'h2' | 'http1' | 'unreachable'

/** What is known of the app in `auto`. */
const Speaks = {
  /** Nobody has asked. HTTP/1.1 is assumed for those who speak it. */
  Unknown: 0,
  Http1: 1,
  /** HTTP/2, and HTTP/1.1 as far as we know. */
  Http2: 2,
  /** HTTP/2 only: an HTTP/1.1 request was answered with HTTP/2. */
  Http2Only: 3,
} as const
type Speaks = (typeof Speaks)[keyof typeof Speaks]

/** Failures after which the app may be another one than before: it was restarted, or replaced. */
const MAY_HAVE_CHANGED: ReadonlySet<Failure> = new Set<Failure>([
  'connect-refused',
  'connect-failed',
  'response-refused',
  'upstream-closed',
])

/** The app, and which protocol each request reaches it by. */
export class App {
  #http1: Endpoint | null = null
  #http2: Endpoint | null = null
  readonly #protocol: AppProtocol
  readonly #detect: () => Promise<Detected>
  #speaks: Speaks = Speaks.Unknown
  /** Requests that came on one port while another was still being opened. */
  readonly #early = new Set<Exchange>()
  /** Requests that wait for what a look at the app will find; null while nobody looks. */
  #undecided: Set<Exchange> | null = null

  /** `detect` finds out whether the app speaks HTTP/2; it must not reject. */
  constructor(protocol: AppProtocol, detect: () => Promise<Detected>) {
    this.#protocol = protocol
    this.#detect = detect
  }

  /** Where it is reached by each protocol. What came before is forwarded now. */
  connect(http1: Endpoint, http2: Endpoint): void {
    this.#http1 = http1
    this.#http2 = http2
    for (const exchange of this.#early) this.forward(exchange)
    this.#early.clear()
  }

  /** Forwards `exchange`: at once, or after the first HTTP/2 request has found out what the app understands. */
  forward(exchange: Exchange): void {
    const http1 = this.#http1
    const http2 = this.#http2
    if (http1 === null || http2 === null) return void this.#early.add(exchange)
    const endpoint = this.#choose(exchange.downstream.isHttp2, http1, http2)
    if (endpoint !== null) exchange.forward(endpoint)
    else this.#decideFor(exchange, http1, http2)
  }

  /** Null when that has to be found out first. */
  #choose(isHttp2: boolean, http1: Endpoint, http2: Endpoint): Endpoint | null {
    switch (this.#protocol) {
      case 'http1':
        return http1
      case 'h2c':
        return http2
      case 'mirror':
        return isHttp2 ? http2 : http1
      default:
        if (!isHttp2) return this.#speaks === Speaks.Http2Only ? http2 : http1
        if (this.#speaks === Speaks.Unknown) return null
        return this.#speaks === Speaks.Http1 ? http1 : http2
    }
  }

  #decideFor(exchange: Exchange, http1: Endpoint, http2: Endpoint): void {
    if (this.#undecided !== null) return void this.#undecided.add(exchange)
    this.#undecided = new Set([exchange])
    void this.#detect().then((found) => this.#onDetected(found, found === 'h2' ? http2 : http1))
  }

  #onDetected(found: Detected, endpoint: Endpoint): void {
    const undecided = this.#undecided!
    this.#undecided = null
    if (found === 'h2') this.#speaks = Speaks.Http2
    // An app that cannot be reached is asked again by the next request; these fail by the attempt itself.
    else if (found === 'http1') this.#speaks = Speaks.Http1
    for (const exchange of undecided) exchange.forward(endpoint)
  }

  /** The exchange is over: it no longer waits for anything. */
  forget(exchange: Exchange): void {
    this.#early.delete(exchange)
    this.#undecided?.delete(exchange)
  }

  /** An attempt failed. Answers true when it was sent again, to the same app by the protocol it speaks. */
  onFailure(exchange: Exchange, failure: Failure): boolean {
    if (this.#protocol !== 'auto') return false
    if (failure === 'endpoint-speaks-http2') {
      this.#speaks = Speaks.Http2Only
      if (exchange.request.upgrade !== '' || !exchange.canRetry(failure)) return false
      this.forward(exchange)
      return true
    }
    if (MAY_HAVE_CHANGED.has(failure)) this.#speaks = Speaks.Unknown
    return false
  }

  /** Whether the current or last attempt of `exchange` went to the app over HTTP/2. */
  isReachedByHttp2(exchange: Exchange): boolean {
    return exchange.upstream === this.#http2
  }

  /** What the app is spoken to in, as far as that is known; for metrics. */
  get spoken(): 'http1' | 'h2c' | '' {
    if (this.#protocol === 'http1' || this.#protocol === 'h2c') return this.#protocol
    if (this.#speaks === Speaks.Unknown) return ''
    return this.#speaks === Speaks.Http1 ? 'http1' : 'h2c'
  }
}
