import { within } from './within.ts'

/** Things that happen, kept in order until a scenario asks for them. */
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
    const grows = async (): Promise<void> => {
      while (this.all.length < count) await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
    await within(`${this.#what}, number ${count}`, grows())
  }

  /** The first, of the past or of the future, that is wanted. */
  async find(what: string, isWanted: (event: T) => boolean, ms?: number): Promise<T> {
    const look = async (): Promise<T> => {
      for (let index = 0; ; index++) {
        while (this.all.length <= index) await new Promise<void>((resolve) => this.#wake.push(resolve))
        if (isWanted(this.all[index])) return this.all[index]
      }
    }
    return within(`${this.#what}: ${what}`, look(), ms)
  }
}
