import { monotonicNow } from '@pilotlight/relay'

/** Time as the prober and the drainer see it; tests pass their own. */
export interface Clock {
  /** Milliseconds since some fixed moment, never running backwards. */
  now(): number
  /** Calls `then` once after `ms` milliseconds. Returns a function that takes the call back. */
  after(ms: number, then: () => void): () => void
}

/** Longest time a timer of Node can be set to, ms. Above it a timer would fire at once. */
export const TIMER_MS_MAX = 0x7fff_ffff

/** The time of this process. */
export const systemClock: Clock = {
  now: monotonicNow,
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}
