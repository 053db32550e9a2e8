/** A number that only grows. */
export class Counter {
  #value = 0

  /** Adds `amount`, 0 or more. */
  add(amount: number): void {
    this.#value += amount
  }

  /** Takes over a total that is counted elsewhere, as the kernel does. */
  setTotal(value: number): void {
    this.#value = value
  }

  /** The total; NaN is left out of what is exported. */
  get value(): number {
    return this.#value
  }
}
