import { Instance, type InstanceConnection } from './instance.ts'

/** An instance that is ready and takes a while for each request; one whose client left costs it nothing more. */
export class SlowInstance {
  /** The most requests that were here at a time. */
  most = 0
  /** The longest time without a break that there were more than there is room for, ms. */
  longestExcessMs = 0
  readonly #ms: number
  readonly #room: number
  readonly #running = new Map<InstanceConnection, NodeJS.Timeout>()
  #excessSince: number | null = null
  #listener: Instance | null = null

  private constructor(ms: number, room: number) {
    this.#ms = ms
    this.#room = room
  }

  /** `ms` for each request; `room` is for how many at a time, which is watched and not enforced. */
  static async start(ms: number, room: number): Promise<SlowInstance> {
    const slow = new SlowInstance(ms, room)
    slow.#listener = await Instance.start({
      onProbe: (connection) => connection.answerReady(),
      onRequest: (connection) => slow.#onRequest(connection),
      onClose: (connection) => slow.#end(connection),
    })
    return slow
  }

  /** As the activator is told it. */
  get address(): string {
    return this.#listener!.address
  }

  #onRequest(connection: InstanceConnection): void {
    const timer = setTimeout(() => {
      this.#end(connection)
      connection.answer()
    }, this.#ms)
    this.#running.set(connection, timer)
    this.most = Math.max(this.most, this.#running.size)
    this.#watch()
  }

  #end(connection: InstanceConnection): void {
    clearTimeout(this.#running.get(connection))
    this.#running.delete(connection)
    this.#watch()
  }

  /** Notes how long there is too much. */
  #watch(): void {
    const now = performance.now()
    if (this.#excessSince !== null)
      this.longestExcessMs = Math.max(this.longestExcessMs, now - this.#excessSince)
    if (this.#running.size <= this.#room) this.#excessSince = null
    else this.#excessSince ??= now
  }

  close(): void {
    this.#listener!.close()
  }
}
