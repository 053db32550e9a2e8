/** Why an attempt or an exchange failed. The name is also the label in metrics and logs. */
export type Failure =
  | 'client-gone'
  | 'request-refused'
  | 'connect-refused'
  | 'connect-timeout'
  | 'connect-failed'
  | 'tls-failed'
  | 'stream-refused'
  | 'endpoint-busy'
  | 'upstream-closed'
  | 'response-refused'
  | 'endpoint-speaks-http2'
  | 'response-incomplete'
  | 'upgrade-mismatch'
  | 'queue-timeout'
  | 'response-start-timeout'
  | 'idle-timeout'
  | 'total-timeout'
  | 'tunnel-timeout'
  | 'cut'

/** How an exchange ended. `done` is told exactly one of them. */
export type Outcome = 'ok' | 'client-gone' | 'refused' | 'timeout' | 'upstream-failed'

/** When a failed attempt may be tried again: always, when the request can be replayed safely, or never. */
export type Retry = 'unsent' | 'idempotent' | 'never'

/** What is decided by the kind of a failure alone. */
export interface FailureRow {
  /** Who caused it. */
  readonly source: 'downstream' | 'upstream' | 'internal'
  /** Status of the default answer; 0 when nobody is left to answer. */
  readonly status: number
  /** Error type for Proxy-Status (RFC 9209 section 2.3), or empty. */
  readonly proxyError: string
  readonly retry: Retry
  readonly outcome: Outcome
  /** One sentence for people. */
  readonly text: string
}

const upstream = (status: number, proxyError: string, retry: Retry, text: string): FailureRow => ({
  source: 'upstream',
  status,
  proxyError,
  retry,
  outcome: 'upstream-failed',
  text,
})

const timeout = (status: number, proxyError: string, text: string): FailureRow => ({
  source: 'internal',
  status,
  proxyError,
  retry: 'never',
  outcome: 'timeout',
  text,
})

/** One row decides status, blame and retry. docs/failures.md is checked against it by a test. */
export const FAILURES: Readonly<Record<Failure, FailureRow>> = {
  'client-gone': {
    source: 'downstream',
    status: 0,
    proxyError: '',
    retry: 'never',
    outcome: 'client-gone',
    text: 'the client closed or reset before the exchange ended',
  },
  'request-refused': {
    source: 'downstream',
    status: 400,
    proxyError: 'http_request_error',
    retry: 'never',
    outcome: 'refused',
    text: 'the request broke a rule of HTTP',
  },
  'connect-refused': upstream(502, 'connection_refused', 'unsent', 'the endpoint refused the connection'),
  'connect-timeout': upstream(502, 'connection_timeout', 'unsent', 'the endpoint did not accept in time'),
  'connect-failed': upstream(502, 'destination_unavailable', 'unsent', 'the endpoint could not be reached'),
  'tls-failed': upstream(502, 'tls_protocol_error', 'unsent', 'the TLS handshake with the endpoint failed'),
  'stream-refused': upstream(
    502,
    'connection_terminated',
    'unsent',
    'the endpoint refused the stream unprocessed',
  ),
  'endpoint-busy': upstream(503, 'connection_limit_reached', 'unsent', 'the endpoint had no free slot'),
  'upstream-closed': upstream(
    502,
    'connection_terminated',
    'idempotent',
    'the endpoint closed before it answered',
  ),
  'response-refused': upstream(502, 'http_protocol_error', 'never', 'the response broke a rule of HTTP'),
  'endpoint-speaks-http2': upstream(
    502,
    'http_protocol_error',
    'unsent',
    'the endpoint speaks HTTP/2 and was asked over HTTP/1.1',
  ),
  'response-incomplete': upstream(
    502,
    'http_response_incomplete',
    'never',
    'the endpoint closed inside its response',
  ),
  'upgrade-mismatch': upstream(
    502,
    'http_upgrade_failed',
    'never',
    'the endpoint switched to another protocol',
  ),
  'queue-timeout': timeout(503, 'connection_limit_reached', 'no slot or instance became free in time'),
  'response-start-timeout': timeout(504, 'http_response_timeout', 'the response did not begin in time'),
  'idle-timeout': timeout(504, 'connection_read_timeout', 'no byte moved in either direction for too long'),
  'total-timeout': timeout(504, 'http_response_timeout', 'the exchange took too long'),
  'tunnel-timeout': timeout(
    504,
    'connection_terminated',
    'the upgraded connection reached its maximum lifetime',
  ),
  cut: {
    source: 'internal',
    status: 503,
    proxyError: 'proxy_internal_error',
    retry: 'never',
    outcome: 'refused',
    text: 'the relay was closed',
  },
}
