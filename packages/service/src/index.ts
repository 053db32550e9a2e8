/** What both services are made with: answers, service ports, trust, TLS rules, HTTP metrics, spans, a graceful end. */
export { Answers, pathOf } from './answers.ts'
export { closeGracefully } from './closing.ts'
export { CLIENT_GONE, countedOutcome, countedStatus, OUTCOMES } from './counted-status.ts'
export { ExchangeRecord } from './exchange-record.ts'
export { Exports } from './exports.ts'
export { answerFailure } from './failure-answers.ts'
export { goDuration, logFailure } from './failure-log.ts'
export { appendForwardedFor, forwardedValues } from './forwarded-for.ts'
export { clocksUntil, grpcTimeoutMs } from './grpc-timeout.ts'
export {
  HTTP_SCOPE,
  type HttpAttributes,
  type HttpFacts,
  HttpMetrics,
  HttpOwner,
  statusLabel,
  statusPlace,
} from './http-metrics.ts'
export { KNOWN_METHODS, methodIndex, OTHER_METHOD } from './known-methods.ts'
export { switchLevelOnSignal } from './level-signal.ts'
export { readListenAddress } from './listen-address.ts'
export {
  type ObservabilityDefaults,
  type ObservabilitySettings,
  type PrometheusSettings,
  readObservability,
  type RequestLogSettings,
} from './observability-config.ts'
export {
  endFailed,
  noteResponse,
  type OutgoingTrace,
  ServerSpan,
  setTrace,
  type TraceFacts,
  traceFacts,
} from './server-span.ts'
export { waitSeconds } from './prefer-wait.ts'
export { openProfilingPort, openServicePort, type ServiceListen } from './service-port.ts'
export { endOnSignal } from './signals.ts'
export { removeSteeringFields } from './steering-fields.ts'
export { readTlsRules, type TlsRules } from './tls-rules.ts'
export { TrustedPeers } from './trusted-peers.ts'
