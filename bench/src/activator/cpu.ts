/** CPU time per request that is passed on at once, beside our queue-proxy's. */
import { setTimeout as sleep } from 'node:timers/promises'
import { chooseCases } from '../hot-path/cases.ts'
import { verify } from '../hot-path/verify.ts'
import { cpuNanos, machineBusyNanos, readUsage } from '../process/accounting.ts'
import { Child } from '../process/launch.ts'
import { progress } from '../question/ask.ts'
import { medianFigure, pairs, quotient } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { loadDriver } from '../queue-proxy/cpu.ts'
import { MEGABYTE } from '../queue-proxy/memory.ts'
import { rotated } from '../queue-proxy/setup.ts'
import { OURS } from '../queue-proxy/sidecars.ts'
import { ACTIVATOR } from './program.ts'
import { ServedInstance } from './served-instance.ts'
import type { Setup } from './setup.ts'

const CONNECTIONS = 64
const WARMUP_SECONDS = 1
const WINDOW_SECONDS = 1.5
/** Load goes on for this long after the window if nothing stops it. */
const SLACK_SECONDS = 1
const START_MS_MAX = 10_000
const POLL_MS = 10
/** Cores that others may use before the figures are doubted. */
const OTHERS_MAX = 0.1
const [{ shape }] = chooseCases([`12b@${CONNECTIONS}`], [])

/** CPU per request of both. */
export const cpuPart: Part<Setup> = {
  name: 'cpu',
  says: `CPU per request that is passed on at once: 12 B response, ${CONNECTIONS} connections, no limit, beside our queue-proxy`,
  isGated: true,
  measure: measureCpu,
}

/** One of the two, running. */
interface Running {
  pid: number
  port: number
  stop(): Promise<void>
}

interface Row {
  name: string
  start(): Promise<Running>
  micros: number[]
  perSecond: number[]
  coresUsed: number[]
  rssMegabytes: number[]
  othersCores: number[]
  complaints: string[]
}

async function measureCpu(setup: Setup): Promise<Outcome> {
  const { cores } = setup
  const instance = await ServedInstance.start(cores.origin)
  try {
    const rows = [activatorRow(setup, instance), sidecarRow(setup, instance)]
    for (let round = 0; round < setup.rounds; round++)
      for (const row of rotated(rows, round)) {
        await measureRow(setup, instance, row)
        progress(`cpu round ${round + 1}/${setup.rounds} ${row.name}: ${cell(row.micros.at(-1), 1)} µs`)
      }
    return outcome(rows, setup.rounds)
  } finally {
    await instance.stop()
  }
}

function activatorRow({ activator, cores, scratch }: Setup, instance: ServedInstance): Row {
  return newRow(ACTIVATOR, () =>
    activator.start({ revisions: [instance.revision], cores: cores.proxy, scratch }),
  )
}

function sidecarRow({ sidecar, cores }: Setup, instance: ServedInstance): Row {
  const order = { userPort: instance.port, cores: cores.proxy, containerConcurrency: 0 }
  return newRow(OURS, () => sidecar.start(order))
}

function newRow(name: string, start: Row['start']): Row {
  return {
    name,
    start,
    micros: [],
    perSecond: [],
    coresUsed: [],
    rssMegabytes: [],
    othersCores: [],
    complaints: [],
  }
}

/** One window in a fresh process; its ends lie inside the load, so that connecting is not in it. */
async function measureRow({ cores }: Setup, instance: ServedInstance, row: Row): Promise<void> {
  const running = await row.start()
  const driver = loadDriver(shape)
  const seconds = WARMUP_SECONDS + WINDOW_SECONDS + SLACK_SECONDS
  let load: Child | null = null
  try {
    await verify(running.port, shape)
    const { served } = await instance.count()
    const order = { port: running.port, connections: CONNECTIONS, shape, seconds, warmupSeconds: 0 }
    load = new Child({
      command: driver.command(order),
      cores: cores.load,
      stopSignal: driver.stopSignal ?? 'TERM',
    })
    await underLoad(instance, served + CONNECTIONS, load)
    await sleep(WARMUP_SECONDS * 1000)
    const pids = [running.pid, instance.pid, load.pid, process.pid]
    const before = await look(instance, running, pids)
    await sleep(WINDOW_SECONDS * 1000)
    if (load.hasExited) throw load.error('the load ended before the window did: the machine is too busy')
    const after = await look(instance, running, pids)
    const report = driver.stopSignal === null ? load.finished(START_MS_MAX) : load.interrupted()
    const { errors, complaint } = driver.read(await report)
    if (errors > 0) row.complaints.push(`${row.name}: ${complaint}`)
    record(row, before, after)
  } finally {
    await load?.stop()
    await running.stop()
  }
}

type Look = Awaited<ReturnType<typeof look>>

async function look(instance: ServedInstance, { pid }: Running, pids: readonly number[]) {
  const others = machineBusyNanos() - pids.reduce((sum, one) => sum + cpuNanos(one), 0)
  return { usage: readUsage(pid), count: await instance.count(), others }
}

function record(row: Row, before: Look, after: Look): void {
  const nanos = after.usage.atNanos - before.usage.atNanos
  const perSecond =
    (after.count.served - before.count.served) / ((after.count.atNanos - before.count.atNanos) / 1e9)
  const coresUsed = (after.usage.cpuNanos - before.usage.cpuNanos) / nanos
  row.perSecond.push(perSecond)
  row.coresUsed.push(coresUsed)
  row.micros.push((coresUsed * 1e6) / perSecond)
  row.rssMegabytes.push(after.usage.rssBytes / MEGABYTE)
  row.othersCores.push(Math.max(0, (after.others - before.others) / nanos))
}

/** Waits until the load generator's requests arrive. */
async function underLoad(instance: ServedInstance, served: number, load: Child): Promise<void> {
  const end = performance.now() + START_MS_MAX
  while ((await instance.count()).served < served) {
    if (performance.now() > end) throw load.error(`no load arrived within ${START_MS_MAX} ms`)
    await sleep(POLL_MS)
  }
}

function outcome(rows: readonly Row[], rounds: number): Outcome {
  const [ours, theirs] = rows
  const ratios = (row: Row): number[] => pairs(row.micros, theirs.micros, quotient)
  const middle = (values: readonly number[]): number => medianFigure('', '', values)[0]?.value
  const others = Math.max(...rows.map(({ othersCores }) => middle(othersCores)))
  const notes = [`load by ${loadDriver(shape).name}, ${rounds} rounds; ratios within each round`]
  if (others > OTHERS_MAX)
    notes.push(`others used ${cell(others * 100, 0)} % of a core: run again when the machine is quiet`)
  return {
    table: [
      ['', 'req/s', 'CPU µs/req', `x ${OURS}`, 'core %', 'RSS MB', 'others %'],
      ...rows.map((row) => [
        row.name,
        cell(middle(row.perSecond), 0),
        cell(middle(row.micros), 1),
        cell(middle(ratios(row)), 2),
        cell(middle(row.coresUsed) * 100, 0),
        cell(middle(row.rssMegabytes), 1),
        cell(middle(row.othersCores) * 100, 0),
      ]),
    ],
    notes,
    figures: medianFigure(`cpu.cpu/${OURS}`, 'x', ratios(ours)),
    complaints: rows.flatMap(({ complaints }) => complaints),
    details: { rows },
  }
}
