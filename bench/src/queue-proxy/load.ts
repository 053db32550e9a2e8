/** Load for a while on a sidecar that runs already. */
import { chooseCases } from '../hot-path/cases.ts'
import type { LoadResult } from '../hot-path/load/driver.ts'
import { Child } from '../process/launch.ts'
import { loadDriver } from './cpu.ts'
import type { Setup } from './setup.ts'

const OVERRUN_MS_MAX = 20_000

/** Asks for 12 bytes over `connections` keep-alive connections for some seconds; returns what the load generator says. */
export async function load(
  setup: Setup,
  port: number,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const [{ shape }] = chooseCases(['12b'], [connections])
  const driver = loadDriver(shape)
  const command = driver.command({ port, connections, shape, seconds, warmupSeconds: 0 })
  const child = new Child({ command, cores: setup.cores.load })
  try {
    return driver.read(await child.finished(seconds * 1000 + OVERRUN_MS_MAX))
  } finally {
    await child.stop()
  }
}
