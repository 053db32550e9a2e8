/**
 * A side door of a child process: one byte in, one JSON line out. The harness reads the origin's request counter by
 * it, and the proxies' own accounting where there is no /proc.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'

const ANSWER_MS_MAX = 10_000

/** Opens the side door; `answer` makes the object each question is answered with. Returns its port. */
export async function serveControl(answer: () => object): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write(`${JSON.stringify(answer())}\n`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return (server.address() as AddressInfo).port
}

/** The harness' side: ask one question at a time. */
export class Control {
  readonly #socket: Socket

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('utf8').on('error', () => {})
  }

  async ask<Answer>(): Promise<Answer> {
    this.#socket.write('?')
    const [line] = (await once(this.#socket, 'data', { signal: AbortSignal.timeout(ANSWER_MS_MAX) })) as [
      string,
    ]
    return JSON.parse(line) as Answer
  }

  close(): void {
    this.#socket.destroy()
  }
}
