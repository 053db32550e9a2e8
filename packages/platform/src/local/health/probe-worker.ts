import type { ProbeOutcome } from '@pilotlight/probe'
import { type HealthAttempt, TIMER_MS_MAX } from './health-attempts.ts'
import { Thresholds } from './thresholds.ts'
import type { PlatformClock } from '../../clock.ts'
import type { ContainerProbe } from '../../manifest/manifest-set.ts'

/** Period of a probe that names none, ms: kubelet's. */
export const DEFAULT_PERIOD_MS = 10_000
/** Between two attempts while nothing listens yet, ms. */
const REFUSED_PAUSE_MS = 50

/** When a probe is repeated, and what its outcomes mean. */
export type ProbeTiming = Pick<
  ContainerProbe,
  'initialDelayMs' | 'periodMs' | 'successThreshold' | 'failureThreshold'
>

/** What a worker is made of. */
export interface ProbeWorkerParts {
  readonly clock: PlatformClock
  readonly timing: ProbeTiming
  /** When the container was started, ms: the initial delay counts from then. */
  readonly startedAt: number
  /** Starts an attempt. */
  readonly start: () => HealthAttempt
  /** So many attempts in a row succeeded, or failed, that it counts; `count` is how many, `detail` is of the last failure. */
  readonly onVerdict: (isSuccess: boolean, count: number, detail: string) => void
}

/**
 * Repeats one probe as kubelet does:
 *
 *     idle ──begin──► initial delay ──► attempt ──outcome──► pause ──► attempt ──► …
 *     any  ──close──► closed
 *
 * An attempt begins one period after the one before it did, or when that one ends if it takes longer: there is never more than one.
 *
 * In its first period kubelet has often not begun to ask, so that nothing listens yet does not count as a failure there; what is refused
 * costs the app nothing, and is tried again at once.
 */
export class ProbeWorker {
  readonly #parts: ProbeWorkerParts
  readonly #periodMs: number
  readonly #thresholds: Thresholds
  #refusalsCountFrom = 0
  #attempt: HealthAttempt | null = null
  #cancelTimer: () => void = () => {}
  #isClosed = false

  constructor(parts: ProbeWorkerParts) {
    const { periodMs, successThreshold, failureThreshold } = parts.timing
    this.#parts = parts
    this.#periodMs = periodMs > 0 ? periodMs : DEFAULT_PERIOD_MS
    this.#thresholds = new Thresholds(successThreshold, failureThreshold)
  }

  /** Begins to ask, when the initial delay is over. Called once. */
  begin(): void {
    const { clock, startedAt, timing } = this.#parts
    const now = clock.now()
    const firstAt = Math.max(startedAt + timing.initialDelayMs, now)
    this.#refusalsCountFrom = firstAt + this.#periodMs
    this.#after(firstAt - now)
  }

  /** Ends it; nothing is told any more. */
  close(): void {
    this.#isClosed = true
    this.#cancelTimer()
    this.#attempt?.cancel()
  }

  #after(ms: number): void {
    if (this.#isClosed) return
    this.#cancelTimer = this.#parts.clock.after(Math.min(ms, TIMER_MS_MAX), () => this.#ask())
  }

  #ask(): void {
    const beganAt = this.#parts.clock.now()
    this.#attempt = this.#parts.start()
    void this.#attempt.outcome.then((outcome) => {
      if (!this.#isClosed) this.#onOutcome(outcome, beganAt)
    })
  }

  #onOutcome(outcome: ProbeOutcome, beganAt: number): void {
    this.#attempt = null
    const now = this.#parts.clock.now()
    const left = this.#refusalsCountFrom - now
    if (outcome?.isRefused === true && left > 0) return this.#after(Math.min(REFUSED_PAUSE_MS, left))
    const isSuccess = outcome === null
    if (this.#thresholds.note(isSuccess))
      this.#parts.onVerdict(isSuccess, this.#thresholds.count, outcome?.text ?? '')
    this.#after(Math.max(0, beganAt + this.#periodMs - now))
  }
}
