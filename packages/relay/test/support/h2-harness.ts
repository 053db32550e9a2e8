import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import http2, { type ClientHttp2Session, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import {
  type Address,
  type Endpoint,
  type Exchange,
  type ExchangeHandler,
  type Failure,
  type Outcome,
  Relay,
  type RelayEvents,
  type RelayOptions,
} from '../../src/index.ts'

/** What of a tap test is used here. */
export interface Test {
  teardown(fn: () => unknown): void
}

/** Fails with a name instead of hanging until the file times out. */
export async function within<T>(promise: Promise<T>, label: string, ms = 8000): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${label}: nothing happened within ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** How one exchange ended. */
export interface Done {
  readonly path: string
  readonly outcome: Outcome
  readonly failure: Failure | ''
  readonly status: number
  readonly exchange: Exchange
}

/** Forwards everything and records how it ended. Each decision can be replaced. */
export class Recorder implements ExchangeHandler {
  endpoint: Endpoint | null = null
  readonly done: Done[] = []
  readonly begun: Exchange[] = []
  readonly #waiting: (() => void)[] = []
  decide: (exchange: Exchange) => void = (exchange) => exchange.forward(this.endpoint!)
  retry: (exchange: Exchange, failure: Failure) => boolean = () => false
  onResponse: ExchangeHandler['onResponse'] = () => {}

  onRequest(exchange: Exchange): void {
    this.begun.push(exchange)
    this.#wake()
    this.decide(exchange)
  }

  onFailure(exchange: Exchange, failure: Failure): boolean {
    return this.retry(exchange, failure)
  }

  onDone(exchange: Exchange): void {
    const { outcome, failure, status } = exchange
    this.done.push({ path: exchange.request.target, outcome, failure, status, exchange })
    this.#wake()
  }

  #wake(): void {
    for (const check of this.#waiting.splice(0)) check()
  }

  /** Resolves when `condition` holds; looked at after every begin and every end. */
  until(condition: () => boolean, label: string): Promise<void> {
    const wait = new Promise<void>((resolve) => {
      const check = (): void => {
        if (condition()) resolve()
        else this.#waiting.push(check)
      }
      check()
    })
    return within(wait, label)
  }

  untilDone(count: number): Promise<void> {
    return this.until(() => this.done.length >= count, `${count} exchanges done`)
  }

  /** The outcomes, in the order of their ends; throws when an exchange was told its end twice. */
  get outcomes(): Outcome[] {
    if (new Set(this.done.map((done) => done.exchange)).size !== this.done.length)
      throw new Error('done fired twice')
    return this.done.map((done) => done.outcome)
  }
}

export interface Running {
  relay: Relay
  port: number
  recorder: Recorder
}

/** A relay on a free port that forwards to `app`, if given. */
export async function startRelay(
  t: Test,
  app: Omit<Address, 'host'> | null = null,
  options: Partial<RelayOptions> = {},
  events: RelayEvents = {},
): Promise<Running> {
  const recorder = new Recorder()
  const relay = await Relay.start({ listen: [{ host: '127.0.0.1', port: 0 }], ...options }, recorder, events)
  if (app !== null) recorder.endpoint = relay.endpoint({ host: '127.0.0.1', ...app })
  t.teardown(() => {
    recorder.endpoint?.close()
    relay.destroy()
  })
  return { relay, port: relay.ports[0], recorder }
}

export async function listen(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

export interface H2App {
  port: number
  server: Http2Server
  /** Streams seen so far. */
  streams: ServerHttp2Stream[]
  sessions: number
}

/** An HTTP/2 application without TLS. */
export async function h2App(
  t: Test,
  onStream: (stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders, raw: string[]) => void,
  options: http2.ServerOptions = {},
): Promise<H2App> {
  const server = http2.createServer(options)
  const app: H2App = { port: 0, server, streams: [], sessions: 0 }
  // Only those with streams: under load a dial may be given up and tried again.
  const sessions = new Set<unknown>()
  server.on('session', (session) => session.on('error', () => {}))
  server.on('sessionError', () => {})
  server.on('stream', (opened, headers, _flags, raw) => {
    const stream = opened as ServerHttp2Stream
    app.streams.push(stream)
    app.sessions = sessions.add(stream.session).size
    stream.on('error', () => {})
    onStream(stream, headers, raw)
  })
  app.port = await listen(t, server)
  return app
}

/** An HTTP/1.1 application. */
export async function h1App(
  t: Test,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<number> {
  const server = http.createServer({ keepAliveTimeout: 0 }, onRequest)
  server.on('checkContinue', onRequest)
  return listen(t, server)
}

/** A client session to the relay; closed by the teardown. */
export function h2Client(
  t: Test,
  port: number,
  options: http2.ClientSessionOptions = {},
): ClientHttp2Session {
  const session = http2.connect(`http://127.0.0.1:${port}`, options)
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  return session
}

/** A plain socket to the relay. */
export async function rawClient(t: Test, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Resolves when something that shows itself by no event is so; looked at once per turn of the event loop. */
export async function eventually(condition: () => boolean, label: string, ms = 8000): Promise<void> {
  const until = performance.now() + ms
  while (!condition()) {
    if (performance.now() > until) throw new Error(`${label}: not so within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
