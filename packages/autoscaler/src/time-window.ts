/** Before any time there is. */
const NEVER = Number.NEGATIVE_INFINITY
/** Decimals of an average, so that what should add up to nothing does. */
const PRECISION = 1e6
/** Least share of the newest bucket in a weighted average. */
const NEWEST_SHARE_MIN = 0.2
/** What the shares of all buckets of a weighted average may lack to make 1, at most. */
const SHARES_LACK_MAX = 0.0001

/**
 * What happened during the last while, in a ring of buckets: what is recorded for the same bucket adds up. There is no
 * timer, old buckets are cleared by the next record.
 *
 * Averages are over the time between the first and the last record, not over the whole window: a silence at either
 * end does not count, one in between does, as zeros. All times are ms on one clock.
 */
export class TimeWindow {
  readonly #bucketMs: number
  #windowMs: number
  #buckets: Float64Array
  /** Share of the newest bucket in a weighted average. */
  #newestShare: number
  #total = 0
  /** Number of the bucket recorded first, counted from time 0. */
  #first = NEVER
  /** Number of the newest bucket. */
  #last = NEVER

  /** A window of `windowMs`, above 0, in buckets of `bucketMs`. */
  constructor(windowMs: number, bucketMs = 1000) {
    this.#bucketMs = bucketMs
    this.#windowMs = windowMs
    this.#buckets = new Float64Array(Math.ceil(windowMs / bucketMs))
    this.#newestShare = newestShareOf(this.#buckets.length)
  }

  /** Adds `value` at `time`. It may be late, but what is a window older than the newest is dropped. */
  record(time: number, value: number): void {
    const bucket = Math.floor(time / this.#bucketMs)
    if (bucket !== this.#last) {
      if (this.#spans(this.#last - bucket)) return
      if (this.#first === NEVER || this.#first > bucket) this.#first = bucket
      if (bucket > this.#last) this.#advance(bucket)
    }
    this.#buckets[slotOf(bucket, this.#buckets.length)] += value
    this.#total += value
  }

  #advance(bucket: number): void {
    if (this.#spans(bucket - this.#last)) {
      this.#first = bucket
      this.#buckets.fill(0)
      this.#total = 0
    } else {
      for (let i = this.#last + 1; i <= bucket; i++) {
        const slot = slotOf(i, this.#buckets.length)
        this.#total -= this.#buckets[slot]
        this.#buckets[slot] = 0
      }
    }
    this.#last = bucket
  }

  /** Whether nothing was recorded during a whole window before `now`. */
  isEmpty(now: number): boolean {
    return this.#silence(now) * this.#bucketMs > this.#windowMs
  }

  /** Mean of the buckets, with six decimals; 0 when there is nothing. */
  average(now: number): number {
    const silence = Math.max(0, this.#silence(now))
    if (this.#spans(silence)) return 0
    const { length } = this.#buckets
    let total = this.#total
    for (let i = 1; i <= silence; i++) total -= this.#buckets[slotOf(this.#last + i, length)]
    return rounded(total / Math.min(this.#last - this.#first + 1, length - silence))
  }

  /** Mean in which a bucket weighs less the older it is; not rounded, 0 when there is nothing. */
  weightedAverage(now: number): number {
    if (this.isEmpty(now)) return 0
    const { length } = this.#buckets
    const silence = Math.max(0, this.#silence(now))
    let share = this.#newestShare * (1 - this.#newestShare) ** silence
    let average = 0
    for (let i = 0; i < length - silence; i++) {
      average += this.#buckets[slotOf(this.#last - i, length)] * share
      share *= 1 - this.#newestShare
    }
    return average
  }

  /** Makes the window longer or shorter from `now` on; what fits of the newest buckets is kept. */
  resize(windowMs: number, now: number): void {
    if (windowMs === this.#windowMs) return
    const old = this.#buckets
    const buckets = new Float64Array(Math.ceil(windowMs / this.#bucketMs))
    const hasData = !this.isEmpty(now)
    const kept = hasData ? Math.min(old.length, buckets.length) : 0
    this.#first = hasData ? this.#last - (old.length - 1) : NEVER
    this.#total = 0
    for (let i = 0; i < kept; i++) {
      const value = old[slotOf(this.#last - i, old.length)]
      buckets[slotOf(this.#last - i, buckets.length)] = value
      this.#total += value
    }
    this.#windowMs = windowMs
    this.#buckets = buckets
    this.#newestShare = newestShareOf(buckets.length)
  }

  /** Buckets since the newest. */
  #silence(now: number): number {
    return Math.floor(now / this.#bucketMs) - this.#last
  }

  /** Whether so many buckets are a whole window. */
  #spans(buckets: number): boolean {
    return buckets * this.#bucketMs >= this.#windowMs
  }
}

/** Where a bucket is in a ring of `length`. */
function slotOf(bucket: number, length: number): number {
  return ((bucket % length) + length) % length
}

/** Large enough that all shares together nearly make 1, and not so small that it is as good as a plain mean. */
function newestShareOf(buckets: number): number {
  return Math.max(1 - SHARES_LACK_MAX ** (1 / buckets), NEWEST_SHARE_MIN)
}

/** Half away from zero, as in Go. */
function rounded(value: number): number {
  return (Math.sign(value) * Math.round(Math.abs(value) * PRECISION)) / PRECISION
}
