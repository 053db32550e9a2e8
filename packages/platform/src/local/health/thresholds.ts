/** Counts outcomes that are the same in a row, as kubelet does. */
export class Thresholds {
  readonly #success: number
  readonly #failure: number
  #last: boolean | null = null
  #count = 0

  /** How many of each say something; below 1 counts as 1. */
  constructor(success: number, failure: number) {
    this.#success = success
    this.#failure = failure
  }

  /** How many in a row have been like the last one. */
  get count(): number {
    return this.#count
  }

  /** Notes an outcome. Returns whether enough of its kind followed each other to mean something. */
  note(isSuccess: boolean): boolean {
    this.#count = this.#last === isSuccess ? this.#count + 1 : 1
    this.#last = isSuccess
    return this.#count >= (isSuccess ? this.#success : this.#failure)
  }
}
