/** Clients that come at a rate, whoever is still waiting, and leave when they are not answered in time. */
import { connect } from 'node:net'

const TICK_MS = 5
const BODY = 'x'.repeat(1024)

/** How they come and go. */
export interface Impatience {
  port: number
  host: string
  perSecond: number
  timeoutMs: number
}

/** One POST each, on a connection of its own. */
export class ImpatientClients {
  sent = 0
  /** Answered with 200. */
  served = 0
  /** Left because the time was over. */
  left = 0
  /** What else came of a request. */
  readonly failures: string[] = []
  readonly #rules: Impatience
  readonly #request: string
  readonly #startedAt = performance.now()
  readonly #timer: NodeJS.Timeout

  constructor(rules: Impatience) {
    this.#rules = rules
    this.#request = `POST / HTTP/1.1\r\nHost: ${rules.host}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** Whether everybody who came has gone. */
  get isOver(): boolean {
    return this.sent === this.served + this.left + this.failures.length
  }

  /** Nobody comes any more. */
  stop(): void {
    clearInterval(this.#timer)
  }

  /** Sends as many as are due, however late the timer is. */
  #tick(): void {
    const due = ((performance.now() - this.#startedAt) / 1000) * this.#rules.perSecond
    while (this.sent < due) this.#send()
  }

  #send(): void {
    this.sent++
    const { port, timeoutMs } = this.#rules
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let isOver = false
    const end = (count: () => void): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      count()
      socket.destroy()
    }
    const timer = setTimeout(() => end(() => this.left++), timeoutMs)
    socket.on('connect', () => socket.write(this.#request))
    socket.on('error', ({ message }) => end(() => this.failures.push(message)))
    socket.on('close', () => end(() => this.failures.push('closed without an answer')))
    socket.on('data', (bytes) => {
      const line = bytes.toString('latin1').split('\r\n', 1)[0]
      end(() => (line.startsWith('HTTP/1.1 200 ') ? this.served++ : this.failures.push(line)))
    })
  }
}
