import type { ServerResponse } from 'node:http'

/** So many heartbeats in a row may find that nothing was read before a watcher is given up. */
const BLOCKED_MAX = 4

/**
 * One client that watches events:
 *
 *     Reading ── more than its connection takes ──► Behind ── it took all ──► Reading, with the newest status if one was missed
 *                                                     └── four heartbeats ──► closed
 *
 * Invariant: while it is behind nothing is written, so that what is buffered for it does not grow.
 */
export class Watcher {
  readonly #response: ServerResponse
  readonly #newest: () => string
  #missed = false
  #blockedBeats = 0

  /** `newest` makes the status event of now, for one that has missed some. */
  constructor(response: ServerResponse, newest: () => string) {
    this.#response = response
    this.#newest = newest
    response.on('drain', () => this.#catchUp())
  }

  /** Sends a status, which takes the place of those before. */
  sendStatus(event: string): void {
    if (this.#response.writableNeedDrain) this.#missed = true
    else this.#response.write(event)
  }

  /** Sends something that the next status tells too. */
  send(event: string): void {
    this.sendStatus(event)
  }

  /** Sends what means nothing, so that whoever is between us sees that the connection is alive. */
  beat(): void {
    if (!this.#response.writableNeedDrain) {
      this.#blockedBeats = 0
      this.#response.write(':\n\n')
    } else if (++this.#blockedBeats === BLOCKED_MAX) this.#response.destroy()
  }

  close(): void {
    this.#response.end()
  }

  #catchUp(): void {
    this.#blockedBeats = 0
    if (!this.#missed) return
    this.#missed = false
    this.#response.write(this.#newest())
  }
}
