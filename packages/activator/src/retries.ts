import { Framing } from '@pilotlight/http1'
import type { Failure } from '@pilotlight/relay'
import type { Call } from './call.ts'

/** What to do about an attempt that failed. */
export const Retry = {
  /** The failure is the answer. */
  No: 0,
  /** The instance could not be reached: nothing was sent. */
  Unreachable: 1,
  /** The sidecar refused for want of a slot: nothing was begun. */
  Busy: 2,
  /** The request did not begin, or may safely begin twice. */
  Again: 3,
} as const
/** One of {@link Retry}. */
export type Retry = (typeof Retry)[keyof typeof Retry]

/**
 * When a request is sent again. Only what provably did not start is, and what may start twice while no byte of a response came
 * (docs/decisions/0008-retry.md). A request has one budget for everything that an instance may have noticed of it; what could not even
 * connect goes back to its place in the line when the budget is used up, and waits there.
 */
export class Retries {
  readonly #attemptsMax: number

  /** `attemptsMax` is how often a request is sent at once, the first time included; at least 1. */
  constructor(attemptsMax: number) {
    this.#attemptsMax = attemptsMax
  }

  /** Decides about a failed attempt, and counts it. */
  decide(call: Call, failure: Failure): Retry {
    if (call.revision.isClosed || !call.exchange.canRetry(failure)) return Retry.No
    switch (failure) {
      case 'connect-refused':
      case 'connect-timeout':
      case 'connect-failed':
      case 'tls-failed':
        call.retries++
        return Retry.Unreachable
      case 'endpoint-busy':
        call.retries++
        call.mustQueue = true
        return Retry.Busy
      case 'stream-refused':
      case 'upstream-closed':
        return ++call.retries < this.#attemptsMax ? Retry.Again : Retry.No
      default:
        return Retry.No
    }
  }

  /** Whether it may be sent to another instance right away. */
  mayMoveAtOnce(call: Call): boolean {
    return call.retries < this.#attemptsMax
  }

  /** Whether a sidecar may refuse it: it must be possible to send it again, and there must be an attempt left for that. */
  mayBeRefused(call: Call): boolean {
    if (call.mustQueue) return false
    const { request, requestEnded } = call.exchange
    if (requestEnded && call.exchange.requestBytes === 0) return true
    return request.framing === Framing.Length && request.contentLength <= call.bytes
  }
}
