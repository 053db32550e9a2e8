/** One proxy, one case, once: a fresh process, a warm-up, a window. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  askUsage,
  cpuNanos,
  hasProc,
  machineBusyNanos,
  readUsage,
  type Usage,
} from '../process/accounting.ts'
import { Control } from '../process/control.ts'
import { Child } from '../process/launch.ts'
import type { Cores } from '../process/cores.ts'
import type { Case } from './cases.ts'
import type { Driver, LoadResult } from './load/driver.ts'
import type { Origin } from './origin-process.ts'
import type { Proxy, RunningProxy } from './proxies.ts'
import { verify } from './verify.ts'

export interface Measurement {
  requestsPerSecond: number
  /** CPU time of the proxy process, all threads, user and system. */
  cpuMicrosPerRequest: number
  /** How much of one core the proxy used in the window: near 1, it was the bottleneck. */
  coresUsed: number
  /** Cores that neither this bench nor idleness used in the window: everybody else on the machine. Null without /proc. */
  othersCores: number | null
  rssBytes: number
  peakRssBytes: number | null
  p50Micros: number | null
  p99Micros: number | null
  errors: number
  complaint: string
}

/** What stays the same for a whole run. */
export interface Bench {
  origin: Origin
  cores: Cores
  nodeFlags: string[]
  compileCache: string
  scratch: string
  windowSeconds: number
  warmupSeconds: number
  /** Whether latency gets a window of its own with hdr-histogram-js, where the load generator has none. */
  measuresLatency: boolean
}

/** The load generators of one case: one keeps the proxy busy, one records latency. */
export interface Drivers {
  load: Driver
  latency: Driver
}

/** Load goes on for this long after the window if nothing stops it: on a busy machine all starts late. */
const SLACK_SECONDS = 1
const START_MS_MAX = 10_000
const POLL_MS = 10

/** Starts the proxy, asks it one question, and stops it: checks the answer, and warms the compile cache. */
export async function tryOut(bench: Bench, proxy: Proxy, { shape }: Case): Promise<void> {
  const running = await start(bench, proxy, shape.protocol)
  try {
    await verify(running.port, shape)
  } finally {
    await running.stop()
  }
}

/** Measures in a fresh process; see bench/README.md for what happens when. */
export async function measure(
  bench: Bench,
  proxy: Proxy,
  item: Case,
  drivers: Drivers,
): Promise<Measurement> {
  const running = await start(bench, proxy, item.shape.protocol)
  try {
    await verify(running.port, item.shape)
    const cost = await measureCost(bench, running, item, drivers.load)
    if (!bench.measuresLatency || drivers.latency === drivers.load) return cost
    const latency = await runLatency(bench, running, item, drivers.latency)
    return {
      ...cost,
      p50Micros: latency.p50Micros,
      p99Micros: latency.p99Micros,
      errors: cost.errors + latency.errors,
      complaint: cost.complaint || latency.complaint,
    }
  } finally {
    await running.stop()
  }
}

async function start(bench: Bench, proxy: Proxy, protocol: Case['shape']['protocol']): Promise<RunningProxy> {
  const { nodeFlags, compileCache, scratch, cores, origin } = bench
  return await proxy.start({
    protocol,
    origin: origin.ports,
    cores: cores.proxy,
    nodeFlags,
    compileCache,
    scratch,
  })
}

/**
 * CPU and requests between two looks from outside, both inside the load: connecting and disconnecting do not count.
 * Requests are counted by the origin, so that every load generator is read the same way.
 */
async function measureCost(
  bench: Bench,
  proxy: RunningProxy,
  item: Case,
  driver: Driver,
): Promise<Measurement> {
  const seconds = bench.warmupSeconds + bench.windowSeconds + SLACK_SECONDS
  const before = await bench.origin.count()
  const load = launch(bench, proxy, item, driver, seconds)
  const books = proxy.control === null ? null : new Control(proxy.control)
  const readBooks = async (): Promise<Usage> =>
    books === null ? readUsage(proxy.child.pid) : await askUsage(books)
  try {
    await underLoad(bench, before.served + item.connections, load)
    await sleep(bench.warmupSeconds * 1000)
    const others = othersNanos(bench, proxy, load)
    const usage = await readBooks()
    const count = await bench.origin.count()
    await sleep(bench.windowSeconds * 1000)
    if (load.hasExited) throw load.error('the load ended before the window did: the machine is too busy')
    const usageAfter = await readBooks()
    const countAfter = await bench.origin.count()
    const othersAfter = othersNanos(bench, proxy, load)
    const windowNanos = usageAfter.atNanos - usage.atNanos
    const report =
      driver.stopSignal === null ? load.finished(START_MS_MAX + seconds * 1000) : load.interrupted()
    const result = driver.read(await report)
    const perSecond = (countAfter.served - count.served) / ((countAfter.atNanos - count.atNanos) / 1e9)
    const coresUsed = (usageAfter.cpuNanos - usage.cpuNanos) / windowNanos
    return {
      requestsPerSecond: perSecond,
      cpuMicrosPerRequest: (coresUsed * 1e6) / perSecond,
      coresUsed,
      othersCores: others === null ? null : Math.max(0, (othersAfter! - others) / windowNanos),
      rssBytes: usageAfter.rssBytes,
      peakRssBytes: usageAfter.peakRssBytes,
      ...result,
    }
  } finally {
    books?.close()
    await load.stop()
  }
}

function othersNanos(bench: Bench, proxy: RunningProxy, load: Child): number | null {
  if (!hasProc) return null
  const own = [proxy.child.pid, bench.origin.pid, load.pid, process.pid]
  return machineBusyNanos() - own.reduce((sum, pid) => sum + cpuNanos(pid), 0)
}

async function runLatency(
  bench: Bench,
  proxy: RunningProxy,
  item: Case,
  driver: Driver,
): Promise<LoadResult> {
  const seconds = bench.warmupSeconds + bench.windowSeconds
  const load = launch(bench, proxy, item, driver, seconds)
  return driver.read(await load.finished(START_MS_MAX + seconds * 1000))
}

function launch(
  bench: Bench,
  { port }: RunningProxy,
  { connections, shape }: Case,
  driver: Driver,
  seconds: number,
): Child {
  const order = { port, connections, shape, seconds, warmupSeconds: bench.warmupSeconds }
  const env = { ...process.env, NODE_COMPILE_CACHE: bench.compileCache }
  const stopSignal = driver.stopSignal ?? 'TERM'
  return new Child({ command: driver.command(order), cores: bench.cores.load, env, stopSignal })
}

/** Waits until the load generator's requests arrive, because a Node program needs a while to start. */
async function underLoad({ origin }: Bench, served: number, load: Child): Promise<void> {
  const end = performance.now() + START_MS_MAX
  while ((await origin.count()).served < served) {
    if (performance.now() > end) throw load.error(`no load arrived within ${START_MS_MAX} ms`)
    await sleep(POLL_MS)
  }
}
