interface Peak {
  readonly slot: number
  readonly scale: number
}

/**
 * The largest scale of the last while, in slots as long as the time between two decisions. Scaling down is put off by
 * it: what was once wanted stays wanted for the whole window.
 */
export class DelayWindow {
  readonly #slotMs: number
  readonly #slots: number
  /** Those that can still be the largest: newer ones are smaller. */
  readonly #peaks: Peak[] = []

  /** `windowMs`, above 0, in slots of `slotMs`. */
  constructor(windowMs: number, slotMs: number) {
    this.#slotMs = slotMs
    this.#slots = Math.ceil(windowMs / slotMs)
  }

  /** Adds `scale` at `now` and returns the largest of the window. Of several in one slot the largest counts. */
  record(now: number, scale: number): number {
    const peaks = this.#peaks
    const slot = Math.floor(now / this.#slotMs)
    while (peaks.length > 0 && scale >= peaks[peaks.length - 1].scale) peaks.pop()
    while (peaks.length > 0 && slot - peaks[0].slot >= this.#slots) peaks.shift()
    if (peaks.at(-1)?.slot !== slot) peaks.push({ slot, scale })
    return peaks[0].scale
  }
}
