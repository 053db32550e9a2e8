import type { Socket } from 'node:net'
import { lastAnswer } from './own-answer.ts'

/** More connections than these are closed without an answer: saying no must not cost what saying yes would. */
const FAREWELLS_MAX = 1000

/** Connections that are answered without being served, until their clients have read the answer and closed. */
export class Farewells {
  readonly #sockets = new Set<Socket>()
  readonly #proxyName: string
  readonly #lingerMs: number

  constructor(proxyName: string, lingerMs: number) {
    this.#proxyName = proxyName
    this.#lingerMs = lingerMs
  }

  /** Sends a whole HTTP/1.1 answer and closes. `fields` are complete header lines. */
  answer(socket: Socket, status: number, error: string, fields: string, text: string): void {
    this.send(socket, Buffer.from(lastAnswer(this.#proxyName, status, error, fields, text), 'latin1'))
  }

  /** Sends these bytes and closes. */
  send(socket: Socket, bytes: Buffer): void {
    socket.on('error', ignore)
    if (this.#sockets.size >= FAREWELLS_MAX) return void socket.destroy()
    this.#sockets.add(socket)
    const timer = setTimeout(() => socket.destroy(), this.#lingerMs)
    timer.unref()
    socket.on('close', () => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
    })
    // The request that is on its way is read and dropped: unread bytes would turn the close into a reset.
    socket.on('end', () => socket.destroySoon())
    socket.resume()
    socket.end(bytes)
  }

  /** Ends them at once. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

function ignore(): void {}
