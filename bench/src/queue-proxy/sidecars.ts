/** The sidecars that are compared, and how one is started in front of an app. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasProc } from '../process/accounting.ts'
import { Child, type StopSignal } from '../process/launch.ts'
import { queueProxyEnv, SERVING_PORT, takenPorts } from '../hot-path/peers/knative-queue-proxy.ts'
import { connectable } from './connectable.ts'
import { lowPort } from './low-port.ts'

/** Ours, as reports name it. */
export const OURS = 'queue-proxy'
/** Knative's, as reports name it. */
export const KNATIVE = 'knative'

/** What a sidecar is started for. */
export interface SidecarOrder {
  userPort: number
  cores: string | null
  /** 0 for no limit. */
  containerConcurrency: number
  /** Whether it counts requests for Prometheus. */
  hasPrometheus?: boolean
  /** The JSON of its readiness probe; without one the app is always ready. */
  readinessProbe?: string
}

/** A sidecar that accepts connections. */
export interface RunningSidecar {
  child: Child
  pid: number
  port: number
  /** Where it is scraped by Prometheus, if it is. */
  prometheusPort: number
  /** From its start to its first accepted connection. */
  startMs: number
  stop(): Promise<void>
}

/** One of the programs that are compared. */
export interface SidecarProgram {
  name: string
  says: string
  /** How it is run; for the report. */
  command: string[]
  /** Why it cannot run here, or null when it can. */
  missing(): Promise<string | null>
  start(order: SidecarOrder): Promise<RunningSidecar>
}

const START_MS_MAX = 10_000
/** Knative's is not free to choose. */
const KNATIVE_PROMETHEUS_PORT = 9091

/** Our queue-proxy as it ships: what `bin` of its package names, built, with the Node flags of its first line. */
export function ownSidecar(nodeFlags: readonly string[]): SidecarProgram {
  const manifest = fileURLToPath(new URL('../../../packages/queue-proxy/package.json', import.meta.url))
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> }
  const script = join(dirname(manifest), bin[OURS])
  const command = [process.execPath, ...shebangFlags(script), ...nodeFlags, script]
  return {
    name: OURS,
    says: 'our queue-proxy, built',
    command,
    async missing() {
      if (!hasProc) return 'there is no /proc here, by which processes are measured'
      return existsSync(script) ? null : `${script} does not exist: npm run build`
    },
    async start(order) {
      const port = await lowPort()
      const prometheusPort = await lowPort()
      const env = {
        ...sidecarEnv(order),
        QUEUE_SERVING_PORT: String(port),
        METRICS_PROMETHEUS_PORT: String(prometheusPort),
        QUEUE_ADMIN_PORT: '0',
        QUEUE_METRICS_PORT: '0',
        PROFILING_PORT: '0',
        // so that it ends at once when it is told to, and writes what --node-flags asks it to write
        QUEUE_DRAIN_SECONDS: '0',
        QUEUE_DRAIN_TUNNEL_SECONDS: '0',
      }
      return await launch({ command, env, port, prometheusPort, stopSignal: 'TERM', cores: order.cores })
    },
  }
}

/** Knative's queue-proxy; `path` is its binary, if there is one. */
export function knativeSidecar(path: string | null): SidecarProgram {
  const command = [path ?? 'queue']
  return {
    name: KNATIVE,
    says: "Knative's queue-proxy (Go)",
    command,
    async missing() {
      if (path === null) return 'no --knative-queue-proxy PATH and no KNATIVE_QUEUE_PROXY'
      if (!existsSync(path)) return `there is no file ${path}`
      const taken = await takenPorts()
      return taken.length === 0 ? null : `its fixed ports are taken: ${taken.join(', ')}`
    },
    async start(order) {
      const taken = await takenPorts()
      if (taken.length > 0) throw new Error(`ports ${taken.join(', ')}, which it needs, were taken meanwhile`)
      return await launch({
        command,
        env: sidecarEnv(order),
        port: SERVING_PORT,
        prometheusPort: KNATIVE_PROMETHEUS_PORT,
        // it drains for 30 s on SIGTERM
        stopSignal: 'KILL',
        cores: order.cores,
      })
    },
  }
}

/** What both are told alike. */
function sidecarEnv(order: SidecarOrder): NodeJS.ProcessEnv {
  const requestMetrics = order.hasPrometheus === true ? { protocol: 'prometheus' } : {}
  return {
    PATH: process.env['PATH'],
    ...queueProxyEnv(order.userPort),
    CONTAINER_CONCURRENCY: String(order.containerConcurrency),
    SERVING_READINESS_PROBE: order.readinessProbe ?? '',
    OBSERVABILITY_CONFIG: JSON.stringify({ tracing: {}, metrics: {}, runtime: {}, requestMetrics }),
  }
}

/** What to start, and where it will listen. */
export interface Launch {
  command: string[]
  env: NodeJS.ProcessEnv
  port: number
  prometheusPort: number
  stopSignal: StopSignal
  cores: string | null
}

/** Starts a program and waits until it accepts connections. */
export async function launch(order: Launch): Promise<RunningSidecar> {
  const { command, env, port, prometheusPort, stopSignal, cores } = order
  const child = new Child({ command, cores, env, stopSignal })
  try {
    await child.started(START_MS_MAX)
    const startedAt = process.hrtime.bigint()
    const startMs = Number((await connectable(child, port, START_MS_MAX)) - startedAt) / 1e6
    return { child, pid: child.pid, port, prometheusPort, startMs, stop: () => child.stop() }
  } catch (error) {
    await child.stop()
    throw error
  }
}

/** The flags behind `node` in the first line of a program. */
function shebangFlags(script: string): string[] {
  if (!existsSync(script)) return []
  const line = readFileSync(script, 'utf8').split('\n', 1)[0]
  const flags = /^#!.*\bnode\s+(.+)$/.exec(line)?.[1] ?? ''
  return flags.split(/\s+/).filter((flag) => flag !== '')
}
