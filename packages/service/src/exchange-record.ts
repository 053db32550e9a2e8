import { Framing } from '@pilotlight/http1'
import type { Exchange } from '@pilotlight/relay'
import { type RequestRecord, type RevisionRecord, type TlsRecord, traceIdOf } from '@pilotlight/telemetry'
import { countedOutcome, countedStatus } from './counted-status.ts'

/** An exchange that is over as the request log sees it. Nothing is read out of it unless the template asks. */
export class ExchangeRecord implements RequestRecord {
  readonly revision: RevisionRecord
  readonly latencySeconds: number
  readonly #exchange: Exchange
  readonly #requestId: string

  /** `now` is on the clock of the exchange, ms. `requestId` is empty when there is none but that of the client. */
  constructor(exchange: Exchange, revision: RevisionRecord, now: number, requestId = '') {
    this.#exchange = exchange
    this.#requestId = requestId
    this.revision = revision
    this.latencySeconds = (now - exchange.startedAt) / 1000
  }

  get method(): string {
    return this.#exchange.request.method
  }

  get target(): string {
    return this.#exchange.request.target
  }

  get protocol(): string {
    const { version } = this.#exchange.request
    return version === 20 ? 'HTTP/2.0' : version === 10 ? 'HTTP/1.0' : 'HTTP/1.1'
  }

  get host(): string {
    return this.#exchange.request.host
  }

  get contentLength(): number {
    const { framing, contentLength } = this.#exchange.request
    return framing === Framing.None ? 0 : contentLength
  }

  get remoteAddress(): string {
    const { address, port } = this.#exchange.downstream.peer
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  }

  get tls(): TlsRecord | null {
    const { isEncrypted, tls } = this.#exchange.downstream.peer
    if (!isEncrypted || tls === null) return null
    const protocol = this.#exchange.downstream.isHttp2 ? 'h2' : 'http/1.1'
    return { version: tls.version, cipherSuite: tls.cipher, protocol, serverName: '', resumed: false }
  }

  get status(): number {
    return countedStatus(this.#exchange.status, this.#exchange.outcome)
  }

  get responseBytes(): number {
    return this.#exchange.responseBytes
  }

  get requestBytes(): number {
    return this.#exchange.requestBytes
  }

  get outcome(): string {
    return countedOutcome(this.#exchange.status, this.#exchange.outcome)
  }

  get requestId(): string {
    return this.#requestId === '' ? (this.#exchange.request.get('x-request-id') ?? '') : this.#requestId
  }

  get traceId(): string {
    return traceIdOf(this.#exchange.request.get('traceparent'), this.#exchange.request.get('x-b3-traceid'))
  }

  header(lowerName: string): readonly string[] {
    const { request } = this.#exchange
    const values: string[] = []
    // Go keeps the host beside the fields, not among them.
    if (lowerName === 'host') return values
    for (let i = request.indexOf(lowerName); i >= 0; i = request.indexOf(lowerName, i + 1))
      values.push(request.value(i))
    return values
  }

  headerPairs(): readonly (readonly [name: string, value: string])[] {
    const { request } = this.#exchange
    const pairs: [string, string][] = []
    for (let i = 0; i < request.count; i++)
      if (!request.isNamed(i, 'host')) pairs.push([request.name(i), request.value(i)])
    return pairs
  }
}
