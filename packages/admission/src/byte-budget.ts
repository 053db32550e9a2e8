/** Body bytes that may be buffered: those of a revision are also its namespace's, and those also the process's. */
export class ByteBudget {
  /** Bytes, at least 0; Infinity for no bound. A bound that is lowered takes nothing away from those who have some. */
  max: number
  readonly #parent: ByteBudget | null
  #used = 0

  constructor(max: number, parent: ByteBudget | null = null) {
    this.max = max
    this.#parent = parent
  }

  /** Bytes taken. */
  get used(): number {
    return this.#used
  }

  /** Bytes that can be taken now, here and in all budgets this one is a part of. */
  get left(): number {
    const left = Math.max(0, this.max - this.#used)
    return this.#parent === null ? left : Math.min(left, this.#parent.left)
  }

  /** Takes as much as there is between `least` and `want`; -1, and nothing, when there is less than `least`. */
  reserve(least: number, want: number): number {
    const granted = Math.min(want, this.left)
    if (granted < least) return -1
    this.#add(granted)
    return granted
  }

  /** Gives bytes back. */
  release(bytes: number): void {
    this.#add(-bytes)
  }

  #add(bytes: number): void {
    this.#used += bytes
    if (this.#parent !== null) this.#parent.#add(bytes)
  }
}
