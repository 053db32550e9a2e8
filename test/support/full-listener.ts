import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { within } from './probed-apps.ts'

const LISTEN = `
  const server = require('node:net').createServer()
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => process.send(server.address().port))
`
/** A connection that is not accepted in this time is taken as dropped by the kernel, ms. On loopback it takes none. */
const DROPPED_MS = 300

/**
 * A port whose queue of connections is full, in a process that is stopped: the kernel drops what asks for one more, as a
 * network would that loses packets. Only on Linux.
 */
export class FullListener {
  readonly port: number
  readonly #child: ChildProcess
  readonly #sockets: Socket[]

  private constructor(port: number, child: ChildProcess, sockets: Socket[]) {
    this.port = port
    this.#child = child
    this.#sockets = sockets
  }

  static async start(t: Test): Promise<FullListener> {
    const child = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    t.teardown(() => child.kill('SIGKILL'))
    const [port] = (await within('the listener listens', once(child, 'message'))) as [number]
    child.kill('SIGSTOP')
    const sockets: Socket[] = []
    t.teardown(() => sockets.forEach((socket) => socket.destroy()))
    while (await isAccepted(port, sockets))
      if (sockets.length > 20) throw new Error('the queue does not become full')
    return new FullListener(port, child, sockets)
  }

  /** Accepts from now on. */
  resumes(): void {
    this.#child.kill('SIGCONT')
    for (const socket of this.#sockets) socket.destroy()
  }

  /** The port is closed: the next connection is refused. */
  async dies(): Promise<void> {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
    for (const socket of this.#sockets) socket.destroy()
  }
}

async function isAccepted(port: number, sockets: Socket[]): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  sockets.push(socket)
  socket.on('error', () => {})
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      // Once more after a poll: a process that had no processor has not read yet what came in time.
      setImmediate(() =>
        setImmediate(() => {
          socket.destroy()
          resolve(false)
        }),
      )
    }, DROPPED_MS)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}
