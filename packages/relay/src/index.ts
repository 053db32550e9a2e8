/** Sockets: listener, upstream pools, the Exchange, clocks, tunnels. */
export type { Address } from './dial.ts'
export type { PoolSettings } from './endpoint.ts'
export { Exchange, Phase } from './exchange.ts'
export { type Failure, type FailureRow, FAILURES, type Outcome, type Retry } from './failure.ts'
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
export { Timed, TimerWheel } from './timer-wheel.ts'
