import type { ActivityStat } from '../platform.ts'
import { postJson } from './wake-runner.ts'

/** For one report, ms. */
const POST_MS = 5000

/** What a report was not delivered for. */
export interface PostLog {
  info(message: string): void
  warn(message: string): void
}

/**
 * POSTs activity reports as JSON, `{"stats": [{"namespace", "name", "averageConcurrency", "requestCount"}]}`. One at a time, in order; while
 * one is under way the next waits, and a newer one takes its place: a receiver that is slow gets the newest, and nothing piles up.
 */
export class ActivityPost {
  /** Where they are sent. */
  readonly url: string
  readonly #log: PostLog
  #controller: AbortController | null = null
  #waiting: readonly ActivityStat[] | null = null
  #isFailing = false

  constructor(url: string, log: PostLog) {
    this.url = url
    this.#log = log
  }

  send(stats: readonly ActivityStat[]): void {
    if (this.#controller !== null) this.#waiting = stats
    else void this.#post(stats)
  }

  async #post(stats: readonly ActivityStat[]): Promise<void> {
    const controller = new AbortController()
    this.#controller = controller
    const timer = setTimeout(
      () => controller.abort(new Error(`no answer within ${POST_MS / 1000} s`)),
      POST_MS,
    )
    timer.unref()
    try {
      const status = await postJson(this.url, { stats }, controller.signal)
      this.#note(status < 400 ? '' : `status ${status}`)
    } catch (error) {
      const { message, cause } = error as Error
      this.#note(cause instanceof Error ? cause.message : message)
    } finally {
      clearTimeout(timer)
    }
    this.#controller = null
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null) void this.#post(waiting)
  }

  /** Says it once when reports begin to fail, and once when they arrive again. */
  #note(problem: string): void {
    if (problem !== '' && !this.#isFailing)
      this.#log.warn(`activity reports do not arrive at ${this.url}: ${problem}`)
    if (problem === '' && this.#isFailing) this.#log.info(`activity reports arrive at ${this.url} again`)
    this.#isFailing = problem !== ''
  }

  /** Gives up what is under way. */
  close(): void {
    this.#waiting = null
    this.#controller?.abort(new Error('the activator ends'))
  }
}
