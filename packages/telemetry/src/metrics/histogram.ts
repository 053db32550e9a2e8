/** Upper bounds of duration buckets, seconds: those of OpenTelemetry's conventions for HTTP, and Knative's. */
export const DURATION_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** Upper bounds of the buckets of cold starts, seconds: from a sidecar that answers at once to an image that is pulled. */
export const COLD_START_BOUNDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
]

/** Upper bounds of size buckets, bytes: the default of OpenTelemetry's SDKs, which Knative leaves as it is. */
export const SIZE_BOUNDS: readonly number[] = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000,
]

/** How many of the observed values lie between which bounds. A bound belongs to the bucket below it. */
export class Histogram {
  readonly bounds: readonly number[]
  /**
   * The sum, then each bound with the count of its bucket behind it, the last bound being infinite. All in one piece, so
   * that a value touches one line of the cache, and numbers are never boxed.
   */
  readonly #cells: Float64Array

  /** `bounds` ascend strictly. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#cells = new Float64Array(2 * bounds.length + 3)
    for (const [i, bound] of [...bounds, Infinity].entries()) this.#cells[1 + 2 * i] = bound
  }

  /**
   * Counts one value. What is not a number, or below zero as a clock that was set back gives it, counts as zero: it
   * must not spoil the sum for ever.
   */
  observe(value: number): void {
    const cells = this.#cells
    const amount = value > 0 ? value : 0
    cells[0] += amount
    // Most values are in the first buckets, where a search from the front is over after a comparison or two.
    let i = 1
    while (amount > cells[i]) i += 2
    cells[i + 1]++
  }

  /** The count of each bucket, one more than there are bounds. */
  counts(): number[] {
    return Array.from({ length: this.bounds.length + 1 }, (_, i) => this.#cells[2 + 2 * i])
  }

  /** How many values were observed. */
  get count(): number {
    return this.counts().reduce((count, one) => count + one, 0)
  }

  /** Sum of the observed values. */
  get sum(): number {
    return this.#cells[0]
  }
}
