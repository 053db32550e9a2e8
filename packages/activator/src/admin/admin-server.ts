import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AdminSettings } from './admin-settings.ts'
import { guard, sendProblem } from './admin-answers.ts'
import { isLocalHost, isLoopback } from './host-check.ts'

// An import of it would load Node's HTTP client as well.
const http = process.getBuiltinModule('node:http')

/** Clients are few: the command, a browser, whoever asks by hand. */
const CONNECTIONS_MAX = 64
const HEAD_BYTES = 16 * 1024
/** For one request to come. */
const REQUEST_MS = 10_000
const IDLE_MS = 5000
const METHODS = 'GET, HEAD'

/** Answers requests whose method and Host are checked. `path` has no query. */
export type Answer = (path: string, request: IncomingMessage, response: ServerResponse) => void

/** What a server tells of itself. */
export interface ServerEvents {
  readonly answer: Answer
  /** The last connection closed. */
  readonly onQuiet: () => void
}

/** The listener of the admin port: bounds, and checks that hold for every path. It keeps no process alive. */
export class AdminServer {
  readonly #settings: AdminSettings
  readonly #server: Server
  readonly #checksHost: boolean
  readonly #events: ServerEvents
  #connections = 0

  constructor(settings: AdminSettings, events: ServerEvents) {
    this.#settings = settings
    this.#events = events
    this.#checksHost = isLoopback(settings.host)
    this.#server = http.createServer({
      maxHeaderSize: HEAD_BYTES,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: REQUEST_MS,
    })
    this.#server.maxConnections = CONNECTIONS_MAX
    this.#server.on('request', (request, response) => this.#onRequest(request, response))
    this.#server.on('connection', (socket) => {
      socket.unref()
      this.#connections++
      socket.on('close', () => {
        if (--this.#connections === 0) events.onQuiet()
      })
    })
  }

  /** Where it listens. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  /** Opens the port. Rejects with an error that names it when it cannot be opened. */
  async open(): Promise<void> {
    const { host, port } = this.#settings
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(host, port, error)))
      this.#server.listen({ host, port }, resolve)
    })
    this.#server.removeAllListeners('error')
    // One connection that cannot be taken, for want of file descriptors, ends nothing.
    this.#server.on('error', () => {})
    this.#server.unref()
  }

  /** Closes the port and everything on it. */
  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    guard(response)
    const { headers, method, url = '/' } = request
    if (this.#checksHost && !isLocalHost(headers.host))
      return sendProblem(
        response,
        403,
        `this port answers under an IP address or localhost, and not under ${JSON.stringify(headers.host ?? '')}; ACTIVATOR_ADMIN_HOST opens it to others`,
      )
    if (method !== 'GET' && method !== 'HEAD')
      return sendProblem(response, 405, `there is only ${METHODS}, and no ${method}`, {
        Allow: METHODS,
        Connection: 'close',
      })
    const query = url.indexOf('?')
    this.#events.answer(query < 0 ? url : url.slice(0, query), request, response)
  }
}

function listenError(host: string, port: number, { code, message }: NodeJS.ErrnoException): Error {
  const place = `ACTIVATOR_ADMIN_PORT is ${port}: it cannot be opened on ${host}`
  if (code === 'EADDRINUSE')
    return new Error(`${place}, another program listens there; take another port, or 0 for any free one`)
  if (code === 'EADDRNOTAVAIL')
    return new Error(`${place}, ACTIVATOR_ADMIN_HOST must be an address of this machine`)
  return new Error(`${place}: ${message}`)
}
