import { writeLine } from '../logger-output.ts'

/** Lines that wait for the end of the turn, characters; one more has them written at once. */
const PENDING_CHARS_MAX = 65_536

/**
 * Writes whole lines to a file descriptor, standard output by default: those of one turn of the event loop in one
 * write, at the end of the turn or of the process. None is dropped while the reader reads.
 */
export class StandardOutput {
  readonly #descriptor: number
  readonly #flush = (): void => this.flush()
  #pending = ''

  constructor(descriptor = 1) {
    this.#descriptor = descriptor
    process.on('exit', this.#flush)
  }

  /** Takes one line, with the line feed at its end. */
  write(line: string): void {
    if (this.#pending === '') setImmediate(this.#flush)
    this.#pending += line
    if (this.#pending.length > PENDING_CHARS_MAX) this.flush()
  }

  /** Writes what waits, at once. */
  flush(): void {
    if (this.#pending === '') return
    const pending = this.#pending
    this.#pending = ''
    writeLine(this.#descriptor, pending)
  }

  /** Writes what waits and ends the watch on the end of the process. */
  close(): void {
    this.flush()
    process.removeListener('exit', this.#flush)
  }
}
