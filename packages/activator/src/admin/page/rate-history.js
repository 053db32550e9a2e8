// @ts-check

/** How far back a sparkline goes, ms. */
export const HISTORY_MS = 120_000
/** One sample a second at most, so that a report that comes more often costs no memory. */
const SAMPLES_MAX = 121

/** @typedef {{ at: number, requests: number, errors: number }} Sample */

/** The rates of one revision in the last two minutes. */
export class RateHistory {
  /** @type {Sample[]} */
  #samples = []

  /**
   * Adds what was measured, and forgets what is too old.
   * @param {Sample} sample `at` is ms since the epoch, by the activator's clock
   */
  add(sample) {
    const last = this.#samples.at(-1)
    // Its clock was set back, or it is another process: what came before has no place on the axis.
    if (last !== undefined && sample.at < last.at) this.#samples = []
    if (last !== undefined && sample.at - last.at < HISTORY_MS / SAMPLES_MAX / 2 && sample.at >= last.at)
      this.#samples.pop()
    this.#samples.push(sample)
    while ((this.#samples[0]?.at ?? sample.at) < sample.at - HISTORY_MS) this.#samples.shift()
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
  }

  /**
   * The history as points of two SVG polylines, newest at the right.
   * @param {number} width
   * @param {number} height
   * @returns {{ requests: string, errors: string }} empty for a line that is zero all the time
   */
  lines(width, height) {
    const end = this.#samples.at(-1)?.at ?? 0
    const top = Math.max(1, ...this.#samples.map((sample) => Math.max(sample.requests, sample.errors)))
    /** @param {(sample: Sample) => number} valueOf */
    const line = (valueOf) => {
      if (this.#samples.every((sample) => valueOf(sample) === 0)) return ''
      return this.#samples
        .map((sample) => {
          const x = width * (1 - (end - sample.at) / HISTORY_MS)
          return `${x.toFixed(1)},${(height * (1 - valueOf(sample) / top)).toFixed(1)}`
        })
        .join(' ')
    }
    return { requests: line((sample) => sample.requests), errors: line((sample) => sample.errors) }
  }
}
