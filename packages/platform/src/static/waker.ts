import type { RevisionName } from '../platform.ts'
import type { WakeAction } from './static-config.ts'
import type { RunningWake, WakeResult } from './wake-runner.ts'

/** Time, as far as waking needs it. */
export interface WakeClock {
  /** ms, monotonic. */
  now(): number
  /** Calls `then` once after `ms`; the function returned prevents that. */
  after(ms: number, then: () => void): () => void
}

/** What a {@link Waker} works with. */
export interface WakeMeans {
  run(action: WakeAction, name: RevisionName): RunningWake
  readonly clock: WakeClock
  /** A wake-up failed; `output` is what it wrote last. An empty reason: it went well again. */
  onTrouble(name: RevisionName, reason: string, output: string): void
}

/** After one that went well, no sooner is it repeated, ms: what it started needs some time. */
const REPEAT_MS = 1000
/** After the first failure, ms; doubled with each further one. */
const BACKOFF_MS = 500
const BACKOFF_MAX_MS = 30_000

/**
 * Wakes one revision: one wake-up at a time, and none while the last one has just been made.
 *
 *     Resting ─► Running ─► Resting (went well: not again for a second; failed: not again for a while that doubles)
 */
export class Waker {
  readonly #name: RevisionName
  readonly #means: WakeMeans
  #action: WakeAction
  #running: RunningWake | null = null
  /** Asked for while it could not be done. */
  #isWanted = false
  #notBefore = 0
  #failures = 0
  #stopTimer: () => void = () => {}
  #isClosed = false

  constructor(name: RevisionName, action: WakeAction, means: WakeMeans) {
    this.#name = name
    this.#action = action
    this.#means = means
  }

  /** What is done from the next time on. */
  set action(action: WakeAction) {
    this.#action = action
  }

  /** A request waits. */
  wake(): void {
    if (this.#isClosed) return
    this.#isWanted = true
    if (this.#running === null) this.#schedule()
  }

  /** There are instances: what was asked for is there. */
  onInstances(): void {
    this.#isWanted = false
    this.#stopTimer()
    this.#recover()
  }

  #schedule(): void {
    this.#stopTimer()
    const pause = this.#notBefore - this.#means.clock.now()
    if (pause <= 0) return this.#run()
    this.#stopTimer = this.#means.clock.after(pause, () => this.#run())
  }

  #run(): void {
    if (this.#isClosed || !this.#isWanted) return
    this.#isWanted = false
    const running = this.#means.run(this.#action, this.#name)
    this.#running = running
    void running.result.then((result) => this.#onEnded(result))
  }

  #onEnded({ problem, output }: WakeResult): void {
    this.#running = null
    if (this.#isClosed) return
    const { clock } = this.#means
    if (problem === '') {
      this.#notBefore = clock.now() + REPEAT_MS
      this.#recover()
    } else {
      this.#notBefore = clock.now() + Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** this.#failures++)
      this.#means.onTrouble(this.#name, problem, output)
    }
    if (this.#isWanted) this.#schedule()
  }

  #recover(): void {
    if (this.#failures === 0) return
    this.#failures = 0
    this.#means.onTrouble(this.#name, '', '')
  }

  /** Ends a wake-up that runs. Resolves when it has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#stopTimer()
    const running = this.#running
    if (running === null) return
    running.stop()
    await running.result
  }
}
