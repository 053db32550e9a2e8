import { type Exchange, type Failure, FAILURES } from '@pilotlight/relay'
import type { Answers } from './answers.ts'

/**
 * Answers an exchange whose attempt failed, or whose clock ran out, before a response began: with Knative's statuses
 * and texts. `timedOut` is the text of every timeout, without a newline at its end. `retryAfter` is for a request that
 * waited in vain, seconds; `more` are header lines for all. Answers false for what the relay's own answer is right for.
 */
export function answerFailure(
  answers: Answers,
  exchange: Exchange,
  failure: Failure,
  timedOut: string,
  retryAfter: number,
  more: string,
): boolean {
  const { status, proxyError, outcome, text } = FAILURES[failure]
  if (status === 0) return false
  if (failure === 'queue-timeout') {
    answers.answerError(
      exchange,
      status,
      `${text}\n`,
      proxyError,
      outcome,
      `Retry-After: ${retryAfter}\r\n${more}`,
    )
  } else if (outcome === 'timeout') {
    // Go sniffs the type of this one, and says so without nosniff; it is plain text all the same.
    answers.answerError(exchange, status, timedOut, proxyError, outcome, more)
  } else if (outcome === 'upstream-failed') {
    answers.answerError(exchange, status, `${goText(exchange, failure) || text}\n`, proxyError, outcome, more)
  } else {
    return false
  }
  return true
}

/** What Go's reverse proxy says of the most common failures: people search for these words. */
function goText(exchange: Exchange, failure: Failure): string {
  const address = exchange.upstream?.name ?? ''
  switch (failure) {
    case 'connect-refused':
      return `dial tcp ${address}: connect: connection refused`
    case 'connect-timeout':
      return `timed out dialing ${address}`
    case 'upstream-closed':
      return 'EOF'
    default:
      return ''
  }
}
