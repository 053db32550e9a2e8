import { dirname } from 'node:path'
import type { PlatformClock } from '../clock.ts'
import type { PlatformEvents, RevisionName } from '../platform.ts'
import type { PlatformLog } from '../platform-log.ts'
import { keyOf, type StaticRevision, type WakeAction } from './static-config.ts'
import { callWake } from './wake-call.ts'
import { WakeCommands } from './wake-commands.ts'
import type { RunningWake } from './wake-result.ts'
import { Waker } from './waker.ts'

/** The wakers of all revisions that have one. */
export class Wakers {
  readonly #events: Pick<PlatformEvents, 'onTrouble'>
  readonly #log: PlatformLog
  readonly #clock: PlatformClock
  readonly #commands: WakeCommands
  readonly #wakers = new Map<string, Waker>()
  /** Those of revisions that are gone, while their wake-ups end. */
  readonly #ending = new Set<Promise<void>>()

  /** Commands start in the directory of `file`, which is absolute. */
  constructor(
    file: string,
    events: Pick<PlatformEvents, 'onTrouble'>,
    log: PlatformLog,
    clock: PlatformClock,
  ) {
    this.#events = events
    this.#log = log
    this.#clock = clock
    this.#commands = new WakeCommands(dirname(file))
  }

  /** Takes what the file says of revisions now; `before` is what it said. */
  update(before: readonly StaticRevision[], after: readonly StaticRevision[]): void {
    const gone = new Map(before.map((revision) => [keyOf(revision.spec), revision]))
    for (const revision of after) {
      const key = keyOf(revision.spec)
      this.#updateOne(key, gone.get(key)?.ready ?? [], revision)
      gone.delete(key)
    }
    for (const key of gone.keys()) this.#end(key, (waker) => waker.close())
  }

  #updateOne(key: string, readyBefore: readonly string[], { spec, ready, wake }: StaticRevision): void {
    if (wake === null) return this.#end(key, (waker) => waker.retire())
    const waker = this.#wakers.get(key)
    if (waker === undefined) {
      this.#wakers.set(key, this.#create(spec, wake))
      return
    }
    waker.setAction(wake)
    if (ready.some((address) => !readyBefore.includes(address))) waker.onInstances()
  }

  #create(name: RevisionName, action: WakeAction): Waker {
    const revision = keyOf(name)
    return new Waker(action, {
      run: (next) => this.#run(next, name),
      clock: this.#clock,
      onFailure: ({ reason, detail }) =>
        this.#log.error('Failed to wake a revision.', { revision, error: reason, ...detail }),
      onTrouble: (reason) => this.#events.onTrouble(name, reason),
    })
  }

  #run(action: WakeAction, name: RevisionName): RunningWake {
    if (action.kind === 'http') return callWake(action.url, name, action.timeoutMs)
    return this.#commands.run(action.command, name, action.timeoutMs)
  }

  #end(key: string, how: (waker: Waker) => Promise<void>): void {
    const waker = this.#wakers.get(key)
    if (waker === undefined) return
    this.#wakers.delete(key)
    const ended = how(waker).then(() => {
      this.#ending.delete(ended)
    })
    this.#ending.add(ended)
  }

  /** A request waits for an instance of this revision. */
  wake(name: RevisionName): void {
    this.#wakers.get(keyOf(name))?.wake()
  }

  /** Ends everything that runs. */
  async close(): Promise<void> {
    for (const key of this.#wakers.keys()) this.#end(key, (waker) => waker.close())
    await Promise.all(this.#ending)
    this.#commands.close()
  }
}
