import { build } from 'hdr-histogram-js'
import type { LoadResult } from './driver.ts'

const MICROS_MAX = 60_000_000

/** Latencies in microseconds to three digits, from the end of the warm-up on. */
export class LatencyRecorder {
  readonly #histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MICROS_MAX,
    numberOfSignificantValueDigits: 3,
  })
  readonly #fromMillis: number

  constructor(warmupSeconds: number) {
    this.#fromMillis = performance.now() + warmupSeconds * 1000
  }

  record(millis: number): void {
    if (performance.now() < this.#fromMillis) return
    this.#histogram.recordValue(Math.min(Math.round(millis * 1000), MICROS_MAX))
  }

  /** The result of a run with this many errors. */
  result(errors: number, complaint: string): LoadResult {
    const isEmpty = this.#histogram.totalCount === 0
    return {
      errors,
      complaint: errors === 0 ? '' : complaint,
      p50Micros: isEmpty ? null : this.#histogram.getValueAtPercentile(50),
      p99Micros: isEmpty ? null : this.#histogram.getValueAtPercentile(99),
    }
  }
}
