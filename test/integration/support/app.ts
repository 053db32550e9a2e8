import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'
import { WebSocketServer } from 'ws'
import { Events } from '../../conformance/support/events.ts'

/** What the app promises of an answer that it cuts, bytes. */
const PROMISED = 100_000

type Answering = (request: IncomingMessage, response: ServerResponse, app: App) => void

/** What the app does, by path. Any other path is answered at once. */
const ROUTES: Readonly<Record<string, Answering>> = {
  '/echo': echo,
  '/held': (_, response, app) => app.held.push(response),
  '/early': (_, response) => response.writeHead(413, { Connection: 'close' }).end('too large\n'),
  '/reset': (request) => request.socket.resetAndDestroy(),
  '/promising': (_, response, app) => begin(response, { 'Content-Length': PROMISED }, app),
  '/chunked': (_, response, app) => begin(response, {}, app),
  '/events': (_, response, app) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    app.held.push(response)
  },
}

/** An application on 127.0.0.1, in this process, that counts what is there at the same time. */
export class App {
  /** Answers that the test gives, in the order of their requests. */
  readonly held = new Events<ServerResponse>('requests that the test answers')
  /** Paths of all requests, in their order. */
  readonly paths: string[] = []
  /** Requests at the same time, at most. */
  runningMax = 0
  /** Called instead of the routes, when a test has its own answer to everything. */
  answering: Answering | null = null
  #running = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor() {
    this.#server = createServer((request, response) => this.#onRequest(request, response))
    this.#server.on('checkContinue', (request, response) => {
      response.writeContinue()
      this.#onRequest(request, response)
    })
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.keepAliveTimeout = 60_000
    const webSockets = new WebSocketServer({ server: this.#server })
    webSockets.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    )
  }

  /** Starts it; it ends with the test. Port 0 is any free one. */
  static async start(t: Test, port = 0): Promise<App> {
    const app = new App()
    app.#server.listen({ host: '127.0.0.1', port, backlog: 4096 })
    await once(app.#server, 'listening')
    t.teardown(() => app.close())
    return app
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Requests at this moment. */
  get running(): number {
    return this.#running
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.paths.push(request.url!)
    this.runningMax = Math.max(this.runningMax, ++this.#running)
    response.on('close', () => this.#running--)
    const route = this.answering ?? ROUTES[request.url!] ?? answersAtOnce
    route(request, response, this)
  }

  /** Ends it, and every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

function answersAtOnce(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  response.end('answered\n')
}

/** Says how long the body was, and its hash. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha256')
  let length = 0
  request.on('data', (piece: Buffer) => {
    length += piece.length
    hash.update(piece)
  })
  request.on('end', () => response.end(JSON.stringify({ length, hash: hash.digest('hex') })))
}

/** What {@link echo} says of a body. */
export function echoOf(body: Buffer | string): string {
  const bytes = Buffer.from(body)
  return JSON.stringify({ length: bytes.length, hash: createHash('sha256').update(bytes).digest('hex') })
}

/** Sends the head and some of the body; the test does the rest. */
function begin(response: ServerResponse, headers: OutgoingHttpHeaders, app: App): void {
  response.writeHead(200, headers).write('a beginning')
  app.held.push(response)
}
