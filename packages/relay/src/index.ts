/** Sockets: listener, upstream pools, the Exchange, clocks, tunnels. */
export { type Address, isSelfConnected } from './dial.ts'
export type { PoolSettings } from './endpoint.ts'
export { Exchange, Phase } from './exchange.ts'
export { type Failure, type FailureRow, FAILURES, type Outcome, type Retry } from './failure.ts'
export { IdleBudget } from './idle-budget.ts'
export type { Peer, PeerTls } from './peer.ts'
export { monotonicNow } from './monotonic-clock.ts'
export { Relay, type RelayEvents } from './relay.ts'
export {
  ConfigurationError,
  DEFAULT_SETTINGS,
  type ListenSettings,
  type RelayOptions,
  type RelaySettings,
  type TlsSettings,
} from './settings.ts'
export type { Clocks, Downstream, Endpoint, ExchangeHandler, Upstream, UpstreamStream } from './sides.ts'
export { Timed, TimerWheel, type WheelTimer } from './timer-wheel.ts'
