import type { Clocks, ExchangeHandler } from './sides.ts'
import type { TimerWheel } from './timer-wheel.ts'
import type { Tunnels } from './tunnels.ts'

/** What every exchange of a relay shares. */
export interface ExchangeScope {
  readonly handler: ExchangeHandler
  readonly wheel: TimerWheel
  readonly tunnels: Tunnels
  readonly clocks: Clocks
  /** Request body bytes that may be buffered while held and kept for a retry. */
  readonly holdBytes: number
  /** How long an unfinished request body is read after the response ended, ms without a byte. */
  readonly lingerMs: number
  /** How many body bytes are thrown away after the response ended, before the connection is closed. */
  readonly lingerBytes: number
  /** How long a client that expects 100 waits for the upstream's before it gets ours, ms. */
  readonly continueMs: number
  /** Name in Proxy-Status, a token (RFC 9209 section 2). */
  readonly proxyName: string
}
