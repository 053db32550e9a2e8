import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

/** Of what a command writes, what is kept for the log, characters. */
const KEPT_MAX = 4096
/** The same in lines. */
const LINES_MAX = 20

/**
 * What a command writes, the end of which is kept. When the command has ended, something it left running may still write: that is read and
 * dropped, so that it does not run into a closed pipe, and keeps no process alive.
 */
export class CommandOutput {
  readonly #streams: readonly Readable[]
  #kept = ''

  /** `streams` are those of its standard output and error. */
  constructor(streams: readonly Readable[]) {
    this.#streams = streams
    for (const stream of streams) {
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => (this.#kept = `${this.#kept}${chunk}`.slice(-KEPT_MAX)))
      // A pipe that breaks has no more to say.
      stream.on('error', () => {})
    }
  }

  /** Its last lines. */
  get lastLines(): string {
    return this.#kept.trimEnd().split('\n').slice(-LINES_MAX).join('\n')
  }

  /** Whether somebody can still write. */
  get isOpen(): boolean {
    return this.#streams.some((stream) => !stream.closed)
  }

  /** The command has ended: nothing is kept from now on. */
  drop(): void {
    for (const stream of this.#streams) {
      stream.removeAllListeners('data')
      stream.resume()
      const socket = stream as Socket
      socket.unref()
    }
  }

  /** Reads no more. */
  close(): void {
    for (const stream of this.#streams) stream.destroy()
  }
}
