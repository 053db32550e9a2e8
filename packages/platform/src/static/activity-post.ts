import type { ActivityStat } from '../platform.ts'
import { postJson, type RunningPost } from './json-post.ts'
import type { PlatformLog } from '../platform-log.ts'

/** How long the answer to a report may take, ms. */
const ANSWER_MS = 5000

/**
 * POSTs activity reports as JSON, `{"stats": [{"namespace", "name", "averageConcurrency", "requestCount"}]}`. One at a time: while one is
 * under way only the newest of the others is kept, so that nothing piles up before a receiver that is slow.
 */
export class ActivityPost {
  /** Where they are sent. */
  readonly url: string
  readonly #log: PlatformLog
  #running: RunningPost | null = null
  #waiting: readonly ActivityStat[] | null = null
  #problem = ''
  #isClosed = false

  constructor(url: string, log: PlatformLog) {
    this.url = url
    this.#log = log
  }

  /** Sends a report, or keeps it until the one under way is answered. */
  send(stats: readonly ActivityStat[]): void {
    if (this.#isClosed) return
    if (this.#running !== null) {
      this.#waiting = stats
      return
    }
    const running = postJson(this.url, { stats }, ANSWER_MS)
    this.#running = running
    void running.result.then(({ status, detail }) => {
      this.#running = null
      if (this.#isClosed) return
      this.#note(status >= 200 && status <= 299 ? '' : detail)
      const next = this.#waiting
      this.#waiting = null
      if (next !== null) this.send(next)
    })
  }

  /** Says what is wrong once, until something else is, and once that it is not any more. */
  #note(problem: string): void {
    if (problem === this.#problem) return
    this.#problem = problem
    if (problem === '') this.#log.info('Activity reports arrive again.', { url: this.url })
    else this.#log.warn('Activity reports do not arrive.', { url: this.url, error: problem })
  }

  /** Gives up what is under way. Resolves when it has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting = null
    this.#running?.stop()
    await this.#running?.result
  }
}
