import type { ProbeOutcome } from '@pilotlight/probe'
import { type HealthAttempt, type HealthAttempts, TIMER_MS_MAX } from './health-attempts.ts'
import { DEFAULT_PERIOD_MS } from './probe-worker.ts'
import type { PlatformClock } from '../../clock.ts'
import type { ContainerProbe } from '../../manifest/manifest-set.ts'

/** How long the sidecar is asked to wait until its app is ready, s. Then it is asked again. */
const WAIT_SECONDS = 60
/** What the sidecar may take beyond its own wait or the time of its own attempt, ms. */
const MARGIN_MS = 1000
/** A run of the sidecar's closest probing, ms (Knative's). */
const AGGRESSIVE_RUN_MS = 10_000
/** A sidecar says by itself that its app is ready. It is asked when it did not within this time, ms. */
const FIRST_WORD_MS = 1000
/** Between the beginnings of two questions to a sidecar that says no without waiting, ms. */
const AGAIN_MS = 100
/** What an app without a readiness probe is asked with: Knative's and kubelet's defaults. */
const NO_PROBE = { periodMs: 0, timeoutMs: 1000, failureThreshold: 3, initialDelayMs: 0 }

/** What a watch is made of. */
export interface SidecarWatchParts {
  readonly clock: PlatformClock
  readonly attempts: Pick<HealthAttempts, 'askSidecar'>
  /** The readiness probe of the serving container; null when it has none. */
  readonly readiness: ContainerProbe | null
  /** When the container was started, ms. */
  readonly startedAt: number
  /** The sidecar says something else than before. */
  readonly onVerdict: (isReady: boolean, detail: string) => void
}

/**
 * Asks the sidecar whether the serving container is ready. The sidecar runs the readiness probe itself, and counts successes:
 *
 *     idle ──begin, address known, initial delay──► waiting: asks it to answer once the app is ready ◄─┐ no, or the wait is over
 *       │                                             │ yes                               └────────────┘
 *       │ the sidecar has said so by itself           ▼
 *       └───────────────────────────────────────────► ready
 *          waiting ◄──no, failureThreshold times──  ready: asks every period for an answer at once
 *
 * A sidecar that has just started says by itself when its app is ready: it is asked only when that takes a while.
 *     any  ──close──► closed
 */
export class SidecarWatch {
  readonly #parts: SidecarWatchParts
  readonly #periodMs: number
  readonly #checkMs: number
  readonly #failureThreshold: number
  #address = ''
  #hasBegun = false
  #saidReady = false
  #isReady = false
  #failures = 0
  #attempt: HealthAttempt | null = null
  #cancelTimer: () => void = () => {}
  #isClosed = false

  constructor(parts: SidecarWatchParts) {
    const { periodMs, timeoutMs, failureThreshold } = parts.readiness ?? NO_PROBE
    this.#parts = parts
    this.#periodMs = periodMs > 0 ? periodMs : DEFAULT_PERIOD_MS
    this.#checkMs = (periodMs > 0 ? timeoutMs : AGGRESSIVE_RUN_MS) + MARGIN_MS
    this.#failureThreshold = failureThreshold
  }

  /** The sidecar listens there. Only the first call counts. */
  onSidecar(address: string): void {
    if (this.#address !== '') return
    this.#address = address
    this.#mayStart()
  }

  /** The sidecar says by itself that the app is ready. */
  onSidecarReady(): void {
    this.#saidReady = true
    if (!this.#mayAsk || this.#isReady) return
    this.#cancelTimer()
    this.#attempt?.cancel()
    this.#attempt = null
    this.#onOutcome(null, this.#parts.clock.now())
  }

  /** The container is started: it may be asked about. Called once. */
  begin(): void {
    this.#hasBegun = true
    this.#mayStart()
  }

  /** Ends it; nothing is told any more. */
  close(): void {
    this.#isClosed = true
    this.#cancelTimer()
    this.#attempt?.cancel()
  }

  get #mayAsk(): boolean {
    return this.#hasBegun && this.#address !== '' && !this.#isClosed && this.#delayMs <= 0
  }

  get #delayMs(): number {
    const { clock, readiness, startedAt } = this.#parts
    return startedAt + (readiness ?? NO_PROBE).initialDelayMs - clock.now()
  }

  #mayStart(): void {
    if (!this.#hasBegun || this.#address === '' || this.#isClosed) return
    const delay = this.#delayMs
    if (delay > 0) this.#after(delay)
    else if (this.#saidReady) this.#onOutcome(null, this.#parts.clock.now())
    else this.#after(FIRST_WORD_MS)
  }

  #after(ms: number): void {
    this.#cancelTimer = this.#parts.clock.after(Math.min(ms, TIMER_MS_MAX), () => this.#ask())
  }

  #ask(): void {
    const { attempts, clock } = this.#parts
    const beganAt = clock.now()
    const attempt = attempts.askSidecar({
      address: this.#address,
      waitSeconds: this.#isReady ? 0 : WAIT_SECONDS,
      timeoutMs: this.#isReady ? this.#checkMs : MARGIN_MS,
    })
    this.#attempt = attempt
    void attempt.outcome.then((outcome) => {
      if (!this.#isClosed && this.#attempt === attempt) this.#onOutcome(outcome, beganAt)
    })
  }

  #onOutcome(outcome: ProbeOutcome, beganAt: number): void {
    this.#attempt = null
    this.#failures = outcome === null ? 0 : this.#failures + 1
    if (outcome === null) this.#turn(true, '')
    else if (this.#failures >= this.#failureThreshold) this.#turn(false, outcome.text)
    if (this.#isClosed) return
    const pause = this.#isReady ? this.#periodMs : AGAIN_MS
    this.#after(Math.max(0, beganAt + pause - this.#parts.clock.now()))
  }

  #turn(isReady: boolean, detail: string): void {
    if (this.#isReady === isReady) return
    this.#isReady = isReady
    this.#parts.onVerdict(isReady, detail)
  }
}
