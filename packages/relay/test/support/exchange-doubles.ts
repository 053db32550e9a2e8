import { RequestHead, ResponseHead, TrailerSection } from '@pilotlight/http1'
import type { Exchange } from '../../src/exchange.ts'
import type { Peer } from '../../src/peer.ts'
import type { Downstream, Upstream, UpstreamStream } from '../../src/sides.ts'
import type { Dice } from './model-settings.ts'

/*
 * Doubles of the two sides of an exchange. Elsewhere the tests use real sockets; here the point is to choose every
 * interleaving of what the two sides report, which no network does on demand. Each double checks that the exchange keeps
 * the contract of sides.ts, and notes a fault when it does not.
 */

/** What went wrong and what happened before, in order. */
export class Journal {
  readonly faults: string[] = []
  readonly lines: string[] = []

  note(line: string): void {
    this.lines.push(line)
  }

  fault(text: string): void {
    this.faults.push(text)
    this.lines.push(`FAULT ${text}`)
  }

  check(condition: boolean, text: string): void {
    if (!condition) this.fault(text)
  }
}

/** A request head as it came from a client. */
export function requestHead(method: string, fields: readonly string[]): RequestHead {
  const head = new RequestHead()
  head.reset()
  const bytes = Buffer.from(
    `${method} / HTTP/1.1\r\nHost: a.test\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`,
  )
  if (head.parse(bytes, 0, bytes.length) !== bytes.length) throw new Error(`not a head: ${bytes.toString()}`)
  return head
}

/** A response head as it came from an endpoint. */
export function responseHead(status: number, fields: readonly string[] = []): ResponseHead {
  const head = new ResponseHead()
  head.reset()
  const bytes = Buffer.from(`HTTP/1.1 ${status} X\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`)
  if (head.parse(bytes, 0, bytes.length, 'GET') !== bytes.length)
    throw new Error(`not a head: ${bytes.toString()}`)
  return head
}

/** A trailer section with one field. */
export function trailerSection(): TrailerSection {
  const section = new TrailerSection()
  section.reset()
  const bytes = Buffer.from('X-Sum: 1\r\n\r\n')
  if (section.parse(bytes, 0, bytes.length) !== bytes.length) throw new Error('not a trailer section')
  return section
}

/** The client's side. */
export class ScriptedDownstream implements Downstream {
  readonly isHttp2: boolean
  readonly timed = null
  readonly peer: Peer = { address: '192.0.2.1', port: 1, isEncrypted: false, tls: null }
  isCongested = false
  readonly holdsBytes = false
  isReading = true
  isCut = false
  finished = 0
  /** Final heads: responses, replies and switches. */
  heads = 0
  hasAnswer = false
  isTunnel = false
  tunnelEnded = false
  isReply = false
  continues = 0
  received = ''
  /** Bytes that came behind the head of an upgrade, given to the tunnel when it stands. */
  early: Buffer | null = null
  /** Called when the relay sends its own 100. */
  onContinue: () => void = () => {}
  readonly #journal: Journal
  readonly #dice: Dice
  #corked = 0

  constructor(journal: Journal, dice: Dice, isHttp2: boolean) {
    this.#journal = journal
    this.#dice = dice
    this.isHttp2 = isHttp2
  }

  #sends(what: string): void {
    this.#journal.note(`  downstream ${what}`)
    this.#journal.check(!this.isCut, `${what} after cut`)
    this.#journal.check(this.finished === 0, `${what} after finish`)
    this.#journal.check(!this.hasAnswer, `${what} after a complete answer`)
    if (this.#dice.chance(15)) this.isCongested = true
  }

  #sendsHead(what: string): void {
    this.#sends(what)
    if (++this.heads > 1) this.#journal.fault(`${what}: a second head`)
  }

  sendInterim(head: ResponseHead): void {
    this.#sends(`interim ${head.status}`)
    this.#journal.check(this.heads === 0, 'interim after the final head')
    if (head.status === 100) this.continues++
  }

  sendContinue(): void {
    this.#sends('continue')
    this.onContinue()
    this.#journal.check(this.heads === 0, '100 after the final head')
    this.#journal.check(++this.continues === 1, 'a second 100')
  }

  sendResponse(
    _: Exchange,
    head: ResponseHead,
    bytes: Buffer,
    start: number,
    end: number,
    isComplete: boolean,
  ): void {
    this.#sendsHead(`response ${head.status}, ${end - start} bytes${isComplete ? ', complete' : ''}`)
    this.received += bytes.toString('latin1', start, end)
    if (isComplete) this.hasAnswer = true
  }

  sendData(bytes: Buffer, start: number, end: number): void {
    this.#sends(`data of ${end - start}`)
    this.#journal.check(this.heads === 1, 'data without a head')
    this.#journal.check(!this.isReply, 'data behind an answer of our own')
    this.#journal.check(!this.tunnelEnded, 'data after the end of the tunnel')
    this.received += bytes.toString('latin1', start, end)
  }

  sendEnd(): void {
    this.#sends('end')
    this.#journal.check(this.heads === 1 && !this.isTunnel, 'end without a body')
    this.hasAnswer = true
  }

  sendReply(_: Exchange, status: number): void {
    this.#sendsHead(`reply ${status}`)
    this.isReply = true
    this.hasAnswer = true
  }

  switchToTunnel(exchange: Exchange): void {
    this.#sendsHead('switch')
    this.isTunnel = true
    this.isReading = true
    const early = this.early
    this.early = null
    if (early !== null) exchange.onRequestData(early, 0, early.length)
  }

  endTunnel(): void {
    this.#sends('end of tunnel')
    this.#journal.check(this.isTunnel && !this.tunnelEnded, 'a second end of the tunnel')
    this.tunnelEnded = true
  }

  cork(): void {
    this.#corked++
  }

  uncork(): void {
    this.#journal.check(--this.#corked >= 0, 'uncork without cork')
  }

  setRequestReading(isReading: boolean): void {
    this.#journal.check(this.finished === 0, 'setRequestReading after finish')
    this.isReading = isReading
  }

  cut(): void {
    this.#journal.note('  downstream cut')
    this.#journal.check(!this.isCut, 'cut twice')
    this.#journal.check(this.finished === 0, 'cut after finish')
    this.#journal.check(!this.hasAnswer, 'cut after a complete answer, which may swallow it')
    this.isCut = true
  }

  finish(): void {
    this.#journal.note('  downstream finish')
    this.#journal.check(++this.finished === 1, 'finish twice')
  }
}

