/** Time, as far as platforms need it. */
export interface PlatformClock {
  /** ms, monotonic. */
  now(): number
  /** Calls `then` once after `ms`; the function returned prevents that. */
  after(ms: number, then: () => void): () => void
}

/** The time of this process. What waits for it keeps no process alive. */
export const PROCESS_CLOCK: PlatformClock = {
  now() {
    // Not `performance.now()`, which would load `perf_hooks`.
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1000 + nanoseconds / 1e6
  },
  after(ms, then) {
    const timer = setTimeout(then, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
