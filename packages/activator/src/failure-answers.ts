import { type Failure, monotonicNow } from '@pilotlight/relay'
import { answerFailure, logFailure } from '@pilotlight/service'
import type { Logger } from '@pilotlight/telemetry'
import { answers } from './answers.ts'
import type { Call } from './call.ts'
import type { ResponseFields } from './cold-starts/response-fields.ts'
import type { Revision } from './revision.ts'

/** Knative's text of every timeout, without a newline at its end. */
const TIMED_OUT = 'activator request timeout'

/** Longest time a refused caller is told to stay away, seconds. */
const RETRY_AFTER_MAX = 60

/** Answers requests that failed, with Knative's statuses and texts. */
export class FailureAnswers {
  readonly #log: Logger
  readonly #told: ResponseFields

  /** `told` is what the client is told beside the answer. */
  constructor(log: Logger, told: ResponseFields) {
    this.#log = log
    this.#told = told
  }

  /** Answers and logs. Answers false for what the relay's own answer is right for. */
  answer(call: Call, failure: Failure): boolean {
    const { exchange, revision } = call
    const fields = this.#told.ofError(call)
    logFailure(this.#log, exchange, failure, call.requestId === '' ? {} : { requestId: call.requestId })
    return answerFailure(answers, exchange, failure, TIMED_OUT, this.retryAfter(revision), fields)
  }

  /** When a place in the revision's line is likely to be free, by how fast it has been emptied; whole seconds, 1 to 60. */
  retryAfter({ rate, line }: Revision): number {
    return rate.secondsUntil(line.length + 1, monotonicNow(), RETRY_AFTER_MAX)
  }
}
