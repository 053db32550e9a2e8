import { Instance, type InstanceConnection } from './instance.ts'

/** An instance that is ready and takes a while for each request; one whose client left costs it nothing more. */
export class SlowInstance {
  /** The most requests that were here at a time. */
  most = 0
  readonly #ms: number
  readonly #running = new Map<InstanceConnection, NodeJS.Timeout>()
  #listener: Instance | null = null

  private constructor(ms: number) {
    this.#ms = ms
  }

  static async start(ms: number): Promise<SlowInstance> {
    const slow = new SlowInstance(ms)
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
  }

  #end(connection: InstanceConnection): void {
    clearTimeout(this.#running.get(connection))
    this.#running.delete(connection)
  }

  close(): void {
    this.#listener!.close()
  }
}
