/** The activator as it ships, and how one is started with a file of revisions. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasProc } from '../process/accounting.ts'
import { Child } from '../process/launch.ts'

/** As reports name it. */
export const ACTIVATOR = 'activator'

/** A revision of the file, as far as the bench sets it. */
export interface BenchRevision {
  name: string
  containerConcurrency: number
  endpoints: readonly string[]
  /** The host that leads to it. */
  host: string
}

/** What an activator is started for. */
export interface ActivatorOrder {
  revisions: readonly BenchRevision[]
  cores: string | null
  /** Folder for the file of revisions. */
  scratch: string
  /** Whether it counts requests for Prometheus. */
  hasMetrics?: boolean
}

/** An activator that accepts connections. */
export interface RunningActivator {
  child: Child
  pid: number
  port: number
  /** Of the page for Prometheus; 0 without one. */
  metricsPort: number
  stop(): Promise<void>
}

/** The program, found. */
export interface ActivatorProgram {
  /** How it is run; for the report. */
  command: string[]
  /** Why it cannot run here, or null when it can. */
  missing(): string | null
  start(order: ActivatorOrder): Promise<RunningActivator>
}

/** It logs to stderr, and what is read of a child line by line is stdout. */
const LOG_TO_STDOUT = ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh']
const START_MS_MAX = 20_000
/** More than any part holds, so that no bound of the activator is what is measured. */
const HELD_MAX = 100_000
/** Longer than any request waits here. */
const TIMEOUT_SECONDS = 600

/** What `bin` of its package names, built, with the Node flags of its first line and `nodeFlags`. */
export function ownActivator(nodeFlags: readonly string[]): ActivatorProgram {
  const manifest = fileURLToPath(new URL('../../../packages/activator/package.json', import.meta.url))
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> }
  const script = join(dirname(manifest), bin[ACTIVATOR])
  const command = [process.execPath, ...ownFlags(script), ...nodeFlags, script]
  return {
    command,
    missing() {
      if (!hasProc) return 'there is no /proc here, by which processes are measured'
      return existsSync(script) ? null : `${script} does not exist: npm run build`
    },
    start: (order) => start(command, order),
  }
}

/** The flags behind `node` in the first line of a program. */
function ownFlags(script: string): string[] {
  if (!existsSync(script)) return []
  const line = readFileSync(script, 'utf8').split('\n', 1)[0]
  const flags = /^#!.*\bnode\s+(.+)$/.exec(line)?.[1] ?? ''
  return flags.split(/\s+/).filter((flag) => flag !== '')
}

async function start(command: string[], order: ActivatorOrder): Promise<RunningActivator> {
  const file = join(mkdtempSync(join(order.scratch, 'activator-')), 'revisions.yaml')
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(document(order.revisions)))
  const requestMetrics = order.hasMetrics === true ? { protocol: 'prometheus' } : {}
  const env = {
    PATH: process.env['PATH'],
    ACTIVATOR_PLATFORM: 'static',
    ACTIVATOR_CONFIG: file,
    ACTIVATOR_HTTP_PORT: '0',
    ACTIVATOR_H2C_PORT: '0',
    PROFILING_PORT: '0',
    METRICS_PROMETHEUS_PORT: '0',
    METRICS_PROMETHEUS_HOST: '127.0.0.1',
    ACTIVATOR_HELD_MAX: String(HELD_MAX),
    ACTIVATOR_REVISION_HELD_MAX: String(HELD_MAX),
    // so that it ends at once when it is told to, and writes what --node-flags asks it to write
    ACTIVATOR_DRAIN_SECONDS: '0',
    ACTIVATOR_DRAIN_TUNNEL_SECONDS: '0',
    OBSERVABILITY_CONFIG: JSON.stringify({ tracing: {}, metrics: {}, runtime: {}, requestMetrics }),
  }
  const child = new Child({ command: [...LOG_TO_STDOUT, ...command], cores: order.cores, env })
  try {
    const line = await child.firstLine(START_MS_MAX)
    if (!line.includes('"ports"')) throw child.error(line)
    const { http1, metrics = 0 } = (JSON.parse(line) as { ports: Record<string, number> }).ports
    return { child, pid: child.pid, port: http1, metricsPort: metrics, stop: () => child.stop() }
  } catch (error) {
    await child.stop()
    throw error
  }
}

function document(revisions: readonly BenchRevision[]): object {
  return {
    revisions: revisions.map(({ name, containerConcurrency, endpoints }) => ({
      name,
      containerConcurrency,
      endpoints,
      timeoutSeconds: TIMEOUT_SECONDS,
    })),
    routes: revisions.map(({ name, host }) => ({
      hosts: [host],
      traffic: [{ revision: name, percent: 100 }],
    })),
  }
}
