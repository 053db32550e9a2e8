import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** What is asked for by a request that is not answered yet. */
export const HELD_PATH = '/held'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nHello World\n'
const ALL_MS_MAX = 10_000
const POLL_MS = 10

/** An app in this process that answers at once, but for {@link HELD_PATH}: those requests it keeps until it is told. */
export class HoldingApp {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #held = new Set<Socket>()
  #isReleased = false

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket))
  }

  static async start(): Promise<HoldingApp> {
    const app = new HoldingApp()
    app.#server.listen(0, '127.0.0.1')
    await once(app.#server, 'listening')
    return app
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (bytes) => {
      if (this.#isReleased || !String(bytes).startsWith(`GET ${HELD_PATH} `)) socket.write(ANSWER)
      else this.#held.add(socket)
    })
  }

  /** Waits until so many requests are kept here. */
  async holds(count: number): Promise<void> {
    const end = performance.now() + ALL_MS_MAX
    while (this.#held.size < count) {
      if (performance.now() > end)
        throw new Error(`only ${this.#held.size} of ${count} requests came to the app`)
      await sleep(POLL_MS)
    }
  }

  /** How many requests are kept here. */
  get held(): number {
    return this.#held.size
  }

  /** Answers all it has, and from now on at once. */
  release(): void {
    this.#isReleased = true
    for (const socket of this.#held) socket.write(ANSWER)
    this.#held.clear()
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
