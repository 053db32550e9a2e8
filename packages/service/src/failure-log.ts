import type { Exchange, Failure } from '@pilotlight/relay'
import type { LogFields, Logger } from '@pilotlight/telemetry'

/** Logs why a request failed before its response began, in Knative's words where it has some. `more` are further fields of the line. */
export function logFailure(log: Logger, exchange: Exchange, failure: Failure, more: LogFields = {}): void {
  const timeout = timeoutText(exchange, failure)
  if (timeout !== '') log.warn(timeout, more)
  else log.error('error reverse proxying request', { failure, detail: exchange.failureDetail, ...more })
}

/** Knative's log line for a clock that ran out; empty for other failures. */
function timeoutText(exchange: Exchange, failure: Failure): string {
  const { totalMs, responseStartMs, idleMs, queueMs } = exchange.clocks
  switch (failure) {
    case 'total-timeout':
      return `Request timeout: ${goDuration(totalMs)}`
    case 'response-start-timeout':
      return `Response start timeout: ${goDuration(responseStartMs)}`
    case 'idle-timeout':
      return `Idle timeout: ${goDuration(idleMs)}`
    case 'queue-timeout':
      return `Queue timeout: ${goDuration(queueMs)}`
    default:
      return ''
  }
}

/** A duration as Go prints it: `1m30s`, `300ms`. `ms` is a whole number. */
export function goDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 1000) return `${ms}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = `${(ms % 60_000) / 1000}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
