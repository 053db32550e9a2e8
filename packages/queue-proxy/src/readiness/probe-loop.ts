import type { ProbeFailure, ProbeOutcome, ProbeRun } from '@pilotlight/probe'
import type { Clock } from '../clock.ts'
import type { StartProbe } from './probe-run.ts'

/** How long a run of the loop goes on without success, ms. Knative's. */
export const WINDOW_MS = 10_000
/** Between the beginnings of two attempts at an app that answers, ms. Knative's, there from the first attempt on. */
export const TICK_MS = 50
/** After the first failure of something that listens, ms; it doubles up to {@link TICK_MS}. */
const FAILED_FIRST_MS = 5
/**
 * Between two attempts while nothing listens, ms: 1 for the first 200 ms, then 1/200 of the time waited so far, so that
 * what a wait adds stays small beside the wait itself. An attempt that is refused costs 150 to 250 µs of CPU with its
 * timer: 18 % of a core at 1 ms, 5 % from the first second on, at 5 ms.
 */
const REFUSED_FIRST_MS = 1
const REFUSED_MAX_MS = 5
const REFUSED_SHARE = 200
/** A run that begins this soon after one that failed continues its wait, ms. */
const CONTINUES_MS = 1000

/** How a run ended: `left` when its last user gave up. */
export type LoopResult = 'ready' | 'expired' | 'left'

/** One user's part in a run. */
export interface LoopUse {
  readonly result: Promise<LoopResult>
  /** Gives up; the run ends with its last user. Says then why the app was not ready if `isExpired`. */
  leave(isExpired: boolean): void
}

/** What a loop is made of. */
export interface LoopParts {
  readonly clock: Clock
  /** For one attempt, ms. */
  readonly attemptMs: number
  /** Consecutive successes until ready; below 1 counts as 1. */
  readonly successThreshold: number
  readonly start: StartProbe
  /** A line for people. */
  readonly print: (line: string) => void
}

/**
 * Repeats one probe until it succeeds, as long as somebody waits: Knative's aggressive mode, with less waiting in it. All
 * users share one run, which ends for all of them.
 *
 * Consecutive successes are counted on from run to run, as in Knative: once ready, the first good attempt of a later run
 * is enough.
 */
export class ProbeLoop {
  readonly #parts: LoopParts
  #consecutive = 0
  #users = 0
  #run: Run | null = null
  /** When the wait began that runs share, and when its last run ended, ms. */
  #waitingSince = 0
  #endedAt = -Infinity

  constructor(parts: LoopParts) {
    this.#parts = parts
  }

  /** Takes part in the run under way, or begins one. */
  join(): LoopUse {
    const now = this.#parts.clock.now()
    if (this.#run === null) {
      if (now - this.#endedAt > CONTINUES_MS) this.#waitingSince = now
      this.#run = new Run(now + WINDOW_MS)
      this.#users = 0
      this.#attempt(this.#run)
    }
    const run = this.#run
    this.#users++
    let hasLeft = false
    return {
      result: run.result,
      leave: (isExpired) => {
        if (hasLeft || this.#run !== run) return
        hasLeft = true
        if (--this.#users === 0) this.#end(run, 'left', isExpired)
      },
    }
  }

  /** Notes the outcome of an attempt made elsewhere, so that it counts among the consecutive ones. */
  note(outcome: ProbeOutcome): void {
    this.#consecutive = outcome === null ? this.#consecutive + 1 : 0
  }

  /** Ends the run for everybody. */
  close(): void {
    if (this.#run !== null) this.#end(this.#run, 'left', false)
  }

  #attempt(run: Run): void {
    const { clock, start, attemptMs } = this.#parts
    const startedAt = clock.now()
    const attempt = start(attemptMs)
    run.attempt = attempt
    void attempt.outcome.then((outcome) => {
      if (this.#run === run) this.#onOutcome(run, outcome, clock.now() - startedAt)
    })
  }

  #onOutcome(run: Run, outcome: ProbeOutcome, tookMs: number): void {
    run.attempt = null
    this.note(outcome)
    let pause = TICK_MS - tookMs
    if (outcome === null) {
      if (this.#consecutive >= this.#parts.successThreshold) return this.#end(run, 'ready', false)
    } else {
      run.failures++
      run.lastFailure = outcome.text
      pause = this.#pauseAfter(run, outcome, tookMs)
    }
    const left = run.endsAt - this.#parts.clock.now()
    if (left <= 0) return this.#end(run, 'expired', true)
    run.stopTimer = this.#parts.clock.after(Math.max(0, Math.min(pause, left)), () => {
      if (pause < left) this.#attempt(run)
      else this.#end(run, 'expired', true)
    })
  }

  #pauseAfter(run: Run, { isRefused }: ProbeFailure, tookMs: number): number {
    if (isRefused) {
      run.failedMs = FAILED_FIRST_MS
      const waited = this.#parts.clock.now() - this.#waitingSince
      return Math.min(Math.max(waited / REFUSED_SHARE, REFUSED_FIRST_MS), REFUSED_MAX_MS)
    }
    const pause = run.failedMs - tookMs
    run.failedMs = Math.min(run.failedMs * 2, TICK_MS)
    return pause
  }

  #end(run: Run, result: LoopResult, isExpired: boolean): void {
    this.#run = null
    this.#endedAt = result === 'ready' ? -Infinity : this.#parts.clock.now()
    run.stopTimer()
    run.attempt?.cancel()
    if (isExpired && run.failures > 0) {
      this.#parts.print(`aggressive probe error (failed ${run.failures} times): ${run.lastFailure}`)
    }
    run.resolve(result)
  }
}

/** One run of a loop, from the first attempt to success or the end of its window. */
class Run {
  readonly endsAt: number
  readonly result: Promise<LoopResult>
  resolve: (result: LoopResult) => void = () => {}
  attempt: ProbeRun | null = null
  stopTimer: () => void = () => {}
  failures = 0
  lastFailure = ''
  /** Pause after the next failure of something that listens, ms. */
  failedMs = FAILED_FIRST_MS

  constructor(endsAt: number) {
    this.endsAt = endsAt
    this.result = new Promise((resolve) => (this.resolve = resolve))
  }
}
