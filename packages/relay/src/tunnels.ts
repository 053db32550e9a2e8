import type { Exchange } from './exchange.ts'

/** The upgraded connections of a relay, so that a drain can end them. */
export class Tunnels {
  readonly #open = new Set<Exchange>()
  /** How long a tunnel gets to end, ms; -1 while none has to. */
  #closeMs = -1
  readonly #onEmpty: (() => void)[] = []

  /** Open tunnels. */
  get size(): number {
    return this.#open.size
  }

  /** The tunnel of this exchange stands. While they are closed, it is closed at once. */
  add(exchange: Exchange): void {
    this.#open.add(exchange)
    if (this.#closeMs >= 0) exchange.closeTunnel(this.#closeMs)
  }

  /** It is over. */
  delete(exchange: Exchange): void {
    if (!this.#open.delete(exchange) || this.#open.size > 0) return
    for (const resolve of this.#onEmpty.splice(0)) resolve()
  }

  /** Closes all there are, and those that will be; what is left of one after `ms` is cut. Resolves when none is left. */
  close(ms: number): Promise<void> {
    this.#closeMs = ms
    for (const exchange of this.#open) exchange.closeTunnel(ms)
    return new Promise((resolve) => {
      if (this.#open.size === 0) resolve()
      else this.#onEmpty.push(resolve)
    })
  }
}
