interface Pending {
  readonly at: number
  readonly order: number
  readonly call: () => void
}

/** Time that passes when a test says so. */
export class FakeClock {
  #now = 0
  #order = 0
  readonly #pending = new Set<Pending>()

  now(): number {
    return this.#now
  }

  after(ms: number, then: () => void): () => void {
    const pending = { at: this.#now + ms, order: this.#order++, call: then }
    this.#pending.add(pending)
    return () => void this.#pending.delete(pending)
  }

  /** Calls that are still to come. */
  get waiting(): number {
    return this.#pending.size
  }

  /** Lets `ms` pass; everything that is due on the way is called, in order. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#pending.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.call()
    }
    this.#now = end
  }

  #next(end: number): Pending | undefined {
    const due = [...this.#pending].filter((pending) => pending.at <= end)
    return due.toSorted((a, b) => a.at - b.at || a.order - b.order)[0]
  }
}