/** Where a stream of the endpoint stands. */
export type StreamState =
  'head' | 'body' | 'uploading' | 'tunnel' | 'released' | 'failed' | 'abandoned' | 'flushing'

/** The endpoint's side, once there is one. */
export class ScriptedStream implements UpstreamStream {
  readonly isHttp2 = false
  readonly isReused: boolean
  state: StreamState = 'head'
  isCongested = false
  isReading = true
  /** Whether the connection can serve another exchange after this one. */
  isReusable: boolean
  sent = ''
  isRequestSent = false
  tunnelEnded = false
  upstreamTunnelEnded = false
  trailers: TrailerSection | null = null
  sentTunnel = ''
  readonly #journal: Journal
  readonly #dice: Dice
  #hasHead = false

  constructor(journal: Journal, dice: Dice, isReused: boolean) {
    this.#journal = journal
    this.#dice = dice
    this.isReused = isReused
    this.isReusable = dice.chance(80)
  }

  /** Whether it still belongs to the exchange. */
  get isLive(): boolean {
    return (
      this.state === 'head' || this.state === 'body' || this.state === 'uploading' || this.state === 'tunnel'
    )
  }

  #called(what: string): void {
    this.#journal.note(`  upstream ${what}`)
    this.#journal.check(this.isLive, `${what} on a stream that is ${this.state}`)
  }

  sendRequest(exchange: Exchange): void {
    this.#called(`request with ${exchange.bufferedChunks.length} chunks`)
    this.#journal.check(!this.#hasHead, 'a second request on a stream')
    this.#hasHead = true
    for (const chunk of exchange.bufferedChunks) this.sendData(chunk, 0, chunk.length)
    if (exchange.requestEnded) this.sendEnd(exchange.requestTrailers)
  }

  sendData(bytes: Buffer, start: number, end: number): void {
    this.#called(`data of ${end - start}`)
    this.#journal.check(this.#hasHead, 'data without a request')
    this.#journal.check(!this.isRequestSent || this.state === 'tunnel', 'data after the end of the request')
    this.#journal.check(!this.tunnelEnded, 'data after the end of the tunnel')
    if (this.state === 'tunnel') this.sentTunnel += bytes.toString('latin1', start, end)
    else this.sent += bytes.toString('latin1', start, end)
    if (this.#dice.chance(15)) this.isCongested = true
  }

  sendEnd(trailers: TrailerSection | null): void {
    this.#called('end')
    this.#journal.check(!this.isRequestSent, 'a second end of the request')
    this.isRequestSent = true
    this.trailers = trailers
    // Answered before: with our end it is its own again.
    if (this.state === 'uploading') this.state = 'released'
  }

  endTunnel(): void {
    this.#called('end of tunnel')
    this.#journal.check(this.state === 'tunnel' && !this.tunnelEnded, 'a second end of the tunnel')
    this.tunnelEnded = true
  }

  finishTunnel(): void {
    this.#called('finish of tunnel')
    this.#journal.check(
      this.tunnelEnded && this.upstreamTunnelEnded,
      'finishTunnel before both directions ended',
    )
    this.state = 'flushing'
  }

  setResponseReading(isReading: boolean): void {
    this.#called(isReading ? 'resume' : 'pause')
    this.isReading = isReading
  }

  abandon(): void {
    this.#called('abandon')
    this.state = 'abandoned'
  }
}

/** An endpoint that answers when the schedule says so. */
export class ScriptedUpstream implements Upstream {
  readonly name = 'endpoint:1'
  /** The exchange that waits for a stream, and whether it asked for a fresh one. */
  pending: { readonly exchange: Exchange; readonly fresh: boolean } | null = null
  /** What becomes of `acquire` at once; null leaves it waiting. */
  atOnce: ((exchange: Exchange, fresh: boolean) => boolean) | null = null
  readonly #journal: Journal

  constructor(journal: Journal) {
    this.#journal = journal
  }

  acquire(exchange: Exchange, fresh: boolean): void {
    this.#journal.note(`  upstream acquire${fresh ? ' fresh' : ''}`)
    this.#journal.check(this.pending === null, 'acquire while another is unanswered')
    if (this.atOnce?.(exchange, fresh) === true) return
    this.pending = { exchange, fresh }
  }

  withdraw(exchange: Exchange): void {
    this.#journal.note('  upstream withdraw')
    this.#journal.check(this.pending?.exchange === exchange, 'withdraw without an unanswered acquire')
    this.pending = null
  }
}
