import type { ResponseHead, TrailerSection } from '@pilotlight/http1'
import type { Exchange } from './exchange.ts'
import type { Failure } from './failure.ts'
import type { Peer } from './peer.ts'
import type { Timed } from './timer-wheel.ts'

/**
 * The client's side of one exchange, as the {@link Exchange} sees it. Implemented by an HTTP/1.1 connection and by an
 * HTTP/2 stream. Calls go down; what happens on the wire comes back through the `on…` methods of the exchange.
 */
export interface Downstream {
  /** Version the client speaks, for logs. */
  readonly isHttp2: boolean
  /** Who the client is; the same object for every exchange of its connection. */
  readonly peer: Peer
  /**
   * What carries the clocks of the exchange, and hands the deadline on to it: a connection, which stands in the wheel anyway,
   * so that nothing is linked in and out per request. Null where the exchange does so itself.
   */
  readonly timed: Timed | null
  /** Sends an interim response (1xx other than 101). */
  sendInterim(head: ResponseHead): void
  /** Sends 100 Continue of our own. */
  sendContinue(): void
  /** Sends the final head and the first body bytes; `isComplete` says that these bytes end the body. */
  sendResponse(
    exchange: Exchange,
    head: ResponseHead,
    bytes: Buffer,
    start: number,
    end: number,
    isComplete: boolean,
  ): void
  /** Sends body bytes. */
  sendData(bytes: Buffer, start: number, end: number): void
  /** Ends the response body. */
  sendEnd(trailers: TrailerSection | null): void
  /** Sends a whole answer of our own. `fields` are complete header lines; bytes must stay as they are until they are sent. */
  sendReply(exchange: Exchange, status: number, fields: string, body: string | Uint8Array): void
  /** Sends the 101 head; raw bytes follow in both directions, those that came early first. */
  switchToTunnel(exchange: Exchange, head: ResponseHead): void
  /** What is sent until `uncork` leaves in one system call where that is possible. Calls nest. */
  cork(): void
  uncork(): void
  /** Ends our direction of a tunnel. */
  endTunnel(): void
  /** Whether more should be written only after `onDownstreamDrain`. */
  readonly isCongested: boolean
  /** Whether bytes given to the last calls are still referenced: their buffer must not be reused. */
  readonly holdsBytes: boolean
  /** Stops and resumes reading the request body. */
  setRequestReading(isReading: boolean): void
  /** Ends the connection or the stream at once, without a valid end of the message. */
  cut(): void
  /** The exchange is over; the connection may go on with the next one. */
  finish(exchange: Exchange): void
}

/** The endpoint's side of one exchange. Implemented by an HTTP/1.1 connection and by an HTTP/2 stream. */
export interface UpstreamStream {
  readonly isHttp2: boolean
  /** Whether this connection served an exchange before: it may have died of old age. */
  readonly isReused: boolean
  /** Sends the head, and the body bytes that are buffered in the exchange. */
  sendRequest(exchange: Exchange): void
  /** Sends body bytes. */
  sendData(bytes: Buffer, start: number, end: number): void
  /** Ends the request body. */
  sendEnd(trailers: TrailerSection | null): void
  /** Ends our direction of a tunnel. */
  endTunnel(): void
  /** Whether more should be written only after `onUpstreamDrain`. */
  readonly isCongested: boolean
  /** Both directions of a tunnel have ended: flushes what is left, then closes. */
  finishTunnel(): void
  /** Stops and resumes reading the response. */
  setResponseReading(isReading: boolean): void
  /** `exchange` no longer wants this stream, which is torn down. Nothing happens when it serves another by now. */
  abandon(exchange: Exchange): void
}

/** Where requests are forwarded to: one address with its pool of connections. */
export interface Upstream {
  /** `host:port`, for logs and for requests that name no host. */
  readonly name: string
  /**
   * Asks for a stream. Answers through `exchange.onUpstreamReady` or `exchange.onUpstreamFailure`, at once or later.
   * `fresh` asks for a connection that no exchange has used before.
   */
  acquire(exchange: Exchange, fresh: boolean): void
  /** Withdraws an unanswered `acquire`. */
  withdraw(exchange: Exchange): void
}

/** An {@link Upstream} as the relay makes it, with what its owner needs. */
export interface Endpoint extends Upstream {
  /** Connections that are open, idle or not. */
  readonly openConnections: number
  /** Connections without an exchange. */
  readonly idleConnections: number
  /** Closes idle connections and gives up dials; connections with an exchange close when it is over. */
  close(): void
}

/** Clocks of one exchange, ms; 0 means none. Shared by all exchanges of a revision, never changed while in use. */
export interface Clocks {
  /** From the complete head to the dispatch. */
  readonly queueMs: number
  /** To the final response head; interim ones do not end it. */
  readonly responseStartMs: number
  /** Whether the response-start clock runs from the request on (Knative) instead of from the dispatch. */
  readonly responseStartIncludesQueue: boolean
  /** Without a byte in either direction, from the dispatch on. */
  readonly idleMs: number
  /** From the complete head to the end. */
  readonly totalMs: number
  /** Lifetime of an upgraded connection. */
  readonly tunnelMs: number
}

/** The service's decisions. One object serves every exchange. Methods are called synchronously and must not throw. */
export interface ExchangeHandler {
  /**
   * The head is complete. The handler calls `reply`, `forward` or neither; an exchange with neither is held until one of
   * them is called later.
   */
  onRequest(exchange: Exchange): void
  /**
   * A final response head arrived and may be edited, or declined with `exchange.declineResponse` when it says that the endpoint did
   * not begin. Not called for answers of our own.
   */
  onResponse(exchange: Exchange, head: ResponseHead): void
  /**
   * An attempt failed, or a clock ran out, before the response began. The handler may `forward` again when
   * `exchange.canRetry(failure)`, or `reply`, now or later: it answers true when it took over. On false the relay gives
   * the default answer.
   */
  onFailure(exchange: Exchange, failure: Failure): boolean
  /** The exchange is over. Called exactly once; everything that was taken for it is given back here. */
  onDone(exchange: Exchange): void
}
