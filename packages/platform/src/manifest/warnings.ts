import type { Problem } from '../document/problems.ts'
import type { Item } from '../document/section.ts'

/** Warnings that are told of one file; of the rest, only how many there are. */
const WARNINGS_MAX = 1000

/** Collects what is valid in a file and has no effect here. */
export class Warnings {
  readonly #file: string
  readonly #found: Problem[] = []
  #untold = 0

  /** `file` is the name that warnings are told under. */
  constructor(file: string) {
    this.#file = file
  }

  /** What was found, in the order of the lines. */
  get all(): readonly Problem[] {
    const sorted = this.#found.toSorted((a, b) => a.line - b.line)
    const line = sorted.at(-1)?.line ?? 1
    if (this.#untold > 0)
      sorted.push({ line, text: `${this.#file}:${line}: there are ${this.#untold} more warnings` })
    return sorted
  }

  /** Notes that a value has no effect. `why` is the reason, as it stands after a colon. */
  noEffect(item: Item, why: string): void {
    this.add(item, `has no effect: ${why}`)
  }

  /** Notes something else about a value. */
  add({ line, path }: Item, text: string): void {
    if (this.#found.length < WARNINGS_MAX)
      this.#found.push({ line, text: `${this.#file}:${line}: ${path} ${text}` })
    else this.#untold++
  }
}
