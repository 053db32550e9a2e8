import { StringDecoder } from 'node:string_decoder'

/** A longer line is cut into pieces, characters. */
export const LINE_MAX: number = 64 * 1024

/** Cuts a stream of bytes into lines, without their line ends. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  readonly #onLine: (line: string) => void
  #rest = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  /** Takes what came. */
  push(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk))
  }

  /** Tells the last line when it has no end. */
  end(): void {
    this.#take(this.#decoder.end())
    if (this.#rest !== '') this.#tell(this.#rest)
    this.#rest = ''
  }

  #take(text: string): void {
    const parts = (this.#rest + text).split('\n')
    this.#rest = parts.pop()!
    for (const part of parts) this.#tell(part)
    while (this.#rest.length > LINE_MAX) {
      this.#tell(this.#rest.slice(0, LINE_MAX))
      this.#rest = this.#rest.slice(LINE_MAX)
    }
  }

  #tell(line: string): void {
    this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
  }
}
