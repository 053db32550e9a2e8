/** Different messages counted at a time; when there are more, all counts start anew. zap has as many. */
const MESSAGES_MAX = 4096
const SECOND_MS = 1000

/**
 * Thins out equal messages as zap does: of one message at one level, the first `initial` of a second are written, then
 * every `thereafter`-th. The second starts with the first message of it, so no timer is needed.
 */
export class LoggerSampler {
  readonly #initial: number
  readonly #thereafter: number
  readonly #seen = new Map<string, { count: number; until: number }>()

  constructor(initial: number, thereafter: number) {
    this.#initial = initial
    this.#thereafter = thereafter
  }

  /** Whether this one is to be written; `now` in ms on any clock. */
  admits(level: string, message: string, now: number): boolean {
    const key = `${level} ${message}`
    let seen = this.#seen.get(key)
    if (seen === undefined) {
      if (this.#seen.size >= MESSAGES_MAX) this.#seen.clear()
      seen = { count: 0, until: now + SECOND_MS }
      this.#seen.set(key, seen)
    } else if (now >= seen.until) {
      seen.count = 0
      seen.until = now + SECOND_MS
    }
    const over = ++seen.count - this.#initial
    return over <= 0 || (this.#thereafter > 0 && over % this.#thereafter === 0)
  }
}
