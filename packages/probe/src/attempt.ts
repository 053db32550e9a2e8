import type { ProbeClock } from './probe-clock.ts'

/** Why an attempt did not find the app ready. */
export interface ProbeFailure {
  /** For people, in the words of Go and Knative; they search their logs for them. */
  readonly text: string
  /** Whether nothing listens on the port yet: asking again costs the app nothing. */
  readonly isRefused: boolean
}

/** What an attempt came to: null is ready. */
export type ProbeOutcome = ProbeFailure | null

/** A failure of something that listens. */
export function failure(text: string): ProbeFailure {
  return { text, isRefused: false }
}

/** The same failure with words in front. */
export function prefixed(prefix: string, cause: ProbeFailure): ProbeFailure {
  return { text: `${prefix}${cause.text}`, isRefused: cause.isRefused }
}

/** What an attempt has open. */
export interface Closable {
  destroy(): unknown
}

/**
 * One attempt of a probe: its time, and all it has open. When the time is over everything open is destroyed, which ends
 * whatever waits for it; so nothing else needs a timer.
 */
export class Attempt {
  /** For this attempt, ms. Each request of a probe that sends several has as much. */
  readonly timeoutMs: number
  /** Told when a connection stands. */
  onConnected: () => void = () => {}
  readonly #clock: ProbeClock
  readonly #open = new Set<Closable>()
  #stopTimer: () => void = () => {}
  #isTimedOut = false
  #isOver = false

  constructor(timeoutMs: number, clock: ProbeClock) {
    this.timeoutMs = timeoutMs
    this.#clock = clock
    this.restart()
  }

  /** Whether the time went by. */
  get isTimedOut(): boolean {
    return this.#isTimedOut
  }

  /** Whether what is opened now would be destroyed at once. */
  get isOver(): boolean {
    return this.#isOver || this.#isTimedOut
  }

  /** Gives the next request of the attempt the whole time. Does nothing when the attempt was ended. */
  restart(): void {
    if (this.#isOver) return
    this.#isTimedOut = false
    this.#stopTimer()
    this.#stopTimer = this.#clock.after(this.timeoutMs, () => {
      this.#isTimedOut = true
      this.#destroyOpen()
    })
  }

  /** Destroys `closable` with this attempt. */
  hold(closable: Closable): void {
    if (this.isOver) closable.destroy()
    else this.#open.add(closable)
  }

  /** Forgets what is closed. */
  release(closable: Closable): void {
    this.#open.delete(closable)
    // The verdict was given, and what was still read is read.
    if (this.#isOver && this.#open.size === 0) this.#stopTimer()
  }

  /**
   * The verdict is given. What is still held, which is a body being read to its end, has the rest of the time.
   */
  conclude(): void {
    this.#isOver = true
    if (this.#open.size === 0) this.#stopTimer()
  }

  /** Gives up: destroys what is open. */
  cancel(): void {
    this.#isOver = true
    this.#stopTimer()
    this.#destroyOpen()
  }

  #destroyOpen(): void {
    for (const closable of this.#open) closable.destroy()
    this.#open.clear()
  }
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** A time as Go writes it: `100ms`, `1s`, `1m30s`, `1h0m0s`. `ms` is whole. */
export function durationText(ms: number): string {
  if (ms > 0 && ms < SECOND) return `${ms}ms`
  const seconds = `${(ms % MINUTE) / SECOND}s`
  if (ms < MINUTE) return seconds
  const minutes = `${Math.floor((ms % HOUR) / MINUTE)}m${seconds}`
  return ms < HOUR ? minutes : `${Math.floor(ms / HOUR)}h${minutes}`
}
