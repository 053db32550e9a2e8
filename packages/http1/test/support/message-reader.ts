/**
 * Reads message after message out of bytes, as a connection would: head, body, next head. Only for tests; what it
 * makes of the bytes is a {@link Reading}, which must not depend on how the bytes were cut into reads.
 */
import {
  ChunkedDecoder,
  ChunkEvent,
  DEFAULT_LIMITS,
  describeRefusal,
  Framing,
  type Limits,
  type Refusal,
  RequestHead,
  requestText,
  ResponseHead,
  responseText,
} from '../../src/index.ts'
import type { FieldSection } from '../../src/field-section.ts'
import type { MessageHead } from '../../src/message-head.ts'

/** Name and value as received. */
export type Field = readonly [name: string, value: string]

/** One message as far as it was read. */
export interface Message {
  /** Method of a request; empty for a response. */
  readonly method: string
  /** The request-target as it stood in the request line; empty for a response. */
  readonly rawTarget: string
  /** Status of a response; 0 for a request. */
  readonly status: number
  /** What the codec says about the message, in one line. */
  readonly summary: string
  readonly version: number
  readonly framing: Framing
  readonly keepAlive: boolean
  /** Every field received, also those that are not forwarded. */
  readonly fields: readonly Field[]
  /** The head as it would be sent on. */
  readonly forwarded: string
  /** Body bytes as latin1. */
  body: string
  trailerFields: readonly Field[]
  /** Trailer lines as they would be sent on. */
  trailerLines: string
  isComplete: boolean
}

/** What a whole input was read as. */
export interface Reading {
  readonly messages: readonly Message[]
  /** Why reading ended: done, incomplete, closed, refused … */
  readonly end: string
  /** The refusal, or 0. */
  readonly refusal: Refusal | 0
  /** Offset in the input where the first head begins that was not read, or its length. */
  readonly headStart: number
}

const JUNK = Buffer.from('\r\n\x00')
const EMPTY = Buffer.alloc(0)

abstract class MessageReader<Head extends MessageHead> {
  readonly messages: Message[] = []
  protected readonly head: Head
  readonly #chunked: ChunkedDecoder
  #message: Message | undefined
  #remaining = 0
  #pending: Buffer = EMPTY
  #reads = 0
  #end = ''
  #refusal: Refusal | 0 = 0
  #unread = 0
  #written = 0
  #headStart = 0

  constructor(head: Head, limits: Readonly<Limits>) {
    this.head = head
    this.#chunked = new ChunkedDecoder(limits)
  }

  /** Parses on. Returns the length of the head, 0 or a refusal. */
  protected abstract parse(bytes: Buffer, base: number): number
  protected abstract message(): Message
  /** Whether reading ends behind the head (`true`) and what to say then. */
  protected abstract stopsAfterHead(): string
  protected abstract stopsAfterMessage(message: Message): string
  protected abstract begin(): void

