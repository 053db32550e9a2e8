/** An instance behind the activator: what a sidecar and its app look like from there, made to cost little. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const HEAD_END = '\r\n\r\n'
const PROBE_START = 'GET /healthz '
/** What our queue-proxy says to a probe that asked it to wait. */
const READY =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nPreference-Applied: wait\r\nContent-Length: 5\r\n\r\nqueue'
const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nHello World\n',
)
const empty = Buffer.alloc(0)

/** Decides when a connection is answered; there is never more than one request on it. */
export interface InstanceRules {
  onProbe(connection: InstanceConnection): void
  /** A whole request, with its body. */
  onRequest(connection: InstanceConnection): void
  /** It was closed, by whomever. */
  onClose?(connection: InstanceConnection): void
}

/** One connection of the activator. */
export class InstanceConnection {
  readonly #socket: Socket
  readonly #rules: InstanceRules
  #rest: Buffer = empty

  constructor(socket: Socket, rules: InstanceRules) {
    this.#socket = socket
    this.#rules = rules
    socket.on('data', (bytes) => this.#onData(bytes as Buffer))
    socket.on('error', () => {})
    socket.on('close', () => rules.onClose?.(this))
  }

  #onData(bytes: Buffer): void {
    const pending = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const headEnd = pending.indexOf(HEAD_END)
    if (headEnd === -1 || pending.length < headEnd + HEAD_END.length + bodyLength(pending, headEnd)) {
      this.#rest = pending
      return
    }
    this.#rest = empty
    if (pending.toString('latin1', 0, PROBE_START.length) === PROBE_START) this.#rules.onProbe(this)
    else this.#rules.onRequest(this)
  }

  /** Answers the probe that is here: ready. */
  answerReady(): void {
    this.#socket.write(READY)
  }

  /** Answers the request that is here, with 12 bytes. */
  answer(): void {
    this.#socket.write(ANSWER)
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** 0 for a GET, which is nearly all there is here. */
function bodyLength(request: Buffer, headEnd: number): number {
  if (request[0] === 0x47) return 0
  return Number(/content-length: *(\d+)/i.exec(request.toString('latin1', 0, headEnd))?.[1] ?? 0)
}

/** The listener of an instance, on a free port of 127.0.0.1. */
export class Instance {
  readonly #server: Server
  readonly #connections = new Set<InstanceConnection>()

  private constructor(rules: InstanceRules) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      const connection = new InstanceConnection(socket, rules)
      this.#connections.add(connection)
      socket.once('close', () => this.#connections.delete(connection))
    })
  }

  static async start(rules: InstanceRules): Promise<Instance> {
    const instance = new Instance(rules)
    instance.#server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
    await once(instance.#server, 'listening')
    return instance
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** As the activator is told it. */
  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
    this.#server.close()
  }
}
