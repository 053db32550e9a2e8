import { createServer } from 'node:net'

const LOOPBACK = '127.0.0.1'
/**
 * From where to where ports are chosen: below those that Linux (from 32768) and macOS (from 49152) give by themselves to whoever connects,
 * or listens on any port, as our sidecars do.
 */
const FIRST = 10_000
const COUNT = 20_000
/** Ports that are looked at before one that is free. */
const TRIES_MAX = 1000

/**
 * Ports of 127.0.0.1 for apps, which are told where to listen and cannot be handed a socket.
 *
 * Between the moment in which a port is found to be free and the one in which the app listens, a process that wants just this one may take
 * it; nothing can prevent that. The app notices, fails to listen and ends, and the next start has another port.
 */
export class FreePorts {
  readonly #taken = new Set<number>()

  /** A port that is free now, and is not handed out again before its release. Rejects when there is none. */
  async take(): Promise<number> {
    for (let i = 0; i < TRIES_MAX; i++) {
      const port = FIRST + Math.floor(Math.random() * COUNT)
      if (this.#taken.has(port)) continue
      // Before it is looked at, so that no two calls look at the same.
      this.#taken.add(port)
      let isOurs = false
      try {
        isOurs = await isFree(port)
      } finally {
        if (!isOurs) this.#taken.delete(port)
      }
      if (isOurs) return port
    }
    throw new Error(`of ${TRIES_MAX} ports from ${FIRST} to ${FIRST + COUNT - 1} all are in use`)
  }

  /** Nobody listens there for us any more. */
  release(port: number): void {
    this.#taken.delete(port)
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