  write(piece: Buffer): void {
    this.#written += piece.length
    if (this.#end !== '') {
      this.#unread += piece.length
      return
    }
    // A connection moves its bytes now and then; what stands before the head must not matter.
    const junk = this.#reads++ % (JUNK.length + 1)
    const bytes = Buffer.concat([JUNK.subarray(0, junk), this.#pending, piece])
    let position = junk
    let isStuck = false
    while (!isStuck && this.#end === '' && position < bytes.length) {
      const before = position
      position =
        this.#message === undefined
          ? this.#readHead(bytes, position)
          : this.#readBody(bytes, position, this.#message)
      isStuck = position === before
      if (this.#message === undefined) this.#headStart = this.#written - (bytes.length - position)
    }
    this.#pending = bytes.subarray(position)
    if (this.#end !== '') this.#unread = this.#pending.length
  }

  finish(): Reading {
    const message = this.#message
    if (message !== undefined && message.framing === Framing.UntilClose) {
      message.isComplete = true
      this.#message = undefined
    }
    let end = this.#end
    if (end === '') {
      if (this.#message !== undefined) end = 'incomplete body'
      else end = this.#pending.length > 0 ? 'incomplete head' : 'done'
    }
    if (this.#unread > 0 && this.#refusal === 0) end += `, ${this.#unread} bytes unread`
    return { messages: this.messages, end, refusal: this.#refusal, headStart: this.#headStart }
  }

  #refuse(code: number, status: number): void {
    this.#refusal = code as Refusal
    const row = describeRefusal(this.#refusal)
    this.#end = `refused ${row.name} ${status === 0 ? row.status : status}`
  }

  protected refusalStatus = 0

  #readHead(bytes: Buffer, position: number): number {
    const length = this.parse(bytes, position)
    if (length < 0) this.#refuse(length, this.refusalStatus)
    if (length <= 0) return position
    const message = this.message()
    this.messages.push(message)
    this.#message = message
    this.#end = this.stopsAfterHead()
    if (this.#end !== '') message.isComplete = true
    else if (message.framing === Framing.None) this.#complete(message)
    else if (message.framing === Framing.Length) this.#remaining = this.head.contentLength
    else if (message.framing === Framing.Chunked) this.#chunked.reset()
    return position + length
  }

  #complete(message: Message): void {
    message.isComplete = true
    this.#message = undefined
    this.#end = this.stopsAfterMessage(message)
    this.begin()
  }

  #readBody(bytes: Buffer, position: number, message: Message): number {
    if (message.framing === Framing.Chunked) return this.#readChunk(bytes, position, message)
    const available = bytes.length - position
    const length = message.framing === Framing.Length ? Math.min(this.#remaining, available) : available
    message.body += bytes.toString('latin1', position, position + length)
    this.#remaining -= length
    if (message.framing === Framing.Length && this.#remaining === 0) this.#complete(message)
    return position + length
  }

  #readChunk(bytes: Buffer, position: number, message: Message): number {
    const decoder = this.#chunked
    const event = decoder.next(bytes, position, bytes.length)
    if (event < 0) {
      this.#refuse(event, this.refusalStatus)
      return position
    }
    if (event === ChunkEvent.Data)
      message.body += bytes.toString('latin1', decoder.dataStart, decoder.dataEnd)
    if (event === ChunkEvent.End) {
      decoder.trailers.dropNamedIn(this.head)
      message.trailerFields = fieldsOf(decoder.trailers)
      message.trailerLines = decoder.trailers.lines
      this.#complete(message)
    }
    return decoder.position
  }
}

class RequestReader extends MessageReader<RequestHead> {
  constructor(limits: Readonly<Limits>) {
    super(new RequestHead(limits), limits)
    this.begin()
  }

  protected override begin(): void {
    this.head.reset()
  }

  protected override parse(bytes: Buffer, base: number): number {
    return this.head.parse(bytes, base, bytes.length)
  }

  protected override message(): Message {
    const { head } = this
    const words = head.text.slice(head.text.startsWith('\r\n') ? 2 : 0).split(' ', 2)
    return {
      ...common(head),
      method: head.method,
      rawTarget: words[1],
      status: 0,
      summary: summaryOfRequest(head),
      forwarded: requestText(head, head.framing, 'fallback.example'),
    }
  }

  protected override stopsAfterHead(): string {
    return ''
  }

  protected override stopsAfterMessage(message: Message): string {
    return message.keepAlive ? '' : 'closed'
  }
}

class ResponseReader extends MessageReader<ResponseHead> {
  readonly #methods: readonly string[]
  #answered = 0

  constructor(methods: readonly string[], limits: Readonly<Limits>) {
    super(new ResponseHead(limits), limits)
    this.#methods = methods
    this.refusalStatus = 502
    this.begin()
  }

  protected override begin(): void {
    this.head.reset()
  }

  protected override parse(bytes: Buffer, base: number): number {
    return this.head.parse(bytes, base, bytes.length, this.#methods[this.#answered])
  }

  protected override message(): Message {
    const { head } = this
    const sent = head.framing === Framing.UntilClose ? Framing.Chunked : head.framing
    return {
      ...common(head),
      method: '',
      rawTarget: '',
      status: head.status,
      summary: summaryOfResponse(head),
      forwarded: responseText(head, sent, '', ''),
    }
  }

  protected override stopsAfterHead(): string {
    return this.head.status === 101 ? 'upgraded' : ''
  }

  protected override stopsAfterMessage(message: Message): string {
    if (message.status < 200) return ''
    this.#answered++
    if (!message.keepAlive) return 'closed'
    return this.#answered === this.#methods.length ? 'answered' : ''
  }
}

/** Every field of a section as received. */
export function fieldsOf(section: FieldSection): Field[] {
  const fields: Field[] = []
  for (let i = 0; i < section.count; i++) fields.push([section.name(i), section.value(i)])
  return fields
}

function common(head: RequestHead | ResponseHead) {
  return {
    version: head.version,
    framing: head.framing,
    keepAlive: head.keepAlive,
    fields: fieldsOf(head),
    body: '',
    trailerFields: [],
    trailerLines: '',
    isComplete: false,
  }
}

function framingName(head: MessageHead): string {
  if (head.framing === Framing.None) return 'no body'
  if (head.framing === Framing.Length) return `length ${head.contentLength}`
  return head.framing === Framing.Chunked ? 'chunked' : 'until close'
}

function summaryOfRequest(head: RequestHead): string {
  const parts = [
    `${head.method} ${head.target}`,
    head.hasHost ? `host "${head.host}"` : 'no host',
    framingName(head),
    head.keepAlive ? 'keep-alive' : 'close',
  ]
  if (head.expectsContinue) parts.push('expects 100-continue')
  if (head.acceptsTrailers) parts.push('accepts trailers')
  if (head.upgrade !== '') parts.push(`upgrade ${head.upgrade}`)
  return `request ${parts.join(', ')}`
}

function summaryOfResponse(head: ResponseHead): string {
  const parts = [
    `${head.status} "${head.reason}"`,
    framingName(head),
    head.keepAlive ? 'keep-alive' : 'close',
  ]
  if (head.isInterim) parts.push('interim')
  if (head.upgrade !== '') parts.push(`upgrade ${head.upgrade}`)
  return `response ${parts.join(', ')}`
}

/** `bytes` cut at these offsets, ascending. */
export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const found: Buffer[] = []
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    found.push(bytes.subarray(from, cut))
    from = cut
  }
  return found
}

/** Reads requests that arrive in these pieces. */
export function readRequests(parts: readonly Buffer[], limits: Partial<Limits> = {}): Reading {
  const reader = new RequestReader({ ...DEFAULT_LIMITS, ...limits })
  for (const part of parts) reader.write(part)
  return reader.finish()
}

/** Reads the responses to requests with these methods, arriving in these pieces. */
export function readResponses(
  parts: readonly Buffer[],
  methods: readonly string[] = ['GET'],
  limits: Partial<Limits> = {},
): Reading {
  const reader = new ResponseReader(methods, { ...DEFAULT_LIMITS, ...limits })
  for (const part of parts) reader.write(part)
  return reader.finish()
}
