import { createServer, type AddressInfo, type Server } from 'node:net'
import type { Test } from 'tap'
import { Events } from './events.ts'
import { type Message, Peer } from './peer.ts'

/** Serves one connection, request after request, until it throws or the connection ends. */
export type Serve = (peer: Peer) => Promise<void>

/** An application that a test drives by hand, or a script that serves every connection. */
export class Origin {
  /** The connections, in the order they were accepted. */
  readonly accepted: Events<Peer> = new Events('the origin is connected to')
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(t: Test, serve: Serve | null = null): Promise<Origin> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    const origin = new Origin(server)
    server.on('connection', (socket) => {
      const peer = new Peer(socket, `origin connection ${origin.accepted.count + 1}`)
      origin.accepted.push(peer)
      if (serve === null) return
      peer.patienceMs = Infinity
      serve(peer).catch(() => socket.destroy())
    })
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
    t.teardown(() => origin.close())
    return origin
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The next connection. */
  async accepts(): Promise<Peer> {
    return this.accepted.next()
  }

  /** Refuses connections from now on; those that are open stay so. */
  stopsListening(): void {
    this.#server.close()
  }

  close(): Promise<void> {
    for (const peer of this.accepted.all) peer.socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

/** Answers every request of a connection with what `answer` makes of it. */
export function answering(answer: (request: Message) => string): Serve {
  return async (peer) => {
    for (;;) {
      const request = await peer.readsMessage()
      peer.sends(answer(request))
    }
  }
}

/** A whole response with a length. */
export function response(body: string, status = '200 OK', fields = ''): string {
  return `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
}
