import { fileURLToPath } from 'node:url'
import { findTool, toolVersion } from '../../process/find-tool.ts'
import type { Shape } from '../cases.ts'
import type { Driver, LoadOrder, LoadResult } from './driver.ts'

/** wrk and h2load, those of them that are installed: fast enough to keep any proxy busy from one core. */
export function nativeDrivers(): Driver[] {
  const drivers: Driver[] = []
  const wrk = findTool('wrk')
  if (wrk !== null) drivers.push(wrkDriver(wrk))
  const h2load = findTool('h2load')
  if (h2load !== null) drivers.push(h2loadDriver(h2load))
  return drivers
}

function wrkDriver(path: string): Driver {
  return {
    name: 'wrk',
    version: toolVersion(path, '-v'),
    stopSignal: 'INT',
    canRun: ({ protocol }) => protocol === 'http1',
    command: (order) => [
      path,
      '--threads=1',
      `--connections=${order.connections}`,
      `--duration=${Math.ceil(order.seconds)}s`,
      '--latency',
      '--timeout=10s',
      ...wrkScript(order.shape),
      `http://127.0.0.1:${order.port}${order.shape.path}`,
    ],
    read: readWrk,
  }
}

function wrkScript({ upload }: Shape): string[] {
  if (upload === 'none') return []
  const name = upload === 'length' ? 'post' : 'post-chunked'
  return ['--script', fileURLToPath(new URL(`./wrk/${name}.lua`, import.meta.url))]
}

/** Reads wrk's report: its percentile lines, `Socket errors:` and `Non-2xx or 3xx responses:`. */
export function readWrk(output: string): LoadResult {
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(output)
  const counts = [...(sockets?.slice(1) ?? []), refused?.[1] ?? '0'].map(Number)
  return {
    errors: counts.reduce((sum, count) => sum + count, 0),
    complaint: [sockets?.[0], refused?.[0]].filter((line) => line !== undefined).join('; '),
    p50Micros: wrkPercentile(output, '50%'),
    p99Micros: wrkPercentile(output, '99%'),
  }
}

const MICROS: Record<string, number> = { us: 1, ms: 1000, s: 1_000_000 }

function wrkPercentile(output: string, percentile: string): number | null {
  const match = new RegExp(`^ +${percentile} +([\\d.]+)(us|ms|s)`, 'm').exec(output)
  return match === null ? null : Number(match[1]) * MICROS[match[2]]
}

function h2loadDriver(path: string): Driver {
  return {
    name: 'h2load',
    version: toolVersion(path, '--version'),
    stopSignal: null,
    canRun: ({ protocol, upload }) => protocol === 'h2c' && upload === 'none',
    command: (order: LoadOrder) => [
      path,
      '--threads=1',
      `--clients=${order.connections}`,
      `--max-concurrent-streams=${order.shape.streams}`,
      `--duration=${Math.ceil(order.seconds)}`,
      `http://127.0.0.1:${order.port}${order.shape.path}`,
    ],
    read: readH2load,
  }
}

/** Reads h2load's report; it prints no percentiles. */
export function readH2load(output: string): LoadResult {
  const requests = /(\d+) failed, (\d+) errored, (\d+) timeout/.exec(output)
  const statuses = /status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(output)
  if (requests === null || statuses === null) throw new Error(`h2load printed something unknown:\n${output}`)
  const [failed, errored, timeout, ...refused] = [...requests.slice(1), ...statuses.slice(1)].map(Number)
  // a run by duration ends with its last streams open, and h2load books those as failed without an error
  const errors = errored + timeout + refused.reduce((sum, count) => sum + count, 0)
  const complaint = errors === 0 ? '' : `${failed} failed, ${statuses[0]}`
  return { errors, complaint, p50Micros: null, p99Micros: null }
}
