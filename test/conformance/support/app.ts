import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Events } from './events.ts'
import { Inbox } from './inbox.ts'
import { Fields, type Head, readBody, readChunk, readHead } from './messages.ts'
import { freePort } from '../../support/free-port.ts'

/** Which versions of HTTP an application understands on its port. */
export type Speaks = 'http1' | 'h2c' | 'both'

/** A request as the application got it. */
export abstract class AppRequest {
  readonly method: string
  readonly target: string
  readonly fields: Fields
  abstract readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2'

  constructor(method: string, target: string, fields: Fields) {
    this.method = method
    this.target = target
    this.fields = fields
  }

  /** The target up to its query. */
  get path(): string {
    return this.target.split('?', 1)[0]
  }

  /** The whole body; what came of it when it was cut. */
  abstract body(): Promise<Buffer>
  /** A complete answer with a Content-Length. */
  abstract respond(status: number, fields?: readonly string[], body?: string | Buffer): void
  /** Resolves when nothing can be answered any more: the request was given up. */
  abstract readonly gone: Promise<void>
}

/** Over HTTP/1.1; the handler may write to the socket what it likes. */
export class H1Request extends AppRequest {
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1'
  readonly socket: Socket
  readonly inbox: Inbox
  readonly gone: Promise<void>
  /** Field lines behind the last chunk, once the body was read. */
  trailers: Fields = new Fields([])
  #body: Promise<Buffer> | null = null
  #answered: () => void = () => {}
  /** Resolves with the answer: the next request may be read. */
  readonly answered = new Promise<void>((resolve) => (this.#answered = resolve))

  constructor(head: Head, socket: Socket, inbox: Inbox) {
    const [method, target, version] = head.line.split(' ')
    super(method, target, head.fields)
    this.protocol = version as 'HTTP/1.1'
    this.socket = socket
    this.inbox = inbox
    this.gone = new Promise((resolve) => {
      if (socket.destroyed) resolve()
      socket.once('end', () => resolve())
      socket.once('close', () => resolve())
    })
  }

  override body(): Promise<Buffer> {
    this.#body ??= readBody(this.inbox, this.fields, false).then(({ bytes, trailers }) => {
      this.trailers = trailers
      return bytes
    })
    return this.#body
  }

  /** The next chunk of a chunked body without trailers that the scenario reads on its own, empty for the last one. */
  async chunk(): Promise<Buffer | null> {
    this.#body ??= Promise.resolve(Buffer.alloc(0))
    const chunk = await readChunk(this.inbox)
    if (chunk?.length === 0) await this.inbox.line()
    return chunk
  }

  override respond(status: number, fields: readonly string[] = [], body: string | Buffer = ''): void {
    const length = status === 204 || status === 304 ? [] : [`Content-Length: ${body.length}`]
    this.writes(
      `HTTP/1.1 ${status} X\r\n${[...fields, ...length].map((line) => `${line}\r\n`).join('')}\r\n`,
      this.method === 'HEAD' ? '' : body,
    )
    this.done()
  }

  /** Writes bytes as they are; {@link done} says when they are a complete answer. */
  writes(...pieces: readonly (string | Buffer)[]): void {
    const bytes = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece))
    this.socket.write(Buffer.concat(bytes))
  }

  /** Says that the answer is complete. */
  done(): void {
    this.#answered()
  }
}

/** Over HTTP/2. */
export class H2Request extends AppRequest {
  readonly protocol = 'HTTP/2'
  readonly stream: ServerHttp2Stream
  readonly gone: Promise<void>

  constructor(stream: ServerHttp2Stream, headers: Record<string, string | string[] | undefined>) {
    const lines = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      name.startsWith(':') || value === undefined
        ? []
        : (Array.isArray(value) ? value : [value]).map((one) => [name, one]),
    )
    super(String(headers[':method']), String(headers[':path']), new Fields(lines))
    this.stream = stream
    this.gone = new Promise((resolve) => stream.once('close', () => resolve()))
    this.authority = String(headers[':authority'])
  }

  readonly authority: string

  override async body(): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of this.stream) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  }

  override respond(status: number, fields: readonly string[] = [], body: string | Buffer = ''): void {
    const headers = Object.fromEntries(
      fields.map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
    )
    this.stream.respond({ ':status': status, ...headers })
    this.stream.end(this.method === 'HEAD' ? '' : body)
  }
}

