import { fileURLToPath } from 'node:url'
import { Control } from '../process/control.ts'
import { Child } from '../process/launch.ts'
import type { OriginCount, OriginPorts } from './origin.ts'

const START_MS_MAX = 10_000

/** The origin in its own process. */
export class Origin {
  readonly ports: OriginPorts
  readonly #child: Child
  readonly #control: Control

  private constructor(child: Child, ports: OriginPorts) {
    this.ports = ports
    this.#child = child
    this.#control = new Control(ports.control)
  }

  static async start(cores: string | null): Promise<Origin> {
    const child = new Child({
      command: [process.execPath, fileURLToPath(new URL('./origin.ts', import.meta.url))],
      cores,
    })
    return new Origin(child, JSON.parse(await child.firstLine(START_MS_MAX)) as OriginPorts)
  }

  get pid(): number {
    return this.#child.pid
  }

  /** How many requests it has answered so far, by its own clock. */
  async count(): Promise<OriginCount> {
    return await this.#control.ask<OriginCount>()
  }

  async stop(): Promise<void> {
    this.#control.close()
    await this.#child.stop()
  }
}
