/** Short ways to a parsed or built head, for unit tests. Text is latin1. */
import {
  ChunkedDecoder,
  ChunkEvent,
  DEFAULT_LIMITS,
  describeRefusal,
  type Limits,
  type Refusal,
  RequestHead,
  ResponseHead,
} from '../../src/index.ts'

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Name of a refusal, or the number itself when it is none. */
export const nameOf = (code: number): string | number =>
  code < 0 ? describeRefusal(code as Refusal).name : code

/** A request head of these field lines, or of a whole head when the text ends in an empty line. Throws when refused. */
export function request(text: string, limits: Partial<Limits> = {}): RequestHead {
  const head = new RequestHead({ ...DEFAULT_LIMITS, ...limits })
  const whole = text.endsWith('\r\n\r\n') ? text : `GET / HTTP/1.1\r\nHost: a.example\r\n${text}\r\n`
  const bytes = bytesOf(whole)
  const length = head.parse(bytes, 0, bytes.length)
  if (length !== bytes.length) throw new Error(`not one head: ${nameOf(length)}`)
  return head
}

/** A response head, as {@link request}. */
export function response(text: string, method = 'GET'): ResponseHead {
  const head = new ResponseHead()
  const bytes = bytesOf(text.endsWith('\r\n\r\n') ? text : `HTTP/1.1 200 OK\r\n${text}\r\n`)
  const length = head.parse(bytes, 0, bytes.length, method)
  if (length !== bytes.length) throw new Error(`not one head: ${nameOf(length)}`)
  return head
}

/** What a decoder made of one chunked body. */
export interface Decoded {
  readonly body: string
  readonly trailers: string
  /** Name of the refusal, `end` or `more`. */
  readonly end: string
  /** Bytes behind the body. */
  readonly rest: string
}

/** Decodes one chunked body that arrives in these pieces. */
export function decoded(parts: readonly Buffer[], decoder: ChunkedDecoder = new ChunkedDecoder()): Decoded {
  let body = ''
  let end = 'more'
  let rest = ''
  for (const part of parts) {
    let position = 0
    while (position < part.length && end === 'more') {
      const event = decoder.next(part, position, part.length)
      if (event < 0) return { body, trailers: '', end: String(nameOf(event)), rest: '' }
      if (event === ChunkEvent.Data) body += part.toString('latin1', decoder.dataStart, decoder.dataEnd)
      if (event === ChunkEvent.End) end = 'end'
      ;({ position } = decoder)
    }
    if (end === 'end') rest += part.toString('latin1', position)
  }
  return { body, trailers: decoder.trailers.lines, end, rest }
}
