import { StringDecoder } from 'node:string_decoder'

/** An event may be so large, characters. */
export const EVENT_MAX: number = 32 * 1024 * 1024

/** Told of each event: its name and its data. */
export type OnEvent = (name: string, data: string) => void

/** Reads a `text/event-stream` (HTML, section 9.2). Comments, ids and retry times are passed over. */
export class EventStreamReader {
  readonly #decoder = new StringDecoder('utf8')
  readonly #onEvent: OnEvent
  #rest = ''
  #name = ''
  #data: string[] = []
  #size = 0

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent
  }

  /** Takes what came. Throws when an event is larger than {@link EVENT_MAX}. */
  push(chunk: Buffer): void {
    const text = this.#rest + this.#decoder.write(chunk)
    // A line end of two characters may be cut between them.
    const end = text.endsWith('\r') ? text.length - 1 : text.length
    const lines = text.slice(0, end).split(/\r\n|\n|\r/)
    this.#rest = lines.pop()! + text.slice(end)
    for (const line of lines) this.#take(line)
    if (this.#size + this.#rest.length > EVENT_MAX)
      throw new Error(`an event has more than ${EVENT_MAX} characters`)
  }

  #take(line: string): void {
    if (line === '') return this.#tell()
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.#name = value
    if (field !== 'data') return
    this.#data.push(value)
    this.#size += value.length
  }

  #tell(): void {
    const name = this.#name
    const data = this.#data
    this.#name = ''
    this.#data = []
    this.#size = 0
    if (data.length > 0) this.#onEvent(name === '' ? 'message' : name, data.join('\n'))
  }
}
