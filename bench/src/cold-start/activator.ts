/** The side that asks whether the app is ready, on one connection, as an activator does. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** How readiness is asked for. */
export interface Asking {
  /** Value of Prefer, or null to ask without. */
  prefer: string | null
  /** Between the beginnings of two questions, ms. */
  everyMs: number
}

const READY_MS_MAX = 30_000

/** One sidecar's readiness, asked again and again until it is given. */
export class Activator {
  readonly #socket: Socket
  readonly #asking: Asking
  readonly #request: string
  #isClosed = false
  #answer = ''
  #onAnswer: (at: bigint) => void = () => {}
  #onBroken: (error: Error) => void = () => {}

  private constructor(socket: Socket, asking: Asking) {
    this.#socket = socket
    this.#asking = asking
    const prefer = asking.prefer === null ? '' : `Prefer: ${asking.prefer}\r\n`
    this.#request = `GET /healthz HTTP/1.1\r\nHost: bench\r\nK-Network-Probe: queue\r\nUser-Agent: Knative-Activator-Probe\r\n${prefer}\r\n`
    socket.setEncoding('latin1').on('data', (text) => {
      this.#answer += text
      // heads end with an empty line, and the bodies here are of one piece with them
      if (this.#answer.includes('\r\n\r\n')) this.#onAnswer(process.hrtime.bigint())
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isClosed = true
      this.#onBroken(new Error('the sidecar closed the connection of the probe'))
    })
  }

  static async connect(port: number, asking: Asking): Promise<Activator> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new Activator(socket, asking)
  }

  /** Asks until the answer is 200, and returns when that arrived, in nanoseconds of `process.hrtime`. */
  async ready(): Promise<bigint> {
    const end = performance.now() + READY_MS_MAX
    for (;;) {
      const askedAt = performance.now()
      const at = await this.#ask()
      if (this.#answer.startsWith('HTTP/1.1 200 ')) return at
      if (performance.now() > end) throw new Error(`not ready after ${READY_MS_MAX} ms`)
      await sleep(Math.max(0, askedAt + this.#asking.everyMs - performance.now()))
    }
  }

  #ask(): Promise<bigint> {
    this.#answer = ''
    return new Promise((resolve, reject) => {
      this.#onAnswer = resolve
      this.#onBroken = reject
      if (this.#isClosed) reject(new Error('the sidecar closed the connection of the probe'))
      else this.#socket.write(this.#request)
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}
