/** Clients of the activator, a connection each, which is kept. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

/** Few enough that no connection has to be tried twice. */
const BATCH = 100
/** Files a process has open beside the callers: connections to the instance, the program, the event loop. */
const OTHER_FILES = 500
const BODY_END = 'Hello World\n'
const OK = 'HTTP/1.1 200 '
/** The host that leads to the revision they call. */
export const CALLED_HOST = 'hello.default.example.com'
/** As an ingress sends it, near enough. */
const REQUEST = [
  'GET / HTTP/1.1',
  `Host: ${CALLED_HOST}`,
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br',
  'X-Request-Id: 8b1f6f0e-6a57-4a0c-9c4d-2f9f5c9a3c11',
  'Forwarded: for=10.1.2.3;proto=http',
  'X-Forwarded-For: 10.1.2.3, 10.4.5.6',
  '',
  '',
].join('\r\n')

/** `wanted`, or as many callers as the open-file limit of this process and its children lets there be. */
export function callersPossible(wanted: number): number {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  // The soft limit is raised to the hard one: by Node here, and by the shell that watches a child.
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1]
  return hard === undefined ? wanted : Math.min(wanted, Number(hard) - OTHER_FILES)
}

/** All clients of one activator. */
export class Callers {
  /** Responses that came so far, of all of them. */
  answered = 0
  /** What came that was not a 200, or how a connection ended. */
  readonly failures: string[] = []
  readonly #port: number
  readonly #sockets: Socket[] = []
  #isClosed = false

  constructor(port: number) {
    this.#port = port
  }

  /** Connects more of them, until there are so many. */
  async connect(count: number): Promise<void> {
    while (this.#sockets.length < count) {
      const size = Math.min(BATCH, count - this.#sockets.length)
      const batch = Array.from({ length: size }, () => this.#connectOne())
      this.#sockets.push(...(await Promise.all(batch)))
    }
  }

  async #connectOne(): Promise<Socket> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    socket.setEncoding('latin1').on('data', (text) => this.#onData(String(text)))
    socket.on('error', () => {})
    socket.on('close', () => {
      if (!this.#isClosed) this.failures.push('a connection was closed')
    })
    return socket
  }

  /** Heads and bodies are so small that whatever begins an answer, or ends one, is of one piece. */
  #onData(text: string): void {
    const isBad = text.startsWith('HTTP/') && !text.startsWith(OK)
    if (isBad) this.failures.push(text.split('\r\n', 1)[0])
    if (isBad || text.endsWith(BODY_END)) this.answered++
  }

  /** Sends a request on each connection from `first` on, to before `end`. */
  send(first: number, end: number): void {
    for (let i = first; i < end; i++) this.#sockets[i].write(REQUEST)
  }

  /** Resets the connections, so that none of them lingers in the kernel. */
  close(): void {
    this.#isClosed = true
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }
}
