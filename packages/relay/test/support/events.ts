import { within } from './within.ts'

/** Things that happen, kept in order until a test asks for them. */
export class Events<T> {
  /** Everything that happened so far. */
  readonly all: T[] = []
  readonly #what: string
  #taken = 0
  #wake: (() => void)[] = []

  /** `what` names the event in failures. */
  constructor(what: string) {
    this.#what = what
  }

  get count(): number {
    return this.all.length
  }

  push(event: T): void {
    this.all.push(event)
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** The next one nobody asked for yet. */
  async next(): Promise<T> {
    const index = this.#taken++
    await this.reaches(index + 1)
    return this.all[index]
  }

  /** Resolves when there were at least `count`. */
  async reaches(count: number): Promise<void> {
    await within(`${this.#what}, number ${count}`, this.#grows(count))
  }

  async #grows(count: number): Promise<void> {
    while (this.all.length < count) await new Promise<void>((resolve) => this.#wake.push(resolve))
  }
}
