/** Every proxy that can be measured, and how one is started in front of the origin. */
import { existsSync, mkdtempSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasProc } from '../process/accounting.ts'
import { findTool, toolVersion } from '../process/find-tool.ts'
import { freePort } from '../process/free-port.ts'
import { Child } from '../process/launch.ts'
import type { Announcement } from './announce.ts'
import type { Protocol } from './cases.ts'
import type { OriginPorts } from './origin.ts'
import { packageVersion } from './package-version.ts'
import { queueProxyEnv, SERVING_PORT, takenPorts } from './peers/knative-queue-proxy.ts'
import { writeNginxConfig } from './peers/nginx.ts'
import { waitForListener } from './wait-for-listener.ts'

/** Where and how a proxy is to run. */
export interface StartOrder {
  protocol: Protocol
  origin: OriginPorts
  cores: string | null
  nodeFlags: string[]
  /** Compiled and type-stripped code of the Node proxies, so that they start as a shipped program does. */
  compileCache: string
  /** A folder of this run, removed at its end. */
  scratch: string
}

export interface RunningProxy {
  child: Child
  port: number
  /** The port of its own accounting, where the system has no /proc. */
  control: number | null
  stop(): Promise<void>
}

export interface Proxy {
  name: string
  says: string
  version: string | null
  protocols: readonly Protocol[]
  /** Why it cannot run here, or null when it can. */
  missing(): Promise<string | null>
  start(order: StartOrder): Promise<RunningProxy>
}

/** The proxy the bench is about; all the others are baselines and peers. */
export const subject = 'relay'
/** What costs are quoted against in every table. */
export const floor = 'splice'

const START_MS_MAX = 10_000
const both: readonly Protocol[] = ['http1', 'h2c']

/** All proxies in the order of the report; `queueProxyPath` is the binary of Knative's queue-proxy, if there is one. */
export function allProxies(queueProxyPath: string | null): Proxy[] {
  return [
    nodeProxy('splice', 'raw TCP splice in Node, the floor', both, null),
    nginxProxy(),
    nodeProxy('undici', 'node:http + undici Pool.dispatch', ['http1'], packageVersion('undici')),
    nodeProxy('http-proxy', 'node:http + http-proxy', ['http1'], packageVersion('http-proxy')),
    nodeProxy('http2', 'node:http2 on both sides', ['h2c'], null),
    queueProxy(queueProxyPath),
    nodeProxy('relay', 'our relay: slot check, in-flight metering, header edits', both, null),
  ]
}

function nodeProxy(
  name: string,
  says: string,
  protocols: readonly Protocol[],
  version: string | null,
): Proxy {
  const script = fileURLToPath(new URL(`./proxies/${name}.ts`, import.meta.url))
  return {
    name,
    says,
    version,
    protocols,
    missing: async () => (existsSync(script) ? null : `proxies/${name}.ts does not exist`),
    async start(order) {
      // the workspace's packages run from their sources, so that a stale build is never measured
      const flags = ['--conditions=@pilotlight/source', ...order.nodeFlags]
      const child = new Child({
        command: [process.execPath, ...flags, script],
        cores: order.cores,
        env: {
          ...process.env,
          BENCH_ORIGIN_PORT: String(order.protocol === 'h2c' ? order.origin.h2c : order.origin.http1),
          BENCH_PROTOCOL: order.protocol,
          BENCH_CONTROL: hasProc ? '0' : '1',
          NODE_COMPILE_CACHE: order.compileCache,
          NODE_NO_WARNINGS: '1',
        },
      })
      const { port, control } = JSON.parse(await child.firstLine(START_MS_MAX)) as Announcement
      return { child, port, control, stop: () => child.stop() }
    },
  }
}

function nginxProxy(): Proxy {
  const path = findTool('nginx')
  const version = path === null ? null : toolVersion(path, '-v')
  return {
    name: 'nginx',
    says: 'nginx, one worker (upstream always HTTP/1.1)',
    version,
    protocols: both,
    missing: async () => (version === null ? 'nginx is not installed' : needsProc()),
    async start(order) {
      const port = await freePort()
      const config = writeNginxConfig({
        folder: mkdtempSync(join(order.scratch, 'nginx-')),
        version: version!,
        port,
        originPort: order.origin.http1,
        isH2c: order.protocol === 'h2c',
      })
      const command = [path!, '-p', dirname(config), '-e', 'stderr', '-c', config]
      const child = new Child({ command, cores: order.cores })
      return await listening({ child, port, control: null, stop: () => child.stop() })
    },
  }
}

function queueProxy(path: string | null): Proxy {
  return {
    name: 'knative',
    says: "Knative's queue-proxy (Go), containerConcurrency 100",
    version: null,
    protocols: both,
    async missing() {
      if (path === null) return 'no --knative-queue-proxy PATH and no KNATIVE_QUEUE_PROXY'
      if (!existsSync(path)) return `there is no file ${path}`
      const taken = await takenPorts()
      return taken.length === 0 ? needsProc() : `its fixed ports are taken: ${taken.join(', ')}`
    },
    async start(order) {
      const port = order.protocol === 'h2c' ? order.origin.h2c : order.origin.http1
      const env = { PATH: process.env['PATH'], ...queueProxyEnv(port) }
      // it drains for 30 s on SIGTERM
      const child = new Child({ command: [path!], cores: order.cores, env, stopSignal: 'KILL' })
      return await listening({ child, port: SERVING_PORT, control: null, stop: () => child.stop() })
    },
  }
}

function needsProc(): string | null {
  return hasProc ? null : 'its CPU time cannot be read on a system without /proc'
}

async function listening(proxy: RunningProxy): Promise<RunningProxy> {
  try {
    await proxy.child.started(START_MS_MAX)
    await waitForListener(proxy.port, START_MS_MAX)
    return proxy
  } catch (error) {
    await proxy.stop()
    throw proxy.child.error((error as Error).message)
  }
}
