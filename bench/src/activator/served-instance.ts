import { fileURLToPath } from 'node:url'
import { Control } from '../process/control.ts'
import { Child } from '../process/launch.ts'
import type { BenchRevision } from './program.ts'

/** What the instance's control port answers; the time is its own clock. */
export interface ServedCount {
  served: number
  atNanos: number
}

/** What the process of the instance prints when it listens. */
export interface ServedPorts {
  port: number
  control: number
}

const START_MS_MAX = 10_000

/** The instance of instance-process.ts, seen from the harness. */
export class ServedInstance {
  readonly port: number
  readonly #child: Child
  readonly #control: Control

  private constructor(child: Child, { port, control }: ServedPorts) {
    this.port = port
    this.#child = child
    this.#control = new Control(control)
  }

  static async start(cores: string | null): Promise<ServedInstance> {
    const script = fileURLToPath(new URL('./instance-process.ts', import.meta.url))
    const child = new Child({ command: [process.execPath, script], cores })
    return new ServedInstance(child, JSON.parse(await child.firstLine(START_MS_MAX)) as ServedPorts)
  }

  get pid(): number {
    return this.#child.pid
  }

  /** A revision without a limit that has only this instance. */
  get revision(): BenchRevision {
    return {
      name: 'hello-00001',
      containerConcurrency: 0,
      endpoints: [`127.0.0.1:${this.port}`],
      // Load generators ask for the address they connect to.
      host: '127.0.0.1',
    }
  }

  /** How many requests it has answered so far. */
  async count(): Promise<ServedCount> {
    return await this.#control.ask<ServedCount>()
  }

  async stop(): Promise<void> {
    this.#control.close()
    await this.#child.stop()
  }
}
