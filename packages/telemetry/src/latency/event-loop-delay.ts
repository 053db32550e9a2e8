import type { ActivatorStatus } from '../status/status-report.ts'

type Monitor = ReturnType<typeof import('node:perf_hooks').monitorEventLoopDelay>

/** How often the event loop is looked at, ms: 50 times a second, each a few µs outside of JavaScript. */
const RESOLUTION_MS = 20
const NS_PER_MS = 1e6
/** Who asks sooner than this after the last one gets the same again, ms. */
const PERIOD_MIN_MS = 1000

/**
 * How late the event loop comes to what is due: what a request waits while something else runs. Nothing runs for it until
 * it is first asked, so that a process nobody looks at goes on sleeping.
 */
export class EventLoopDelay {
  #monitor: Monitor | null = null
  #last: ActivatorStatus['eventLoopDelay'] = { p50: 0, p99: 0, max: 0 }
  #readAt = -Infinity

  /** Delays since the last look, ms; zeros at the first. `now` is in ms, on a clock that does not go back. */
  read(now: number): ActivatorStatus['eventLoopDelay'] {
    if (this.#monitor === null) {
      // Not imported: who is never asked does not load it.
      const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks')
      this.#monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
      this.#monitor.enable()
    } else if (now - this.#readAt < PERIOD_MIN_MS) return this.#last
    else if (this.#monitor.count > 0) this.#last = delaysOf(this.#monitor)
    this.#monitor.reset()
    this.#readAt = now
    return this.#last
  }

  /** Looks no more. */
  stop(): void {
    this.#monitor?.disable()
  }
}

function delaysOf(monitor: Monitor): ActivatorStatus['eventLoopDelay'] {
  return {
    p50: delayOf(monitor.percentile(50)),
    p99: delayOf(monitor.percentile(99)),
    max: delayOf(monitor.max),
  }
}

/** Node records from one look to the next, ns: the delay and the time between them. */
function delayOf(ns: number): number {
  return Math.max(0, ns / NS_PER_MS - RESOLUTION_MS)
}
