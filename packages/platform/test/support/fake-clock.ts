import type { PlatformClock } from '../../src/clock.ts'

interface Pending {
  readonly at: number
  readonly call: () => void
}

/** Time that passes when a test says so. */
export class FakeClock implements PlatformClock {
  #now = 5000
  readonly #pending = new Set<Pending>()

  now(): number {
    return this.#now
  }

  after(ms: number, call: () => void): () => void {
    const pending = { at: this.#now + ms, call }
    this.#pending.add(pending)
    return () => this.#pending.delete(pending)
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
    return [...this.#pending].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
  }
}

/** Lets promises settle that wait for nothing but others. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
