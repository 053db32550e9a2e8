// The file and not the package's index, which brings WebAssembly and compression along: 5 ms instead of 47, and 13 MB less.
import int32 from 'hdr-histogram-js/dist/Int32Histogram.js'
import type { LatencyStatus } from '../status/status-report.ts'

type Int32Histogram = InstanceType<typeof int32.default>

/** How many slices there are, and how long each is, ms: what is told is 40 to 60 seconds old at most. */
const SLICES = 3
const SLICE_MS = 20_000
/** A longer duration counts as this one, ms. */
const LONGEST_MS = 3_600_000
/** Recorded are µs, as integers, to two digits. */
const PER_MS = 1000
const DIGITS = 2

/** What was recorded in one slice of time. */
class Slice {
  /** Its number since the clock's zero. */
  number = -1
  readonly histogram: Int32Histogram = makeHistogram()
}

/**
 * Percentiles of the durations of the last minute or so, within one percent. A window costs nothing until something is
 * recorded, and after a minute without anything nothing again, once {@link percentiles} was asked. In between it is one
 * to three histograms of 1 to 12 KB, which grow with the longest duration: 7 KB each for up to a second.
 */
export class LatencyWindow {
  #slices: Slice[] = []

  /**
   * Counts a duration of `ms` at `now`, ms on a clock that does not go back. What is no number, or below zero, counts as
   * zero; more than an hour counts as one.
   */
  record(ms: number, now: number): void {
    const number = Math.floor(now / SLICE_MS)
    const micros = ms > 0 ? Math.round(Math.min(ms, LONGEST_MS) * PER_MS) : 0
    this.#sliceOf(number).histogram.recordValue(micros)
  }

  #sliceOf(number: number): Slice {
    const place = number % SLICES
    const slice = (this.#slices[place] ??= new Slice())
    if (slice.number !== number) {
      slice.number = number
      slice.histogram.reset()
    }
    return slice
  }

  /** The percentiles at `now`, on the clock of {@link record}; null when nothing was recorded for a minute. */
  percentiles(now: number): LatencyStatus | null {
    const oldest = Math.floor(now / SLICE_MS) - SLICES
    const recent = this.#slices.filter((slice) => slice.number > oldest)
    if (recent.length === 0) {
      this.#slices = []
      return null
    }
    return statusOf(recent.map(({ histogram }) => histogram))
  }
}

/** It grows by itself: a small one holds only what is below 256 µs. */
function makeHistogram(): Int32Histogram {
  const histogram = new int32.default(1, 2, DIGITS)
  histogram.autoResize = true
  return histogram
}

function statusOf(histograms: readonly Int32Histogram[]): LatencyStatus {
  let [all] = histograms
  if (histograms.length > 1) {
    all = makeHistogram()
    for (const one of histograms) all.add(one)
  }
  // Of histograms that are added up, the largest value is only known to two digits.
  const max = Math.max(...histograms.map((one) => one.maxValue))
  // A percentile is the upper end of its bucket, which may be above everything that was recorded.
  const at = (percentile: number): number => Math.min(all.getValueAtPercentile(percentile), max) / PER_MS
  return { count: all.totalCount, p50: at(50), p90: at(90), p99: at(99), max: max / PER_MS }
}
