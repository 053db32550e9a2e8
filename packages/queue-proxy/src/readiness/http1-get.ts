import {
  describeRefusal,
  Framing,
  INCOMPLETE,
  type Limits,
  type Refusal,
  ResponseHead,
} from '@pilotlight/http1'
import {
  type Attempt,
  AWAITING_HEADERS,
  failure,
  type GetResponse,
  type ProbeFailure,
  type ProbeFields,
  type ProbeTarget,
  readProblem,
} from '@pilotlight/probe'
import type { Socket } from 'node:net'

/** A health endpoint answers in a few hundred bytes; what needs more is not one. */
const LIMITS: Limits = {
  headBytes: 64 * 1024,
  headerCount: 1000,
  targetBytes: 0,
  chunkExtensionBytes: 0,
  trailerBytes: 0,
}
/** Interim responses before the final one; Go's client has the same limit. */
const INTERIM_MAX = 5
/** Of the body, what is read so that an app can finish writing it; kubelet reads 10 KiB. */
const BODY_BYTES_MAX = 64 * 1024
/** Longest part of a malformed response that is shown. */
const SHOWN_BYTES = 60

/**
 * Sends one GET over a fresh connection and resolves when the head of the response is whole. Then up to
 * {@link BODY_BYTES_MAX} of the body are read and thrown away in what is left of the attempt's time.
 */
export function getOverHttp1(
  socket: Socket,
  target: ProbeTarget,
  request: ProbeFields,
  attempt: Attempt,
): Promise<GetResponse | ProbeFailure> {
  return new Promise((resolve) => {
    new Http1Get(socket, attempt, resolve).send(requestText(target, request))
  })
}

function requestText(target: ProbeTarget, { host, fields }: ProbeFields): string {
  let text = `GET ${target.path} HTTP/1.1\r\nHost: ${host === '' ? target.authority : host}\r\n`
  for (const { name, value } of fields) text += `${name}: ${value.trim()}\r\n`
  return `${text}Connection: close\r\n\r\n`
}

/** One request and its response. */
class Http1Get {
  readonly #socket: Socket
  readonly #attempt: Attempt
  readonly #resolve: (result: GetResponse | ProbeFailure) => void
  readonly #head = new ResponseHead(LIMITS)
  #bytes: Buffer = Buffer.alloc(0)
  /** Where the head that is being read begins in `#bytes`. */
  #headStart = 0
  #interims = 0
  #problem: NodeJS.ErrnoException | null = null
  /** Bytes of the body that are still read, once the head is whole; -1 before. */
  #bodyLeft = -1

  constructor(socket: Socket, attempt: Attempt, resolve: (result: GetResponse | ProbeFailure) => void) {
    this.#socket = socket
    this.#attempt = attempt
    this.#resolve = resolve
  }

  send(text: string): void {
    this.#socket.on('error', (error: NodeJS.ErrnoException) => (this.#problem = error))
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    this.#socket.on('end', () => this.#socket.destroy())
    this.#socket.once('close', () => this.#onClose())
    if (this.#socket.destroyed) this.#onClose()
    else this.#socket.write(text, 'latin1')
  }

  #onData(chunk: Buffer): void {
    if (this.#bodyLeft >= 0) return this.#onBody(chunk.length)
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    for (;;) {
      const length = this.#head.parse(this.#bytes, this.#headStart, this.#bytes.length, 'GET')
      if (length === INCOMPLETE) return
      if (length < 0) return this.#fail(this.#malformed(length as Refusal))
      this.#headStart += length
      if (!this.#head.isInterim) break
      if (++this.#interims > INTERIM_MAX)
        return this.#fail(failure('net/http: too many 1xx informational responses'))
      this.#head.reset()
    }
    this.#onHead()
  }

  #onHead(): void {
    const head = this.#head
    this.#resolve({ status: head.status, location: head.get('location') ?? '' })
    this.#bodyLeft = BODY_BYTES_MAX
    if (head.status === 101 || head.framing === Framing.None) this.#bodyLeft = 0
    else if (head.framing === Framing.Length) this.#bodyLeft = Math.min(head.contentLength, BODY_BYTES_MAX)
    const more = this.#bytes.length - this.#headStart
    this.#bytes = Buffer.alloc(0)
    this.#onBody(more)
  }

  #onBody(length: number): void {
    this.#bodyLeft -= length
    if (this.#bodyLeft <= 0) this.#socket.destroy()
  }

  #fail(why: ProbeFailure): void {
    this.#resolve(why)
    this.#socket.destroy()
  }

  /** Without effect when the response was there. */
  #onClose(): void {
    if (this.#attempt.isTimedOut) return this.#resolve(AWAITING_HEADERS)
    if (this.#problem !== null) return this.#resolve(failure(readProblem(this.#problem)))
    this.#resolve(failure(this.#bytes.length > this.#headStart ? 'unexpected EOF' : 'EOF'))
  }

  #malformed(refusal: Refusal): ProbeFailure {
    const shown = this.#bytes.toString('latin1', this.#headStart, this.#headStart + SHOWN_BYTES)
    const why = describeRefusal(refusal).text
    const line = JSON.stringify(shown.split('\r\n', 1)[0])
    return failure(`net/http: HTTP/1.x transport connection broken: malformed HTTP response ${line} (${why})`)
  }
}
