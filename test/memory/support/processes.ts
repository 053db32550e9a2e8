import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'

export const MIB = 1024 * 1024
const LAST_CHUNK = '\r\n0\r\n\r\n'

/** What the relay's process says of itself, bytes. */
export interface Memory {
  readonly connections: number
  readonly rss: number
  readonly peak: number
  readonly heap: number
}

/** Starts a script of this folder. It ends with the test. */
export function start(t: Test, script: string, ...args: number[]): ChildProcess {
  const child = fork(join(import.meta.dirname, script), args.map(String), {
    execArgv: ['--conditions=@pilotlight/source', '--expose-gc'],
  })
  t.teardown(async () => {
    if (child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
  })
  return child
}

/** The next message of a child, or its death as an error. */
export async function message<T>(child: ChildProcess): Promise<T> {
  const [said] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the process ended with ${String(code)}`))),
  ])) as [T]
  return said
}

/** A relay before `originPort` in its own process. */
export class RelayProcess {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  static async start(t: Test, originPort: number): Promise<RelayProcess> {
    const child = start(t, 'relay-process.ts', originPort)
    const { port } = await message<{ port: number }>(child)
    return new RelayProcess(child, port)
  }

  async memory(): Promise<Memory> {
    this.#child.send('memory')
    return message<Memory>(this.#child)
  }
}

/** A server on 127.0.0.1; returns its port. Its connections end with the test. */
export async function serving(t: Test, onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** Writes `count` bytes as fast as they are taken. */
export function writes(socket: Socket, count: number, done: () => void): void {
  const block = Buffer.alloc(MIB, 'x')
  let left = count
  const write = (): void => {
    while (left > 0) {
      const length = Math.min(left, block.length)
      left -= length
      const isFree = socket.write(length === block.length ? block : block.subarray(0, length))
      if (left === 0) return done()
      if (!isFree) return void socket.once('drain', write)
    }
  }
  write()
}

/**
 * Counts what comes to `socket`, slowly at first: after every `burst` bytes it does not read for `pauseMs`, `pauses`
 * times. Resolves with the count when `total` bytes were read, the last chunk of a chunked body came, or the connection
 * ended.
 */
export function reads(
  socket: Socket,
  total: number,
  burst: number,
  pauses: number,
  pauseMs: number,
): Promise<number> {
  return new Promise((resolve) => {
    let count = 0
    let paused = 0
    let tail = ''
    socket.on('data', (chunk: Buffer) => {
      count += chunk.length
      tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - LAST_CHUNK.length))).slice(
        -LAST_CHUNK.length,
      )
      if (count >= total || tail === LAST_CHUNK) return resolve(count)
      if (paused === pauses || count < (paused + 1) * burst) return
      paused++
      socket.pause()
      setTimeout(() => socket.resume(), pauseMs)
    })
    socket.once('close', () => resolve(count))
  })
}
