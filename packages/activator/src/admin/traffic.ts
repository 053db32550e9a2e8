import { LatencyWindow } from '@pilotlight/telemetry'

/** Over so many seconds rates are averaged. */
const SECONDS = 10
/** One more than that: the oldest second counts as far as it is still within. */
const PLACES = SECONDS + 1

/** Requests of one revision that are over: how many in each of the last seconds, and what they took. */
export class Traffic {
  /** What they took. */
  readonly latency: LatencyWindow = new LatencyWindow()
  readonly #requests = new Uint32Array(PLACES)
  readonly #errors = new Uint32Array(PLACES)
  /** The last second anything was counted in, since the clock's zero. */
  #second = 0

  /** Counts a request that is over at `now`, ms on a clock that does not go back. */
  count(isError: boolean, now: number): void {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) this.#advance(second)
    const place = second % PLACES
    this.#requests[place]++
    if (isError) this.#errors[place]++
  }

  /** Requests per second over the last ten seconds. `now` is in ms. */
  requestsPerSecond(now: number): number {
    return this.#rate(this.#requests, now)
  }

  /** Those of them that failed, per second. `now` is in ms. */
  errorsPerSecond(now: number): number {
    return this.#rate(this.#errors, now)
  }

  #advance(second: number): void {
    const steps = Math.min(second - this.#second, PLACES)
    for (let i = 0; i < steps; i++) {
      const place = (second - i) % PLACES
      this.#requests[place] = 0
      this.#errors[place] = 0
    }
    this.#second = second
  }

  #rate(counts: Uint32Array, now: number): number {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) this.#advance(second)
    const elapsed = now / 1000 - second
    let sum = 0
    for (const count of counts) sum += count
    return (sum - counts[(second + 1) % PLACES] * elapsed) / SECONDS
  }
}
