import { execFile } from 'node:child_process'
import { type AddressInfo, type Server } from 'node:net'
import type { Test } from 'tap'
import { keepAlive, within } from './within.ts'
import { PROCESS_CLOCK } from '../../src/clock.ts'
import { InstanceHealth, type InstanceHealthOptions } from '../../src/local/health/instance-health.ts'
export { freePort } from '../../../../test/support/free-port.ts'

/** Listens on 127.0.0.1 until the test ends. Returns the port. */
export async function listen(t: Test, server: Server): Promise<number> {
  await within('listens', new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Health with real time, sockets and processes, and what is told of it. */
export class WatchedHealth {
  readonly told: string[] = []
  readonly health: InstanceHealth
  #heard: () => void = () => {}

  constructor(t: Test, options: Pick<InstanceHealthOptions, 'containers'> & Partial<InstanceHealthOptions>) {
    keepAlive(t)
    const tell = (what: string): void => {
      this.told.push(what)
      this.#heard()
    }
    this.health = new InstanceHealth({
      appPort: 0,
      clock: PROCESS_CLOCK,
      exec: (_, command, timeoutMs) => runCommand(command, timeoutMs),
      events: {
        onReady: () => tell('ready'),
        onNotReady: (reason) => tell(`not ready: ${reason}`),
        onUnhealthy: (container, reason) => tell(`${container}: ${reason}`),
      },
      ...options,
    })
    t.teardown(() => this.health.close())
  }

  /** The thing told at `index`, once it is. */
  async at(index: number): Promise<string> {
    while (this.told.length <= index) {
      const heard = new Promise<void>((resolve) => (this.#heard = resolve))
      await within(`thing ${index} is told after ${JSON.stringify(this.told)}`, heard)
    }
    return this.told[index]
  }
}

function runCommand(
  [file, ...args]: readonly string[],
  timeout: number,
): Promise<{ ok: boolean; detail: string }> {
  return new Promise((resolve) => {
    execFile(file, args, { timeout, killSignal: 'SIGKILL' }, (error, stdout) => {
      const ended = error?.killed === true ? 'too late' : `exit code ${String(error?.code)}`
      resolve({ ok: error === null, detail: error === null ? '' : `${ended}: ${stdout.trim()}` })
    })
  })
}
