import type { Item } from './section.ts'

/** Values of a file of which each may stand there once, and where they do. */
export class Unique {
  readonly #lines = new Map<string, number>()

  /** Notes a problem when `key` stands in the file already. `valid` says what the value must be instead. */
  take(item: Item, key: string, valid: string): void {
    const line = this.#lines.get(key)
    if (line === undefined) this.#lines.set(key, item.line)
    else item.mustBe(`${valid}, and line ${line} has it already`)
  }
}
