import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'

/** Writers come in several steps: the file is read when none followed for this long, ms. */
const SETTLE_MS = 50

/**
 * Tells when a file may have changed. Its directory is watched, because a file that is replaced, as editors and mounts of Kubernetes do it,
 * is another file.
 */
export class FileWatch {
  readonly #onChange: () => void
  #watcher: FSWatcher | null = null
  #timer: NodeJS.Timeout | null = null

  /** `onChange` is called once for changes that come together. `onProblem` is told when nothing can be watched any more. */
  constructor(file: string, onChange: () => void, onProblem: (problem: string) => void) {
    this.#onChange = onChange
    this.#watcher = watch(dirname(file), { persistent: false }, () => this.#settle())
    this.#watcher.on('error', (error) => onProblem(`cannot watch ${dirname(file)}: ${error.message}`))
  }

  #settle(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#onChange(), SETTLE_MS)
    this.#timer.unref()
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#watcher?.close()
    this.#watcher = null
  }
}
