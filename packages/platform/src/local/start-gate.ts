import type { PlatformClock } from '../clock.ts'

/** A start has its place for this long at most, ms: an app that takes its time waits, and needs no processor for it. */
const PLACE_MS = 1000

/**
 * Bounds how many instances start at the same moment, so that the first of many is ready soon, and none of them much later. Whoever finds no
 * place is called, in order, when there is one.
 */
export class StartGate {
  readonly #max: number
  readonly #clock: PlatformClock
  readonly #waiting = new Set<() => void>()
  #taken = 0

  /** `max` is at least 1. */
  constructor(max: number, clock: PlatformClock) {
    this.#max = max
    this.#clock = clock
  }

  /**
   * Takes a place, and answers what gives it back; by itself it is given back after a while. Null when there is none: then `retry` is called
   * once, some time.
   */
  take(retry: () => void): (() => void) | null {
    if (this.#taken >= this.#max) {
      this.#waiting.add(retry)
      return null
    }
    this.#taken++
    let isTaken = true
    const giveBack = (): void => {
      if (!isTaken) return
      isTaken = false
      cancel()
      this.#taken--
      this.#callNext()
    }
    const cancel = this.#clock.after(PLACE_MS, giveBack)
    return giveBack
  }

  /** Whoever waited with `retry` does not any more. */
  forget(retry: () => void): void {
    this.#waiting.delete(retry)
  }

  #callNext(): void {
    const [next] = this.#waiting
    if (next === undefined) return
    this.#waiting.delete(next)
    next()
  }
}
