import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { PlatformClock } from '../clock.ts'
import { directoriesOf } from './links.ts'

/** A file is taken as complete when it stayed the same for this long, ms: writers need several steps. */
const SETTLE_MS = 100
/** A watch can miss a change, on network file systems and mounts of single files above all; it is looked at this often anyway, ms. */
const LOOK_MS = 10_000

/**
 * Tells when a file has changed and stays as it is. What is watched are directories, since a file that is replaced, by editors and by
 * mounts of Kubernetes, is another file.
 *
 *     an event, or LOOK_MS ──► is it another than told? ──SETTLE_MS──► is it still the same? ──► told
 */
export class FileWatch {
  readonly #file: string
  readonly #clock: PlatformClock
  readonly #onChange: () => Promise<void>
  readonly #watchers: FSWatcher[] = []
  /** What the file was like when it was last told, and when it was last looked at. */
  #told = ''
  #seen = ''
  #cancel: () => void = () => {}
  /** The next look comes soon. */
  #isSoon = false
  /** Something happened while it was looked at. */
  #isStale = false
  #looking: Promise<void> | null = null
  #isClosed = false

  /** `file` is an absolute path. `onChange` is awaited, and never called twice at a time; it must not reject. */
  constructor(file: string, clock: PlatformClock, onChange: () => Promise<void>) {
    this.#file = file
    this.#clock = clock
    this.#onChange = onChange
  }

  /** Begins. What changes from now on is told; so read the file afterwards. */
  async start(): Promise<void> {
    await this.#watchDirectories()
    this.#told = await stateOf(this.#file)
    this.#seen = this.#told
    if (!this.#isClosed && !this.#isSoon) this.#schedule(LOOK_MS)
  }

  async #watchDirectories(): Promise<void> {
    const directories = await directoriesOf(this.#file)
    this.#unwatch()
    if (this.#isClosed) return
    for (const directory of directories) {
      try {
        const watcher = watch(directory, { persistent: false }, () => this.#onEvent())
        // A directory that is gone, for one: looking now and then remains.
        watcher.on('error', () => {})
        this.#watchers.push(watcher)
      } catch {
        // There is no such directory, or no watch left on this machine.
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close()
  }

  #onEvent(): void {
    if (this.#looking !== null) this.#isStale = true
    else if (!this.#isSoon) this.#schedule(SETTLE_MS)
  }

  #schedule(ms: number): void {
    this.#cancel()
    this.#isSoon = ms === SETTLE_MS
    this.#cancel = this.#clock.after(ms, () => {
      this.#looking = this.#look()
    })
  }

  async #look(): Promise<void> {
    this.#isStale = false
    const state = await stateOf(this.#file)
    const isSettled = state === this.#seen
    this.#seen = state
    if (isSettled && state !== this.#told && !this.#isClosed) {
      this.#told = state
      await this.#onChange()
      // Other links may lead there now. What happened between the two watches is seen by another look.
      await this.#watchDirectories()
      this.#isStale = true
    }
    this.#looking = null
    if (!this.#isClosed) this.#schedule(this.#isStale || this.#seen !== this.#told ? SETTLE_MS : LOOK_MS)
  }

  /** Ends, also what `onChange` has begun. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    this.#unwatch()
    await this.#looking
  }
}

/** What tells one state of a file from another; empty when there is no file. */
async function stateOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    return ''
  }
}
