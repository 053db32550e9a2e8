import { isDeepStrictEqual } from 'node:util'
import type { PlatformClock } from '../clock.ts'
import type { WakeAction } from './static-config.ts'
import { type RunningWake, WakeOutcome, type WakeResult } from './wake-result.ts'

/** What a {@link Waker} works with. */
export interface WakeMeans {
  /** Begins a wake-up. */
  run(action: WakeAction): RunningWake
  readonly clock: PlatformClock
  /** A wake-up ended and was not done. */
  onFailure(result: WakeResult): void
  /** No instance can be started, for this reason; an empty one takes that back. Called when it changes. */
  onTrouble(reason: string): void
}

/** After one that was done, no sooner is it repeated, ms: what it started needs some time. */
const REPEAT_MS = 1000
/** After the first failure, ms; doubled with each further one. */
const BACKOFF_MS = 500
const BACKOFF_MAX_MS = 30_000

const State = { Resting: 0, Pausing: 1, Running: 2, Closed: 3 } as const
type State = (typeof State)[keyof typeof State]

/**
 * Wakes one revision: one wake-up at a time, and a pause after each.
 *
 *     Resting ──asked──► Running ──done──────► Resting    and for a second it is not asked again
 *                           ▲ └─────failed───► Resting    and when it is asked again, it waits:
 *                           └──pause is over── Pausing ◄──asked too soon, or while the one that failed was running
 *
 * What is asked for while one runs, or just after it, is served by that one when it was done: whoever still waits asks again.
 */
export class Waker {
  readonly #means: WakeMeans
  #action: WakeAction
  #state: State = State.Resting
  #running: RunningWake | null = null
  /** Asked for while one runs. */
  #isWanted = false
  #notBefore = -Infinity
  #failures = 0
  #reason = ''
  #cancelPause: () => void = () => {}

  constructor(action: WakeAction, means: WakeMeans) {
    this.#means = means
    this.#action = action
  }

  /** A request waits, and there is no instance. */
  wake(): void {
    if (this.#state === State.Running) this.#isWanted = true
    else if (this.#state === State.Resting && !this.#isJustDone) this.#toPausing()
  }

  get #isJustDone(): boolean {
    return this.#failures === 0 && this.#means.clock.now() < this.#notBefore
  }

  /** Takes what is to be done from now on. A new one need not wait for what the old one has earned. */
  setAction(action: WakeAction): void {
    if (isDeepStrictEqual(action, this.#action)) return
    this.#action = action
    this.#notBefore = -Infinity
    this.#recover()
    if (this.#state === State.Pausing) this.#toPausing()
  }

  /** Instances appeared: what was asked for is there. */
  onInstances(): void {
    this.#isWanted = false
    if (this.#failures > 0) this.#notBefore = -Infinity
    this.#recover()
    if (this.#state !== State.Pausing) return
    this.#cancelPause()
    this.#state = State.Resting
  }

  #recover(): void {
    this.#failures = 0
    this.#setReason('')
  }

  /** Runs when it may. */
  #toPausing(): void {
    const { clock } = this.#means
    this.#cancelPause()
    this.#state = State.Pausing
    const pause = this.#notBefore - clock.now()
    if (pause <= 0) this.#toRunning()
    else this.#cancelPause = clock.after(pause, () => this.#toRunning())
  }

  #toRunning(): void {
    this.#state = State.Running
    this.#isWanted = false
    const action = this.#action
    const running = this.#means.run(action)
    this.#running = running
    void running.result.then((result) => this.#onEnded(result, action))
  }

  #onEnded(result: WakeResult, action: WakeAction): void {
    if (this.#state === State.Closed) return
    this.#running = null
    this.#state = State.Resting
    const { clock } = this.#means
    if (result.outcome === WakeOutcome.Done) {
      this.#notBefore = clock.now() + REPEAT_MS
      this.#recover()
      return
    }
    this.#means.onFailure(result)
    // What does not apply any more says nothing about what does.
    if (action === this.#action) {
      this.#notBefore = clock.now() + Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** this.#failures++)
      if (result.outcome === WakeOutcome.Failed) this.#setReason(result.reason)
    }
    if (this.#isWanted) this.#toPausing()
  }

  #setReason(reason: string): void {
    if (reason === this.#reason) return
    this.#reason = reason
    this.#means.onTrouble(reason)
  }

  /** Nothing wakes it any more: takes back what was told, and ends. */
  retire(): Promise<void> {
    this.#recover()
    return this.close()
  }

  /** Ends a wake-up that runs; nothing is told from now on. Resolves when it has ended. */
  async close(): Promise<void> {
    if (this.#state === State.Closed) return
    this.#state = State.Closed
    this.#cancelPause()
    const running = this.#running
    if (running === null) return
    running.stop()
    await running.result
  }
}
