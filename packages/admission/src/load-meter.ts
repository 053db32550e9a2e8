/** What one completed window saw. */
export interface LoadReport {
  /** Requests in flight, averaged over time. */
  readonly averageConcurrency: number
  /** The same of those that came through an activator. */
  readonly averageProxiedConcurrency: number
  /** Requests that arrived, per second. */
  readonly requestRate: number
  /** The same of those that came through an activator. */
  readonly proxiedRequestRate: number
  /** End of the window, ms on the caller's clock. */
  readonly endedAt: number
}

/**
 * Integrates how many requests are in flight over windows of equal length, as Knative's autoscaler wants it. There is
 * no timer: a window is closed by the first event or question after its end, with exactly what was true until then.
 */
export class LoadMeter {
  readonly #windowMs: number
  #windowEnd: number
  #changedAt: number
  #concurrency = 0
  #proxied = 0
  #area = 0
  #proxiedArea = 0
  #arrived = 0
  #arrivedProxied = 0
  #report: LoadReport | null = null

  /** `now` is the begin of the first window and `windowMs` the length of each, both in ms. */
  constructor(now: number, windowMs = 1000) {
    this.#windowMs = windowMs
    this.#windowEnd = now + windowMs
    this.#changedAt = now
  }

  /** Requests in flight. */
  get concurrency(): number {
    return this.#concurrency
  }

  /** A request came; `isProxied` says that an activator reports it too. */
  enter(now: number, isProxied: boolean): void {
    this.#advance(now)
    this.#concurrency++
    this.#arrived++
    if (!isProxied) return
    this.#proxied++
    this.#arrivedProxied++
  }

  /** A request that came is over. */
  leave(now: number, isProxied: boolean): void {
    this.#advance(now)
    this.#concurrency--
    if (isProxied) this.#proxied--
  }

  /** The window completed last, or null before the first end. */
  report(now: number): LoadReport | null {
    this.#advance(now)
    return this.#report
  }

  /** Times that go backwards, as those of two sources may by a little, are taken as no time at all. */
  #advance(now: number): void {
    if (now >= this.#windowEnd) this.#closeWindows(now)
    if (now > this.#changedAt) this.#integrate(now)
  }

  #integrate(to: number): void {
    const elapsed = to - this.#changedAt
    this.#area += this.#concurrency * elapsed
    this.#proxiedArea += this.#proxied * elapsed
    this.#changedAt = to
  }

  #closeWindows(now: number): void {
    const end = this.#windowEnd
    const skipped = Math.floor((now - end) / this.#windowMs)
    this.#integrate(end)
    this.#closeWindow()
    if (skipped > 0) {
      // Whole windows without an event: the last of them says what all would say.
      this.#changedAt = end + (skipped - 1) * this.#windowMs
      this.#windowEnd = end + skipped * this.#windowMs
      this.#integrate(this.#windowEnd)
      this.#closeWindow()
    }
    this.#windowEnd += this.#windowMs
  }

  #closeWindow(): void {
    const perSecond = 1000 / this.#windowMs
    this.#report = {
      averageConcurrency: this.#area / this.#windowMs,
      averageProxiedConcurrency: this.#proxiedArea / this.#windowMs,
      requestRate: this.#arrived * perSecond,
      proxiedRequestRate: this.#arrivedProxied * perSecond,
      endedAt: this.#windowEnd,
    }
    this.#area = 0
    this.#proxiedArea = 0
    this.#arrived = 0
    this.#arrivedProxied = 0
  }
}
