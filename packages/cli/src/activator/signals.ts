const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What signals ask for. */
export interface SignalEvents {
  /** The first one: end, and lose no request. */
  readonly onEnd: () => void
  /** One more: end at once. */
  readonly onKill: () => void
}

/** Ctrl-C and its relatives: the first asks for the end, the next one wants it now. */
export class Signals {
  readonly #events: SignalEvents
  readonly #listener = (signal: NodeJS.Signals): void => this.#onSignal(signal)
  #count = 0
  #last: NodeJS.Signals | null = null

  constructor(events: SignalEvents) {
    this.#events = events
    for (const signal of SIGNALS) process.on(signal, this.#listener)
  }

  /** Whether there was one. */
  get hasAsked(): boolean {
    return this.#count > 0
  }

  /** The one that wanted the end at once; null for none. */
  get killedBy(): NodeJS.Signals | null {
    return this.#count > 1 ? this.#last : null
  }

  /** Signals do again what they do by default. */
  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#listener)
  }

  #onSignal(signal: NodeJS.Signals): void {
    this.#last = signal
    if (++this.#count === 1) this.#events.onEnd()
    else this.#events.onKill()
  }
}
