import type { Socket } from 'node:net'
import { H2Connection } from './h2-connection.ts'
import type { RelayScope } from './relay-scope.ts'
import type { RelaySettings } from './settings.ts'

/** The HTTP/2 connections of a relay. */
export class H2Downstreams {
  readonly #scope: RelayScope
  readonly #settings: RelaySettings
  readonly #onEmpty: () => void
  readonly #connections = new Set<H2Connection>()

  /** `onEmpty` is called whenever the last connection is gone. */
  constructor(scope: RelayScope, settings: RelaySettings, onEmpty: () => void) {
    this.#scope = scope
    this.#settings = settings
    this.#onEmpty = onEmpty
  }

  /** Open connections. */
  get size(): number {
    return this.#connections.size
  }

  /** Takes a socket over; `first` are bytes that were read from it already. */
  accept(socket: Socket, first: Buffer | null): void {
    if (socket.destroyed) return
    const connection = new H2Connection(this.#scope, this.#settings, socket, first, (closed) =>
      this.#onClosed(closed),
    )
    this.#connections.add(connection)
  }

  #onClosed(connection: H2Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#onEmpty()
  }

  /** Announces the end on every connection; each closes when what runs on it is answered. */
  beginDrain(): void {
    for (const connection of this.#connections) connection.close()
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy()
  }
}