type Handler = (request: AppRequest) => unknown

/**
 * The application behind the queue-proxy: a server on 127.0.0.1 whose answers each scenario decides. Requests to a path
 * that no scenario spoke for get 200 with `ok`.
 */
export class App {
  /** Every request, in order. */
  readonly requests = new Events<AppRequest>('requests to the application')
  /** How many connections were made to the port, probes of it included. */
  connections = 0
  readonly #server: Server
  readonly #h2: Http2Server
  readonly #handlers = new Map<string, Handler>()
  readonly #held = new Map<string, Events<AppRequest>>()
  readonly #sockets = new Set<Socket>()
  #speaks: Speaks

  private constructor(speaks: Speaks, tls: { cert: Buffer; key: Buffer } | null) {
    this.#speaks = speaks
    this.#h2 = createHttp2Server()
    this.#h2.on('session', (session) => session.on('error', () => {}))
    this.#h2.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      this.#serve(new H2Request(stream as ServerHttp2Stream, headers))
    })
    const onSocket = (socket: Socket): void => void this.#accept(socket)
    this.#server =
      tls === null
        ? createServer({ noDelay: true, allowHalfOpen: true }, onSocket)
        : createTlsServer(tls, onSocket)
  }

  static async start(speaks: Speaks, tls: { cert: Buffer; key: Buffer } | null = null): Promise<App> {
    const app = new App(speaks, tls)
    // A port that the system gives to nobody while it is not listened on.
    await app.listen(await freePort())
    return app
  }

  get port(): number {
    return this.#port
  }

  #port = 0

  /** Listens on a port, again after {@link stopListening}. */
  async listen(port: number = this.#port): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: '127.0.0.1', port, backlog: 4096 }, resolve)
    })
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Closes the port and every connection. */
  async stopListening(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  set speaks(speaks: Speaks) {
    this.#speaks = speaks
  }

  /** Answers requests to `path`. */
  on(path: string, handler: Handler): void {
    this.#handlers.set(path, handler)
  }

  /** Keeps requests to `path` for the scenario to answer. */
  holds(path: string): Events<AppRequest> {
    const held = new Events<AppRequest>(`requests to ${path}`)
    this.#held.set(path, held)
    this.#handlers.set(path, (request) => held.push(request))
    return held
  }

  /** Requests that came to `path`. */
  seen(path: string): AppRequest[] {
    return this.requests.all.filter((request) => request.path === path)
  }

  async stop(): Promise<void> {
    this.#h2.close()
    if (this.#server.listening) await this.stopListening()
  }

  async #accept(socket: Socket): Promise<void> {
    this.connections++
    this.#sockets.add(socket)
    socket.setMaxListeners(0)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    const first = await new Promise<Buffer | null>((resolve) => {
      socket.once('readable', () => resolve(socket.read() as Buffer | null))
      socket.once('end', () => resolve(null))
      socket.once('close', () => resolve(null))
    })
    if (first === null) return void socket.destroy()
    const isHttp2 = first.toString('latin1', 0, 3) === 'PRI'
    if (isHttp2 && this.#speaks !== 'http1') {
      socket.unshift(first)
      this.#h2.emit('connection', socket)
      return
    }
    if (!isHttp2 && this.#speaks === 'h2c') {
      // As an HTTP/2 server greets whoever connects, and then sees that it is no HTTP/2.
      socket.end(Buffer.from('000000040000000000', 'hex'))
      return
    }
    socket.unshift(first)
    // It waits for whatever comes: what is too late is for the scenario to say.
    const inbox = new Inbox(socket, Infinity)
    if (isHttp2) {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return
    }
    for (;;) {
      const head = await readHead(inbox)
      if (head === null) return void socket.end()
      const request = new H1Request(head, socket, inbox)
      this.#serve(request)
      await Promise.race([request.answered, request.gone])
      if (socket.destroyed || inbox.ending !== null) return
      await request.body()
    }
  }

  #serve(request: AppRequest): void {
    this.requests.push(request)
    const handler = this.#handlers.get(request.path)
    if (handler !== undefined) void handler(request)
    else void request.body().then(() => request.respond(200, ['Content-Type: text/plain'], 'ok'))
  }
}
