import { connect, type Socket } from 'node:net'
import { PATIENCE_MS, within } from './within.ts'

/** How a connection ended, seen from this side. */
export type Ending = 'end' | 'reset'

/** A message as it stood on the wire. */
export interface Message {
  /** Request or status line. */
  readonly line: string
  /** Field lines in order. */
  readonly fields: readonly string[]
  /** Status of a response, 0 for a request. */
  readonly status: number
  readonly body: string
  /** Sizes of the chunks of a chunked body. */
  readonly chunks: readonly number[]
  /** Field lines behind the last chunk. */
  readonly trailers: readonly string[]
}

/** The values of a field, in order. */
export function values(message: Pick<Message, 'fields'>, name: string): string[] {
  const prefix = `${name.toLowerCase()}:`
  return message.fields
    .filter((line) => line.toLowerCase().startsWith(prefix))
    .map((line) => line.slice(prefix.length).trim())
}

/** One end of a TCP connection that a test drives by hand. Text is latin1. */
export class Peer {
  readonly socket: Socket
  /** Bytes received so far, read by the test or not. */
  receivedBytes = 0
  /** Whether bytes are counted only, not kept. */
  isDiscarding = false
  /** How long a read waits, ms. */
  patienceMs: number = PATIENCE_MS
  readonly #name: string
  #chunks: Buffer[] = []
  #unread: Buffer = Buffer.alloc(0)
  #isEnded = false
  #isReset = false
  #isClosed = false
  #wake: (() => void)[] = []

