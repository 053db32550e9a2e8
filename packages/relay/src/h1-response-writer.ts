import {
  Framing,
  type RequestHead,
  type ResponseHead,
  responseText,
  statusLine,
  type TrailerSection,
} from '@pilotlight/http1'
import type { Socket } from 'node:net'
import type { Exchange } from './exchange.ts'
import { writeChunk, writeLastChunk, writeTextAndBytes } from './h1-body-writer.ts'
import { httpDate } from './http-date.ts'
import { lastAnswer } from './own-answer.ts'
import type { RelayScope } from './relay-scope.ts'

/** Writes the responses of one client's connection, one after the other. */
export class H1ResponseWriter {
  /** Whether the connection goes on after this response; what was sent says the same. */
  keepsConnection = true

  readonly #scope: RelayScope
  readonly #socket: Socket
  #framing: Framing = Framing.None
  #isVersion10 = false

  constructor(scope: RelayScope, socket: Socket) {
    this.#scope = scope
    this.#socket = socket
  }

  /** Prepares for the response to this request. */
  begin(request: RequestHead): void {
    this.#isVersion10 = request.version === 10
    this.keepsConnection = request.keepAlive
  }

  /** Sends an interim head; HTTP/1.0 knows none. */
  sendInterim(head: ResponseHead): void {
    if (!this.#isVersion10) this.#socket.write(responseText(head, Framing.None, '', ''), 'latin1')
  }

  /** Sends 100 Continue of our own. */
  sendContinue(): void {
    this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  /** Sends the final head with the first body bytes; `isComplete` says that they are the whole body. */
  sendResponse(
    exchange: Exchange,
    head: ResponseHead,
    bytes: Buffer,
    start: number,
    end: number,
    isComplete: boolean,
  ): void {
    this.#framing = this.#responseFraming(head)
    this.#decideConnection(exchange, this.#framing)
    const length = endsWithHead(exchange, head) ? 'Content-Length: 0\r\n' : ''
    const date = head.hasDate ? '' : httpDate()
    const text = responseText(head, this.#framing, length + this.#connectionLines(), date)
    if (this.#framing !== Framing.Chunked) return writeTextAndBytes(this.#socket, text, bytes, start, end)
    writeChunk(this.#socket, text, bytes, start, end)
    if (isComplete) writeLastChunk(this.#socket, null)
  }

  #responseFraming(head: ResponseHead): Framing {
    if (head.framing === Framing.None || head.framing === Framing.Length) return head.framing
    // HTTP/1.0 knows no chunks; for 1.1 they also tell a response that was cut from one that ended.
    return this.#isVersion10 ? Framing.UntilClose : Framing.Chunked
  }

  #decideConnection(exchange: Exchange, framing: Framing): void {
    if (framing === Framing.UntilClose || this.#scope.isDraining) this.keepsConnection = false
    // A client that still waits for 100 will not send the body: the connection cannot go on.
    if (!exchange.requestEnded && exchange.isAwaitingContinue) this.keepsConnection = false
  }

  #connectionLines(): string {
    if (!this.keepsConnection) return 'Connection: close\r\n'
    return this.#isVersion10 ? 'Connection: keep-alive\r\n' : ''
  }

  /** Sends body bytes. */
  sendData(bytes: Buffer, start: number, end: number): void {
    if (this.#framing === Framing.Chunked) writeChunk(this.#socket, '', bytes, start, end)
    else this.#socket.write(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
  }

  /** Ends the body. */
  sendEnd(trailers: TrailerSection | null): void {
    if (this.#framing === Framing.Chunked) writeLastChunk(this.#socket, trailers)
  }

  /** Sends a whole answer of our own; `fields` are complete header lines. */
  sendReply(exchange: Exchange, status: number, fields: string, body: string | Uint8Array): void {
    this.#decideConnection(exchange, Framing.Length)
    const hasBody = exchange.request.method !== 'HEAD' && status !== 204 && status !== 304
    const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : asBuffer(body)
    const length = status === 204 ? '' : `Content-Length: ${bytes.length}\r\n`
    const head = `${statusLine(status)}${fields}${length}Date: ${httpDate()}\r\n${this.#connectionLines()}\r\n`
    writeTextAndBytes(this.#socket, head, bytes, 0, hasBody ? bytes.length : 0)
  }

  /** Sends the 101; what follows are bytes of a tunnel. */
  sendSwitch(head: ResponseHead): void {
    const lines = `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`
    this.#socket.write(responseText(head, Framing.None, lines, ''), 'latin1')
    this.#framing = Framing.UntilClose
  }

  /** Answers what never became an exchange, and says that the connection ends. `more` are complete header lines. */
  sendRefusal(status: number, error: string, text: string, more = ''): void {
    this.#socket.write(lastAnswer(this.#scope.proxyName, status, error, more, `${text}\n`), 'latin1')
  }
}

/** An HTTP/2 response can end with its head and say no length; over HTTP/1.1 that would be a body until close. */
function endsWithHead(exchange: Exchange, head: ResponseHead): boolean {
  if (head.version !== 20 || head.framing !== Framing.None || head.contentLength >= 0) return false
  return exchange.request.method !== 'HEAD' && head.status !== 204 && head.status !== 304
}

/** The same bytes, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
