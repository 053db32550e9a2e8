/** One endpoint as balancing sees it. A service extends it by what it takes to reach the endpoint. */
export abstract class Candidate {
  /** `host:port`; what endpoints are sorted by. */
  readonly address: string
  /** Requests of ours that are there. Those go on when the capacity is lowered below their number. */
  running = 0
  /** Requests that may be there at the same time, at least 0; Infinity for no limit. */
  capacity = 0
  /** It failed lately: no policy chooses it, it is used only by who asks for this very one. */
  isAvoided = false

  /** `address` is `host:port`. Without a capacity it takes nothing. */
  constructor(address: string) {
    this.address = address
  }

  /** Whether a policy may choose it. */
  get isOpen(): boolean {
    return this.running < this.capacity && !this.isAvoided
  }

  /** Slots that are not taken, avoided or not; Infinity without a limit. */
  get free(): number {
    return Math.max(0, this.capacity - this.running)
  }
}
