import { fileURLToPath } from 'node:url'
import type { Shape } from '../cases.ts'
import { packageVersion } from '../package-version.ts'
import type { Driver, LoadResult } from './driver.ts'

/** The load generators that are Node programs in this folder; every one records latency with hdr-histogram-js. */
export const nodeDrivers: readonly Driver[] = [
  nodeDriver(
    'autocannon',
    packageVersion('autocannon'),
    ({ protocol, upload }) => protocol === 'http1' && upload !== 'chunked',
  ),
  nodeDriver('raw', null, ({ protocol, upload }) => protocol === 'http1' && upload === 'chunked'),
  nodeDriver('http2', null, ({ protocol }) => protocol === 'h2c'),
]

function nodeDriver(name: string, version: string | null, canRun: (shape: Shape) => boolean): Driver {
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  return {
    name,
    version,
    stopSignal: 'TERM',
    canRun,
    command: (order) => [process.execPath, script, JSON.stringify(order)],
    read: (output) => JSON.parse(output) as LoadResult,
  }
}