  constructor(socket: Socket, name: string) {
    this.socket = socket
    this.#name = name
    socket.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length
      if (!this.isDiscarding) this.#chunks.push(chunk)
      this.#changed()
    })
    socket.on('end', () => {
      this.#isEnded = true
      this.#changed()
    })
    socket.on('error', () => {
      this.#isReset = true
      this.#changed()
    })
    socket.on('close', () => {
      this.#isClosed = true
      this.#changed()
    })
  }

  /** Connects to 127.0.0.1. Its own end stays open when the other side ends. */
  static async connect(port: number, name = 'client'): Promise<Peer> {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
    const peer = new Peer(socket, name)
    await within(`${name} connects`, new Promise<void>((resolve) => socket.once('connect', resolve)))
    return peer
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Waits for `condition`, which is looked at when anything changed. */
  async #when(what: string, condition: () => boolean): Promise<void> {
    const waiting = async (): Promise<void> => {
      while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
    if (condition()) return
    if (this.patienceMs === Infinity) return waiting()
    try {
      await within(`${this.#name} ${what}`, waiting(), this.patienceMs)
    } catch (error) {
      throw new Error(`${(error as Error).message}; ${this.#state()}`, { cause: error })
    }
  }

  #state(): string {
    const ending = this.#isReset ? 'reset' : this.#isEnded ? 'ended' : this.#isClosed ? 'closed' : 'open'
    return `the connection is ${ending}, unread: ${JSON.stringify(this.unread.slice(0, 500))}`
  }

  /** What was received and not read yet. */
  get unread(): string {
    return this.#joined().toString('latin1')
  }

  #joined(): Buffer {
    if (this.#chunks.length > 0) {
      this.#unread = Buffer.concat([this.#unread, ...this.#chunks])
      this.#chunks = []
    }
    return this.#unread
  }

  /** Whether the other side ended, reset, or this side closed. */
  get isOver(): boolean {
    return this.#isEnded || this.#isReset || this.#isClosed
  }

  // ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────

  sends(data: string | Buffer): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
  }

  /** Sends, and resolves when the kernel has taken it. */
  async sendsWhole(data: string | Buffer): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    await within(
      `${this.#name} sends ${bytes.length} bytes`,
      new Promise<void>((resolve) => this.socket.write(bytes, () => resolve())),
    )
  }

  /** Ends this direction. */
  ends(): void {
    this.socket.end()
  }

  /** Closes both directions without a reset. */
  closes(): void {
    this.socket.destroy()
  }

  resets(): void {
    this.socket.resetAndDestroy()
  }

  // ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The next `length` bytes. */
  async reads(length: number): Promise<string> {
    await this.#when(`receives ${length} bytes`, () => this.#joined().length >= length || this.isOver)
    if (this.#joined().length < length)
      throw new Error(`${this.#name} wanted ${length} bytes; ${this.#state()}`)
    const text = this.#unread.toString('latin1', 0, length)
    this.#unread = this.#unread.subarray(length)
    return text
  }

  /** Everything up to and with `marker`. */
  async readsThrough(marker: string): Promise<string> {
    const found = (): number => this.#joined().indexOf(marker, 0, 'latin1')
    await this.#when(`receives ${JSON.stringify(marker)}`, () => found() >= 0 || this.isOver)
    const at = found()
    if (at < 0) throw new Error(`${this.#name} wanted ${JSON.stringify(marker)}; ${this.#state()}`)
    return this.reads(at + marker.length)
  }

  /** Start line and fields of the next message. */
  async readsHead(): Promise<Message> {
    const [line = '', ...fields] = (await this.readsThrough('\r\n\r\n')).slice(0, -4).split('\r\n')
    const status = line.startsWith('HTTP/') ? Number(line.split(' ')[1]) : 0
    return { line, fields, status, body: '', chunks: [], trailers: [] }
  }

  /** The next message, whole. `method` is the request's when a response is read. */
  async readsMessage(method = 'GET'): Promise<Message> {
    const head = await this.readsHead()
    const [length] = values(head, 'content-length')
    const isBodiless =
      method === 'HEAD' ||
      head.status === 204 ||
      head.status === 304 ||
      (head.status > 0 && head.status < 200)
    if (isBodiless) return head
    if (values(head, 'transfer-encoding').includes('chunked'))
      return { ...head, ...(await this.#readsChunked()) }
    if (length !== undefined) return { ...head, body: await this.reads(Number(length)) }
    return head.status === 0 ? head : { ...head, body: await this.readsToEnd() }
  }

  async #readsChunked(): Promise<Pick<Message, 'body' | 'chunks' | 'trailers'>> {
    const chunks: number[] = []
    const parts: string[] = []
    for (;;) {
      const size = Number.parseInt(await this.readsThrough('\r\n'), 16)
      if (size === 0) break
      chunks.push(size)
      parts.push((await this.reads(size + 2)).slice(0, -2))
    }
    const trailers: string[] = []
    for (
      let line = await this.readsThrough('\r\n');
      line !== '\r\n';
      line = await this.readsThrough('\r\n')
    ) {
      trailers.push(line.slice(0, -2))
    }
    return { body: parts.join(''), chunks, trailers }
  }

  /** Resolves when `count` bytes were received in all. */
  async receives(count: number): Promise<void> {
    await this.#when(`receives ${count} bytes in all`, () => this.receivedBytes >= count || this.isOver)
    if (this.receivedBytes < count)
      throw new Error(`${this.#name} wanted ${count} bytes in all; ${this.#state()}`)
  }

  /** What comes until the other side ends. Fails when it resets instead. */
  async readsToEnd(): Promise<string> {
    const ending = await this.ending()
    if (ending === 'reset') throw new Error(`${this.#name} wanted a clean end; ${this.#state()}`)
    return this.reads(this.#joined().length)
  }

  /** How the other side ended. Bytes that came before stay unread. */
  async ending(): Promise<Ending> {
    await this.#when('sees the other side end', () => this.#isEnded || this.#isReset || this.#isClosed)
    return this.#isReset ? 'reset' : 'end'
  }

  /** Resolves when the connection is closed in both directions. */
  async closed(): Promise<void> {
    await this.#when('sees the connection closed', () => this.#isClosed)
  }
}
