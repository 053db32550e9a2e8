/** Weight of the newest interval: about the last sixteen releases count. */
const WEIGHT = 1 / 16

/** How fast slots are given back, for telling a refused caller when to come again. */
export class ReleaseRate {
  #lastAt = -1
  #meanMs = -1

  /** A slot was given back at `now`, ms on a monotonic clock. */
  record(now: number): void {
    if (this.#lastAt >= 0) {
      const interval = Math.max(0, now - this.#lastAt)
      this.#meanMs = this.#meanMs < 0 ? interval : this.#meanMs + (interval - this.#meanMs) * WEIGHT
    }
    this.#lastAt = now
  }

  /**
   * Whole seconds until `slots` more slots will have been given back if it goes on like this: at least 1, at most
   * `maximum`. Without a release to judge by it is 1.
   */
  secondsUntil(slots: number, now: number, maximum: number): number {
    if (this.#meanMs < 0) return 1
    // A rate of the past says little when nothing has been released for longer than it promises.
    const interval = Math.max(this.#meanMs, now - this.#lastAt)
    return Math.min(maximum, Math.max(1, Math.ceil((slots * interval) / 1000)))
  }
}
