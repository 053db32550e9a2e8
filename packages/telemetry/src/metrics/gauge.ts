/** A number that goes up and down. */
export class Gauge {
  #value = Number.NaN

  /** Sets the value; NaN takes the series out of what is exported. */
  set(value: number): void {
    this.#value = value
  }

  /** The value; NaN, as before the first `set`, is left out of what is exported. */
  get value(): number {
    return this.#value
  }
}
