import { type Limits, type Refusal, RequestHead } from '@pilotlight/http1'
import type { ExchangeScope } from './exchange-scope.ts'
import type { H1Downstream } from './h1-downstream.ts'
import type { ClientWatch } from './client-watch.ts'

/** What every downstream connection of a relay shares. */
export interface RelayScope extends ExchangeScope {
  readonly limits: Readonly<Limits>
  /** How long a client may take for one head, from its first byte on (a new connection: from the accept on), ms. */
  readonly headMs: number
  /** How long a connection may stay idle between requests, ms; 0 for ever. */
  readonly keepAliveMs: number
  /** Whether the relay is closing: answers say so, and connections end with the exchange they carry. */
  isDraining: boolean
  readonly heads: HeadStore
  readonly clientWatch: ClientWatch
  /** Tells the service of a request that was refused before it became an exchange. */
  onRefusal(refusal: Refusal, remoteAddress: string): void
  /** A connection turned out to speak HTTP/2; `first` are the bytes read so far. */
  onHttp2(connection: H1Downstream, first: Buffer): void
  /** A connection is gone. */
  onClosed(connection: H1Downstream): void
}

/** Number of spare heads kept. */
const SPARE_HEADS_MAX = 256
/** A head that met more fields than this is not kept: its arrays stay that long. */
const SPARE_HEAD_FIELDS_MAX = 128

/** Lends request heads to connections with a request, so that an idle connection keeps none. */
export class HeadStore {
  readonly #limits: Readonly<Limits>
  readonly #spare: RequestHead[] = []

  constructor(limits: Readonly<Limits>) {
    this.#limits = limits
  }

  /** A head that was reset. */
  take(): RequestHead {
    return this.#spare.pop() ?? new RequestHead(this.#limits)
  }

  /** Gives a head back; the caller must not use it any more. */
  give(head: RequestHead): void {
    // Now and not when it is lent again: a spare head must not hold the text of its last request.
    head.reset()
    if (this.#spare.length < SPARE_HEADS_MAX && head.slots.length <= SPARE_HEAD_FIELDS_MAX * 5)
      this.#spare.push(head)
  }
}
