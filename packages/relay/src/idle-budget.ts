/** How many idle connections several endpoints may keep together; each may have a bound of its own beside it. */
export class IdleBudget {
  /** Connections, at least 0. */
  readonly max: number
  #used = 0

  constructor(max: number) {
    this.max = max
  }

  /** Idle connections now. */
  get used(): number {
    return this.#used
  }

  /** Counts one more. Answers false when there is no room for it. */
  take(): boolean {
    if (this.#used >= this.max) return false
    this.#used++
    return true
  }

  /** `count` are idle no longer. */
  giveBack(count: number): void {
    this.#used -= count
  }
}
