/** Upper bounds of duration buckets, seconds: those of OpenTelemetry's conventions for HTTP, and Knative's. */
export const DURATION_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** Upper bounds of size buckets, bytes: the default of OpenTelemetry's SDKs, which Knative leaves as it is. */
export const SIZE_BOUNDS: readonly number[] = [
  0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000,
]

/** How many of the observed values lie between which bounds. A bound belongs to the bucket below it. */
export class Histogram {
  readonly bounds: readonly number[]
  /** A count per bucket, the last one of what is above every bound; then the sum, so that it is never boxed. */
  readonly #cells: Float64Array

  /** `bounds` ascend strictly. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#cells = new Float64Array(bounds.length + 2)
  }

  /**
   * Counts one value. What is not a number, or below zero as a clock that was set back gives it, counts as zero: it
   * must not spoil the sum for ever.
   */
  observe(value: number): void {
    const { bounds } = this
    const cells = this.#cells
    const amount = value > 0 ? value : 0
    // Most values are in the first buckets, where a search from the front is over after a comparison or two.
    let i = 0
    while (i < bounds.length && amount > bounds[i]) i++
    cells[i]++
    cells[bounds.length + 1] += amount
  }

  /** The count of each bucket, one more than there are bounds. */
  counts(): number[] {
    return Array.from(this.#cells.subarray(0, this.bounds.length + 1))
  }

  /** How many values were observed. */
  get count(): number {
    let count = 0
    for (let i = 0; i <= this.bounds.length; i++) count += this.#cells[i]
    return count
  }

  /** Sum of the observed values. */
  get sum(): number {
    return this.#cells[this.bounds.length + 1]
  }
}
