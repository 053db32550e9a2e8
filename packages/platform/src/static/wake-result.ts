/** How a wake-up ended. */
export const WakeOutcome = { Done: 0, Failed: 1, Unknown: 2 } as const
/** One of {@link WakeOutcome}. */
export type WakeOutcome = (typeof WakeOutcome)[keyof typeof WakeOutcome]

/** How a wake-up ended, and why. */
export interface WakeResult {
  /** `Unknown` when it may have been done and nobody said so. */
  readonly outcome: WakeOutcome
  /** A sentence for whoever waits for an instance, without arguments, addresses and output; empty when it was done. */
  readonly reason: string
  /** The rest of it, for the log alone. */
  readonly detail: Readonly<Record<string, string>>
}

/** A wake-up that is under way. */
export interface RunningWake {
  /** Never rejects. */
  readonly result: Promise<WakeResult>
  /** Ends it, if need be by force; the result comes soon after. */
  stop(): void
}

/** A wake-up that was done. */
export const DONE: WakeResult = { outcome: WakeOutcome.Done, reason: '', detail: {} }
