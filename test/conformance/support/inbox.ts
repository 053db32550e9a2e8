import type { Duplex } from 'node:stream'
import { PATIENCE_MS, within } from './within.ts'

/** How a connection ended, seen from this side. */
export type Ending = 'end' | 'reset'

/** What came over a connection, read in order. Text is latin1, so that every byte is one character. */
export class Inbox {
  /** How long a read waits before it fails, ms. */
  patienceMs: number
  #bytes: Buffer = Buffer.alloc(0)
  #ending: Ending | null = null
  #wake: (() => void)[] = []

  constructor(stream: Duplex, patienceMs: number = PATIENCE_MS) {
    this.patienceMs = patienceMs
    stream.on('data', (chunk: Buffer) => {
      this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
      this.#changed()
    })
    stream.on('end', () => this.#ends('end'))
    stream.on('error', () => this.#ends('reset'))
    stream.on('close', () => this.#ends('end'))
  }

  /** How the connection ended; null while it is open. */
  get ending(): Ending | null {
    return this.#ending
  }

  /** Exactly `length` bytes; null when the connection ended before. */
  async take(length: number): Promise<Buffer | null> {
    await this.#until(`${length} bytes`, () => this.#bytes.length >= length)
    return this.#bytes.length >= length ? this.#cut(length, length) : null
  }

  /** What is there, at least one byte; null when the connection ended. */
  async some(): Promise<Buffer | null> {
    await this.#until('a byte', () => this.#bytes.length > 0)
    return this.#bytes.length > 0 ? this.#cut(this.#bytes.length, this.#bytes.length) : null
  }

  /** The first `length` bytes without taking them, fewer when the connection ended before. */
  async peek(length: number): Promise<Buffer> {
    await this.#until(`${length} bytes`, () => this.#bytes.length >= length)
    return this.#bytes.subarray(0, length)
  }

  /** A line without its CRLF; null when the connection ended before. */
  async line(): Promise<string | null> {
    await this.#until('a line', () => this.#bytes.includes('\r\n'))
    const end = this.#bytes.indexOf('\r\n')
    return end < 0 ? null : this.#cut(end, end + 2).toString('latin1')
  }

  /** Everything that comes until the connection ends. */
  async rest(): Promise<Buffer> {
    await this.#until('the end of the connection', () => false)
    return this.#cut(this.#bytes.length, this.#bytes.length)
  }

  /** Resolves with the ending. What came before stays to be read. */
  async ended(): Promise<Ending> {
    await this.#until('the end of the connection', () => false)
    return this.#ending!
  }

  #cut(length: number, taken: number): Buffer {
    const bytes = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(taken)
    return bytes
  }

  #ends(ending: Ending): void {
    this.#ending ??= ending
    this.#changed()
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  async #until(what: string, isThere: () => boolean): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!isThere() && this.#ending === null)
        await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
    if (!isThere() && this.#ending === null) await within(what, wait(), this.patienceMs)
  }
}
