import { createServer } from 'node:net'

const LOOPBACK = '127.0.0.1'
/** Ports that are asked for before one that we do not use ourselves. */
const TRIES_MAX = 100

/**
 * Ports of 127.0.0.1 for apps, which are told where to listen and cannot be handed a socket.
 *
 * Between the moment in which a port is found to be free and the one in which the app listens, any other process may take it; nothing
 * can prevent that. The app notices, fails to listen and ends, and the next start has another port.
 */
export class FreePorts {
  readonly #taken = new Set<number>()

  /** A port that is free now, and is not handed out again before its release. Rejects when there is none. */
  async take(): Promise<number> {
    for (let i = 0; i < TRIES_MAX; i++) {
      const port = await freePort()
      if (this.#taken.has(port)) continue
      this.#taken.add(port)
      return port
    }
    throw new Error(`of ${TRIES_MAX} free ports all belong to instances that do not listen yet`)
  }

  /** Nobody listens there for us any more. */
  release(port: number): void {
    this.#taken.delete(port)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host: LOOPBACK, port: 0, exclusive: true }, () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
