/** Lines that are held, at most; the first ones say most. */
const LINES_MAX = 1000

/** Holds the log of an activator until it is known whether it starts: when it does not, it says why in a message, and its log says the same again. */
export class HeldLog {
  readonly #write: (line: string) => void
  #held: string[] | null = []

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  /** Takes a line. */
  add(line: string): void {
    if (this.#held === null) this.#write(line)
    else if (this.#held.length < LINES_MAX) this.#held.push(line)
  }

  /** Writes what was held, and from now on every line at once. */
  open(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const line of held) this.#write(line)
  }
}
