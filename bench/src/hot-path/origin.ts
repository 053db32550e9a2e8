/**
 * The app behind the proxies, made to cost less than any of them: a bare `node:net` server with ready-made responses,
 * which counts what it served, and the same over `node:http2` for h2c. A tool for this bench only: it trusts its peers.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import type { Http2Server, ServerHttp2Stream } from 'node:http2'
import { serveControl } from '../process/control.ts'

/** What the control port answers; the time is the origin's own clock. */
export interface OriginCount {
  served: number
  atNanos: number
}

/** What the origin prints when it listens. */
export interface OriginPorts {
  http1: number
  h2c: number
  control: number
}

const HEAD_END = '\r\n\r\n'
const FIELDS = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
const CHUNK_BYTES = 4096
const GET_PATH_START = 'GET '.length
const byPath: Record<string, Buffer> = {
  '/12b': withLength('Hello World\n'),
  '/16k': withLength('x'.repeat(16_384)),
  '/1m': withLength('x'.repeat(1_048_576)),
  '/chunked': Buffer.from(
    `${FIELDS}Transfer-Encoding: chunked${HEAD_END}${`${CHUNK_BYTES.toString(16)}\r\n${'x'.repeat(CHUNK_BYTES)}\r\n`.repeat(4)}0${HEAD_END}`,
  ),
}
const notFound = Buffer.from(`HTTP/1.1 404 Not Found\r\nContent-Length: 0${HEAD_END}`)
const empty = Buffer.alloc(0)
let served = 0

function withLength(body: string): Buffer {
  return Buffer.from(`${FIELDS}Content-Length: ${body.length}${HEAD_END}${body}`)
}

/** One connection: finds where requests end, and nothing else. */
class Connection {
  readonly #socket: Socket
  #rest: Buffer = empty

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => this.#onData(bytes as Buffer))
    socket.on('error', () => socket.destroy())
  }

  #onData(bytes: Buffer): void {
    let pending = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (pending.length > 0) {
      // G of GET: no body, and the rest of the head does not matter
      const end = pending[0] === 0x47 ? this.#get(pending) : this.#upload(pending)
      if (end === -1) break
      pending = end === pending.length ? empty : pending.subarray(end)
    }
    this.#rest = pending
  }

  /** Answers the request at the start of `bytes`; returns its end, or -1 when it is not complete. */
  #get(bytes: Buffer): number {
    const headEnd = bytes.indexOf(HEAD_END)
    if (headEnd === -1) return -1
    const path = bytes.toString('latin1', GET_PATH_START, bytes.indexOf(0x20, GET_PATH_START))
    served++
    this.#socket.write(byPath[path] ?? notFound)
    return headEnd + HEAD_END.length
  }

  /** The same for a request with a body; the answer says how many of its bytes arrived: 'received4096'. */
  #upload(bytes: Buffer): number {
    const headEnd = bytes.indexOf(HEAD_END)
    if (headEnd === -1) return -1
    const bodyStart = headEnd + HEAD_END.length
    const length = contentLength(bytes, headEnd)
    const { end, total } =
      length === -1 ? walkChunks(bytes, bodyStart) : { end: bodyStart + length, total: length }
    if (end === -1 || end > bytes.length) return -1
    served++
    this.#socket.write(withLength(`received${total}`))
    return end
  }
}

/** The value of Content-Length, or -1 when there is none. */
function contentLength(request: Buffer, headEnd: number): number {
  const match = /content-length: *(\d+)/i.exec(request.toString('latin1', 0, headEnd))
  return match === null ? -1 : Number(match[1])
}

/** Adds up the chunks of a body; `end` is -1 while its last one is missing. */
function walkChunks(bytes: Buffer, start: number): { end: number; total: number } {
  let total = 0
  for (let at = start; ;) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) return { end: -1, total }
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    at = line + 2 + size + 2
    // What is no size never ends, like what is not here yet.
    if (Number.isNaN(size) || at > bytes.length) return { end: -1, total }
    if (size === 0) return { end: at, total }
    total += size
  }
}

async function listenHttp1(): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => void new Connection(socket))
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function listenH2c(): Promise<number> {
  const http2 = process.getBuiltinModule('node:http2')
  const server: Http2Server = http2.createServer()
  const body = Buffer.from('Hello World\n')
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream) => {
    served++
    stream.on('error', () => {})
    stream.respond({ ':status': 200, 'content-type': 'text/plain', 'content-length': body.length })
    stream.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const ports: OriginPorts = {
  http1: await listenHttp1(),
  h2c: await listenH2c(),
  control: await serveControl((): OriginCount => ({ served, atNanos: Number(process.hrtime.bigint()) })),
}
process.stdout.write(`${JSON.stringify(ports)}\n`)
