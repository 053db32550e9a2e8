/** What may wait because nobody takes it, characters. As much again may be on its way. */
const WAITING_MAX = 1024 * 1024

/** Where lines are written. Its writes must not block: those to a pipe do not; those to a file or a terminal do. */
export interface LineSink {
  write(text: string, then: (error?: Error | null) => void): boolean
  on(event: 'error', listener: () => void): unknown
}

/**
 * The output of all processes as one stream of lines: `[name] text`. Whoever reads it may be slow or stop, as a terminal that is paused
 * does. Then lines wait, up to a bound, and more of them are dropped and counted, since neither an app nor we may wait for a terminal.
 */
export class OutputLines {
  readonly #sink: LineSink
  #waiting = ''
  #dropped = 0
  #isScheduled = false
  #isWriting = false
  #isBroken = false
  #onFlushed: (() => void)[] = []

  constructor(sink: LineSink) {
    this.#sink = sink
    // Nobody reads any more.
    sink.on('error', () => this.#onWritten(true))
  }

  /** Writes a line of one process. `text` is harmless to a terminal. */
  write(name: string, text: string): void {
    if (this.#isBroken) return
    // Once lines are missing, none is shown before that is said.
    if (this.#dropped > 0 || this.#waiting.length > WAITING_MAX) {
      this.#dropped++
      return
    }
    this.#waiting += `[${name}] ${text}\n`
    if (this.#isScheduled || this.#isWriting) return
    this.#isScheduled = true
    // Lines of one turn are written together.
    setImmediate(() => this.#flush())
  }

  /** Resolves when everything so far was taken, or never can be. */
  flushed(): Promise<void> {
    if (this.#isBroken || !(this.#isScheduled || this.#isWriting)) return Promise.resolve()
    return new Promise((resolve) => this.#onFlushed.push(resolve))
  }

  #flush(): void {
    this.#isScheduled = false
    if (this.#isBroken) return
    let text = this.#waiting
    if (this.#dropped > 0)
      text += `[pilotlight] ${this.#dropped} lines of output are missing here: they came faster than they were read\n`
    this.#waiting = ''
    this.#dropped = 0
    this.#isWriting = true
    this.#sink.write(text, (error) => this.#onWritten(Boolean(error)))
  }

  #onWritten(isBroken: boolean): void {
    this.#isWriting = false
    this.#isBroken ||= isBroken
    if (this.#waiting !== '' && !this.#isBroken) return this.#flush()
    this.#waiting = ''
    const waiters = this.#onFlushed
    this.#onFlushed = []
    for (const tell of waiters) tell()
  }
}
