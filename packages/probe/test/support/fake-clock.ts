import type { ProbeClock } from '../../src/probe-clock.ts'

/** Time that moves when it is told to. Promises settle before the next timer fires. */
export class FakeClock implements ProbeClock {
  #now = 1000
  readonly #timers = new Set<{ at: number; fire: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, fire: then }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size
  }

  /** Lets `ms` pass. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.fire()
      await settle()
    }
    this.#now = end
  }
}

/** Lets promises settle that wait for nothing but others. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
