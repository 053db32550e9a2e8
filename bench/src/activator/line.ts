/** A revision with one instance, whose slots are taken, and a line of requests that wait for them. */
import { Callers, CALLED_HOST } from './callers.ts'
import { Instance, type InstanceConnection } from './instance.ts'
import type { RunningActivator } from './program.ts'
import type { Setup } from './setup.ts'
import { quiet, until } from './until.ts'

/** Requests at the instance at a time. */
export const SLOTS = 100
const WARMUP_WAVES = 100
const ALL_MS_MAX = 60_000

/**
 * The first {@link SLOTS} callers take the slots, all others wait. The instance keeps every request until it is allowed to
 * answer.
 */
export class Line {
  readonly activator: RunningActivator
  readonly callers: Callers
  readonly #instance: Instance
  readonly #kept: InstanceConnection[]
  readonly #allowance: { left: number; most: number }

  private constructor(
    activator: RunningActivator,
    instance: Instance,
    kept: InstanceConnection[],
    allowance: { left: number; most: number },
  ) {
    this.activator = activator
    this.callers = new Callers(activator.port)
    this.#instance = instance
    this.#kept = kept
    this.#allowance = allowance
  }

  /** Starts both, connects those who take the slots, and lets them call until the activator's code is compiled. */
  static async start({ activator, cores, scratch }: Setup): Promise<Line> {
    const kept: InstanceConnection[] = []
    const allowance = { left: Infinity, most: 0 }
    const instance = await Instance.start({
      onProbe: (connection) => connection.answerReady(),
      onRequest(connection) {
        if (allowance.left > 0) {
          allowance.left--
          connection.answer()
        } else allowance.most = Math.max(allowance.most, kept.push(connection))
      },
    })
    try {
      const revision = {
        name: 'hello-00001',
        containerConcurrency: SLOTS,
        endpoints: [instance.address],
        host: CALLED_HOST,
      }
      const running = await activator.start({ revisions: [revision], cores: cores.proxy, scratch })
      const line = new Line(running, instance, kept, allowance)
      await line.#warmUp()
      return line
    } catch (error) {
      instance.close()
      throw error
    }
  }

  async #warmUp(): Promise<void> {
    await this.callers.connect(SLOTS)
    for (let wave = 1; wave <= WARMUP_WAVES; wave++) {
      this.callers.send(0, SLOTS)
      await this.#answered(wave * SLOTS)
    }
    this.#allowance.left = 0
  }

  /** Takes all slots. */
  async takeSlots(): Promise<void> {
    this.#allowance.left = 0
    this.callers.send(0, SLOTS)
    await this.#keeps(SLOTS)
    await quiet(this.activator.pid, ALL_MS_MAX)
  }

  /** Puts so many requests into the line; returns when the activator has them all. */
  async wait(count: number): Promise<void> {
    await this.callers.connect(SLOTS + count)
    this.callers.send(SLOTS, SLOTS + count)
    await quiet(this.activator.pid, ALL_MS_MAX)
    if (this.#kept.length !== SLOTS)
      throw new Error(`${this.#kept.length} requests are at the instance, not ${SLOTS}`)
  }

  /** Lets the instance answer `count` requests, and waits until as many have taken their slots. */
  async advance(count: number): Promise<void> {
    const answered = this.callers.answered + count
    this.#allow(count)
    await this.#answered(answered)
    await this.#keeps(SLOTS)
  }

  /** Lets the instance answer all that is left, and checks that everybody was well served. */
  async finish(count: number): Promise<void> {
    const answered = this.callers.answered + count
    this.#allow(Infinity)
    await this.#answered(answered)
    const { failures } = this.callers
    if (failures.length > 0) throw new Error(`${failures.length} requests were not answered: ${failures[0]}`)
    if (this.#allowance.most > SLOTS)
      throw new Error(`${this.#allowance.most} requests were at the instance at a time, not ${SLOTS}`)
  }

  #allow(count: number): void {
    const now = this.#kept.splice(0, count)
    this.#allowance.left = count - now.length
    for (const connection of now) connection.answer()
  }

  async #answered(count: number): Promise<void> {
    const { callers } = this
    const what = (): string =>
      `${callers.answered} of ${count} requests were answered, ${callers.failures[0] ?? 'none failed'},`
    await until(what, () => callers.answered >= count, ALL_MS_MAX)
  }

  async #keeps(count: number): Promise<void> {
    const what = (): string => `${this.#kept.length} of ${count} requests came to the instance`
    await until(what, () => this.#kept.length >= count, ALL_MS_MAX)
  }

  async stop(): Promise<void> {
    this.callers.close()
    await this.activator.stop()
    this.#instance.close()
  }
}
