import type { Inbox } from './inbox.ts'

/** Field lines in their order and as they were written. */
export class Fields {
  readonly lines: readonly (readonly [name: string, value: string])[]

  constructor(lines: readonly (readonly [name: string, value: string])[]) {
    this.lines = lines
  }

  /** All values of a field; names in any case. */
  all(name: string): string[] {
    return this.lines.filter(([one]) => one.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  }

  /** The values in one, or null without the field. */
  get(name: string): string | null {
    const values = this.all(name)
    return values.length === 0 ? null : values.join(', ')
  }

  /** Names in lower case, sorted, each once. */
  names(): string[] {
    return [...new Set(this.lines.map(([name]) => name.toLowerCase()))].toSorted()
  }
}

/** Start line and fields of a message. */
export interface Head {
  readonly line: string
  readonly fields: Fields
}

/** A response over HTTP/1.1, complete or cut. */
export interface Answer {
  readonly status: number
  readonly fields: Fields
  readonly body: string
  /** False when the connection ended before the body did. */
  readonly isComplete: boolean
  readonly trailers: Fields
  /** Whether the body had no end but that of the connection. */
  readonly isUntilClose: boolean
}

const splitField = (line: string): [string, string] => {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}

async function readFields(inbox: Inbox): Promise<Fields | null> {
  const lines: [string, string][] = []
  for (;;) {
    const line = await inbox.line()
    if (line === null) return null
    if (line === '') return new Fields(lines)
    lines.push(splitField(line))
  }
}

/** The next head; null when the connection ended first. */
export async function readHead(inbox: Inbox): Promise<Head | null> {
  const line = await inbox.line()
  if (line === null) return null
  const fields = await readFields(inbox)
  return fields === null ? null : { line, fields }
}

/** One chunk of a chunked body, empty for the last one; null when the connection ended first. */
export async function readChunk(inbox: Inbox): Promise<Buffer | null> {
  const size = await inbox.line()
  if (size === null) return null
  const length = parseInt(size, 16)
  if (length === 0) return Buffer.alloc(0)
  const chunk = await inbox.take(length)
  return chunk === null || (await inbox.take(2)) === null ? null : chunk
}

/** A body and how it ended. */
export interface Body {
  readonly bytes: Buffer
  readonly isComplete: boolean
  readonly trailers: Fields
  readonly isUntilClose: boolean
}

const NO_FIELDS = new Fields([])

/** The body behind a head with these fields. `isUntilClose` says what no framing means: the rest, or no body. */
export async function readBody(inbox: Inbox, fields: Fields, isUntilClose: boolean): Promise<Body> {
  if (/chunked/i.test(fields.get('transfer-encoding') ?? '')) {
    const chunks: Buffer[] = []
    const body = (isComplete: boolean, trailers: Fields): Body => ({
      bytes: Buffer.concat(chunks),
      isComplete,
      trailers,
      isUntilClose: false,
    })
    for (;;) {
      const chunk = await readChunk(inbox)
      if (chunk === null) return body(false, NO_FIELDS)
      if (chunk.length === 0) {
        const trailers = await readFields(inbox)
        return body(trailers !== null, trailers ?? NO_FIELDS)
      }
      chunks.push(chunk)
    }
  }
  const length = fields.get('content-length')
  if (length !== null) {
    const bytes = await inbox.peek(Number(length))
    const isComplete = bytes.length === Number(length)
    await inbox.take(bytes.length)
    return { bytes, isComplete, trailers: NO_FIELDS, isUntilClose: false }
  }
  const bytes = isUntilClose ? await inbox.rest() : Buffer.alloc(0)
  return { bytes, isComplete: inbox.ending !== 'reset', trailers: NO_FIELDS, isUntilClose }
}

const hasNoBody = (method: string, status: number): boolean =>
  method === 'HEAD' || status < 200 || status === 204 || status === 304

/** The next response, interim ones included; null when the connection ended before its head was complete. */
export async function readAnswer(inbox: Inbox, method = 'GET'): Promise<Answer | null> {
  const head = await readHead(inbox)
  if (head === null) return null
  const status = Number(head.line.split(' ')[1])
  const { fields } = head
  if (hasNoBody(method, status))
    return { status, fields, body: '', isComplete: true, trailers: NO_FIELDS, isUntilClose: false }
  const body = await readBody(inbox, fields, true)
  return { ...body, status, fields, body: body.bytes.toString('latin1') }
}
