/** How an instance that failed is followed by the next. */
export interface BackoffPace {
  /** Failures in a row that are answered by another start at once: one that failed by chance is no trouble yet. */
  readonly forgiven: number
  /** After the first one that is not, ms; then twice as long each time. */
  readonly firstMs: number
  readonly maxMs: number
  /** An instance that was ready for so long, ms, has started well: what failed before is forgotten. */
  readonly settledMs: number
}

/** As Kubernetes' CrashLoopBackOff, but for somebody who sits before it. */
export const LOCAL_PACE: BackoffPace = { forgiven: 1, firstMs: 1000, maxMs: 30_000, settledMs: 10_000 }

/**
 * Spaces out the starts of a revision whose instances fail:
 *
 *     well ──failure──► forgiven ──failure──► waiting ──its time is over──► trying ──failure──► waiting, twice as long
 *      ▲                   │                                                   │
 *      └── one has been ready for a while ─────────────────────────────────────┘
 *
 * Times are ms of one clock.
 */
export class StartBackoff {
  readonly #pace: BackoffPace
  #failures = 0
  #until = -Infinity

  constructor(pace: BackoffPace = LOCAL_PACE) {
    this.#pace = pace
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures
  }

  /** Whether starts have failed so often that whoever waits should know. */
  get isTrouble(): boolean {
    return this.#failures > this.#pace.forgiven
  }

  /** How long no instance may be started, ms; 0 when one may. */
  restMs(now: number): number {
    return Math.max(0, this.#until - now)
  }

  /** An instance failed. `isFinal` says that the next one will fail as well, since its command is not there, for one. */
  onFailure(now: number, isFinal: boolean): void {
    const { forgiven, firstMs, maxMs } = this.#pace
    this.#failures = isFinal ? Math.max(this.#failures, forgiven) + 1 : this.#failures + 1
    if (!this.isTrouble) return
    const doublings = Math.min(this.#failures - forgiven - 1, 30)
    this.#until = now + Math.min(maxMs, firstMs * 2 ** doublings)
  }

  /** An instance that had been ready since `readyAt` is looked at, or ended. */
  onRan(readyAt: number, now: number): void {
    if (now - readyAt >= this.#pace.settledMs) this.reset()
  }

  /** Begins anew. */
  reset(): void {
    this.#failures = 0
    this.#until = -Infinity
  }
}
