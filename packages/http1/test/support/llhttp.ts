/**
 * What llhttp makes of bytes, asked through node:http: a server (or client) is handed one end of an in-memory stream,
 * so no socket and no port is needed. Checks that node:http adds in JavaScript are switched off where they can be.
 */
import http from 'node:http'
import { Duplex } from 'node:stream'
import type { Field } from './message-reader.ts'

/** One message as llhttp read it. */
export interface OracleMessage {
  method: string
  target: string
  status: number
  readonly version: string
  readonly fields: readonly Field[]
  body: string
  trailerFields: readonly Field[]
  isComplete: boolean
}

/** What llhttp made of a whole input. */
export interface OracleReading {
  readonly messages: OracleMessage[]
  /** Code of the parse error, `tunnel` after CONNECT or 101, `stuck` when nothing more happened, or empty. */
  end: string
}

const HEAD_BYTES_MAX = 2 * 1024 * 1024
/** An input that node:http neither ends nor refuses is given up after this time. */
const GIVE_UP_MS = 2000

class Wire extends Duplex {
  readonly reading: OracleReading = { messages: [], end: '' }
  readonly #onFirstWrite: (() => void) | undefined

  constructor(onFirstWrite?: () => void) {
    super({ autoDestroy: true })
    this.#onFirstWrite = onFirstWrite
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    this.#onFirstWrite?.()
    done()
  }

  setTimeout(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }
}

const wireOf = (stream: unknown): Wire => stream as Wire

function pairsOf(raw: readonly string[]): Field[] {
  const fields: Field[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) fields.push([raw[i], raw[i + 1]])
  return fields
}

function messageOf(incoming: http.IncomingMessage): OracleMessage {
  return {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    status: incoming.statusCode ?? 0,
    version: incoming.httpVersion,
    fields: pairsOf(incoming.rawHeaders),
    body: '',
    trailerFields: [],
    isComplete: false,
  }
}

function collect(incoming: http.IncomingMessage, message: OracleMessage, onEnd: () => void): void {
  incoming.on('data', (data: Buffer) => (message.body += data.toString('latin1')))
  incoming.on('error', () => {})
  incoming.on('end', () => {
    message.trailerFields = pairsOf(incoming.rawTrailers)
    message.isComplete = incoming.complete
    onEnd()
  })
}

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error)

/** Resolves when the stream is closed, or gives up. */
async function closed(wire: Wire): Promise<OracleReading> {
  if (!wire.destroyed) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        wire.reading.end ||= 'stuck'
        wire.destroy()
      }, GIVE_UP_MS)
      wire.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
  return wire.reading
}

/** Reads requests with llhttp. */
export class RequestOracle {
  readonly #server: http.Server

  constructor() {
    this.#server = http.createServer({
      insecureHTTPParser: false,
      maxHeaderSize: HEAD_BYTES_MAX,
      requireHostHeader: false,
      requestTimeout: 0,
      headersTimeout: 0,
      keepAliveTimeout: 0,
    })
    this.#server.maxHeadersCount = 0
    const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      const message = messageOf(request)
      wireOf(request.socket).reading.messages.push(message)
      collect(request, message, () => response.end())
    }
    this.#server.on('request', answer)
    this.#server.on('checkContinue', answer)
    this.#server.on('checkExpectation', answer)
    this.#server.on('connect', (request: http.IncomingMessage, stream: Duplex) => {
      const { reading } = wireOf(stream)
      reading.messages.push(messageOf(request))
      reading.end = 'tunnel'
      stream.destroy()
    })
    this.#server.on('clientError', (error: Error, stream: Duplex) => {
      wireOf(stream).reading.end = codeOf(error)
      // What was parsed before the error reaches the request's readers first.
      setImmediate(() => stream.destroy())
    })
  }

  async read(input: Buffer): Promise<OracleReading> {
    const wire = new Wire()
    wire.on('error', () => {})
    this.#server.emit('connection', wire)
    wire.push(input)
    wire.push(null)
    return await closed(wire)
  }
}

/** Reads the responses to one request of this method with llhttp: interim ones and one final. */
export async function readResponsesWithLlhttp(input: Buffer, method: string): Promise<OracleReading> {
  const wire: Wire = new Wire(() => {
    if (wire.readableEnded || wire.writableEnded) return
    wire.push(input)
    wire.push(null)
  })
  const { reading } = wire
  wire.on('error', () => {})
  const request = http.request({
    createConnection: () => wire,
    insecureHTTPParser: false,
    maxHeaderSize: HEAD_BYTES_MAX,
    method,
  })
  request.maxHeadersCount = 0
  request.on('information', (info: http.InformationEvent) => {
    const { statusCode, httpVersion, rawHeaders } = info
    const fields = pairsOf(rawHeaders)
    reading.messages.push({
      method: '',
      target: '',
      status: statusCode,
      version: httpVersion,
      fields,
      body: '',
      trailerFields: [],
      isComplete: true,
    })
  })
  const receive = (response: http.IncomingMessage): OracleMessage => {
    const message = messageOf(response)
    message.method = ''
    message.target = ''
    reading.messages.push(message)
    return message
  }
  request.on('response', (response) => {
    const message = receive(response)
    collect(response, message, () => wire.destroy())
  })
  request.on('upgrade', (response, stream) => {
    receive(response).isComplete = true
    reading.end = 'tunnel'
    stream.destroy()
  })
  request.on('error', (error) => {
    reading.end ||= codeOf(error)
    setImmediate(() => wire.destroy())
  })
  request.end()
  return await closed(wire)
}
