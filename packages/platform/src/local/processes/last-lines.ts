import { withoutColours } from './harmless-text.ts'

/** How many are kept, and how much of each, characters. */
const LINES_MAX = 20
const LENGTH_MAX = 1000

/** The last lines of a process, for the message that it crashed. */
export class LastLines {
  readonly #lines: string[] = []

  /** Adds one. */
  add(text: string): void {
    if (this.#lines.length === LINES_MAX) this.#lines.shift()
    this.#lines.push(text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text)
  }

  /** Oldest first, without colours and without empty ones at the end. */
  get all(): readonly string[] {
    const lines = this.#lines.map(withoutColours)
    return lines.slice(0, lines.findLastIndex((line) => line.trim() !== '') + 1)
  }
}
