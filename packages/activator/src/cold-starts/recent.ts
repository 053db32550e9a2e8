/** The last values that were added, newest first; the oldest makes room for one more. */
export class Recent<T> {
  readonly #max: number
  #values: readonly T[] = []

  /** `max` is how many are kept, at least 1. */
  constructor(max: number) {
    this.#max = max
  }

  /** What is there. It is a new array after each {@link add}, so that it can be kept. */
  get values(): readonly T[] {
    return this.#values
  }

  add(value: T): void {
    this.#values = [value, ...this.#values.slice(0, this.#max - 1)]
  }
}

/** Values by name, as many as fit: the oldest make room. A name that comes again stands for the newer value. */
export class RecentByName<T> {
  readonly #max: number
  /** In the order in which they came. */
  readonly #values = new Map<string, T>()

  /** `max` is how many are kept, at least 1. */
  constructor(max: number) {
    this.#max = max
  }

  /** How many there are. */
  get size(): number {
    return this.#values.size
  }

  get(name: string): T | undefined {
    return this.#values.get(name)
  }

  add(name: string, value: T): void {
    this.#values.delete(name)
    this.#values.set(name, value)
    if (this.#values.size > this.#max) this.#values.delete(this.#values.keys().next().value!)
  }
}
