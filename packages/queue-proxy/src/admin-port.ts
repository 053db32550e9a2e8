import { pathOf } from '@pilotlight/service'
import type { Exchange } from '@pilotlight/relay'
import { answers } from './answers.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Drainer } from './drainer.ts'

/** How long after a container was told to stop the whole pod must be, or it is only restarted (Knative). */
const TERM_WITHIN_MS = 1000

/**
 * Answers what the hooks of the user's containers ask before they stop: `/wait-for-drain` answers once no requests
 * arrive any more. When no signal reaches us within a second, only that container is restarted, and we serve on.
 */
export class AdminPort {
  readonly #drainer: Drainer
  readonly #clock: Clock
  #isTerminating = false

  constructor(drainer: Drainer, clock: Clock = systemClock) {
    this.#drainer = drainer
    this.#clock = clock
  }

  /** The process was told to end: drains are no false alarms from now on. */
  onTerminating(): void {
    this.#isTerminating = true
  }

  /** Answers a request on the admin port. */
  answer(exchange: Exchange): void {
    if (pathOf(exchange) !== '/wait-for-drain') return answers.answerNotFound(exchange)
    this.#clock.after(TERM_WITHIN_MS, () => {
      if (!this.#isTerminating) this.#drainer.reset()
    })
    void this.#drainer.drain().then(() => answers.answer(exchange, 200, ''))
  }
}
