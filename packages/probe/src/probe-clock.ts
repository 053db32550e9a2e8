/** Time as an attempt sees it. */
export interface ProbeClock {
  /** Calls `then` once after `ms` milliseconds. Returns a function that takes the call back. */
  after(ms: number, then: () => void): () => void
}
