import type { PlatformClock } from '../../clock.ts'
import { hasLiveMembers } from './group-members.ts'

/** Between two looks whether anything is left, ms; it doubles from the first to the last. */
const LOOK_FIRST_MS = 5
const LOOK_LAST_MS = 160
/** How long what was killed may take to be gone, ms: the kernel may hold it, for a disk for example. */
const KILLED_MS = 2000

/**
 * A process group that a child of ours leads, and how it ends:
 *
 *     alive ── end ──► SIGTERM ── grace ──► SIGKILL ──► empty
 *
 * The number of a group is not given away as long as anything is in it. Once it was seen empty it may be somebody else's, and nothing is
 * sent to it any more.
 */
export class ProcessGroup {
  readonly #id: number
  readonly #clock: PlatformClock
  #isEmpty = false
  #isEnding = false
  #killedAt = Infinity
  #cancelKill: () => void = () => {}

  constructor(id: number, clock: PlatformClock) {
    this.#id = id
    this.#clock = clock
  }

  /** Sends SIGTERM, and SIGKILL after `graceMs`. Only the first call counts. */
  end(graceMs: number): void {
    if (this.#isEnding) return
    this.#isEnding = true
    if (!this.#signal('SIGTERM') || this.#killedAt < Infinity) return
    this.#cancelKill = this.#clock.after(graceMs, () => this.kill())
  }

  /** Sends SIGKILL. */
  kill(): void {
    this.#cancelKill()
    this.#killedAt = Math.min(this.#killedAt, this.#clock.now())
    this.#signal('SIGKILL')
  }

  /** Resolves when nothing is in it; with false when something cannot be killed. For use once its leader has ended. */
  async becomesEmpty(): Promise<boolean> {
    let wait = LOOK_FIRST_MS
    while (this.#signal(0)) {
      await new Promise<void>((resolve) => void this.#clock.after(wait, resolve))
      wait = Math.min(LOOK_LAST_MS, wait * 2)
      // Where nobody collects orphans that have ended, as in many a container, they stay in their group.
      if (wait === LOOK_LAST_MS && !(await hasLiveMembers(this.#id))) break
      if (this.#clock.now() > this.#killedAt + KILLED_MS) return this.#forget(false)
    }
    return this.#forget(true)
  }

  #forget(isEmpty: boolean): boolean {
    this.#isEmpty = true
    this.#cancelKill()
    return isEmpty
  }

  /** Whether there was anything to send it to. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    if (this.#isEmpty) return false
    try {
      process.kill(-this.#id, signal)
    } catch (error) {
      // Any other error is about what may not be signalled, which is there nevertheless.
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') this.#isEmpty = true
    }
    return !this.#isEmpty
  }
}
