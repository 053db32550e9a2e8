/** What a sidecar costs while nothing happens: most of them, most of the time. */
import { readFileSync, readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuNanos } from '../process/accounting.ts'
import { progress } from '../question/ask.ts'
import { medianFigure, type Figure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import type { Setup } from './setup.ts'
import { OURS, type RunningSidecar } from './sidecars.ts'

/** What follows a start or a load by itself (compilation, garbage collection) is over after this. */
const SETTLE_MS = 3000
const SECONDS = 20
const CONNECTIONS = 64
/** One request, so that there is an idle connection to the app too. */
const REQUEST = 'GET /12b HTTP/1.1\r\nHost: bench\r\n\r\n'
const ANSWER_MS_MAX = 5000

/** CPU and wake-ups in idleness. */
export const idlePart: Part<Setup> = {
  name: 'idle',
  says: `${SECONDS} s with nothing happening, without connections and with ${CONNECTIONS} idle ones on each side`,
  isGated: true,
  measure: measureIdle,
}

interface Reading {
  cpuNanos: number
  /** Voluntary context switches: each is a wait for something to happen. */
  mainWaits: number
  allWaits: number
}

interface Row {
  name: string
  connections: number
  /** Percent of one core. */
  cpuPercent: number
  mainPerSecond: number
  allPerSecond: number
}

async function measureIdle(setup: Setup): Promise<Outcome> {
  const rows: Row[] = []
  for (const connections of [0, CONNECTIONS]) rows.push(...(await idle(setup, connections)))
  const figures: Figure[] = rows
    .filter(({ name }) => name === OURS)
    .flatMap(({ connections, cpuPercent, mainPerSecond }) => {
      const state = connections === 0 ? 'alone' : 'connected'
      return [
        ...medianFigure(`idle.${state}Cpu`, ' %', [cpuPercent]),
        ...medianFigure(`idle.${state}Wakes`, ' /s', [mainPerSecond]),
      ]
    })
  const header = ['', 'connections', 'CPU % of a core', 'wake-ups/s, main thread', 'wake-ups/s, all threads']
  const cells = rows.map((row) => [
    row.name,
    String(row.connections),
    cell(row.cpuPercent, 3),
    cell(row.mainPerSecond, 2),
    cell(row.allPerSecond, 2),
  ])
  return { table: [header, ...cells], notes: [], figures, complaints: [], details: { rows } }
}

/** All of them idle side by side: they do not disturb each other, and it takes half the time. */
async function idle(setup: Setup, connections: number): Promise<Row[]> {
  const running: { name: string; sidecar: RunningSidecar }[] = []
  const sockets: Socket[] = []
  const userPort = setup.bench.origin.ports.http1
  try {
    for (const program of setup.programs) {
      const sidecar = await program.start({ userPort, cores: setup.cores.proxy, containerConcurrency: 100 })
      running.push({ name: program.name, sidecar })
      sockets.push(...(await connectIdly(sidecar.port, connections)))
    }
    progress(`idle: ${SECONDS} s with ${connections} connections`)
    await sleep(SETTLE_MS)
    const before = running.map(({ sidecar }) => read(sidecar.pid))
    const startedAt = performance.now()
    await sleep(SECONDS * 1000)
    const seconds = (performance.now() - startedAt) / 1000
    return running.map(({ name, sidecar }, i) => {
      const after = read(sidecar.pid)
      return {
        name,
        connections,
        cpuPercent: ((after.cpuNanos - before[i].cpuNanos) / 1e9 / seconds) * 100,
        mainPerSecond: (after.mainWaits - before[i].mainWaits) / seconds,
        allPerSecond: (after.allWaits - before[i].allWaits) / seconds,
      }
    })
  } finally {
    for (const socket of sockets) socket.destroy()
    for (const { sidecar } of running) await sidecar.stop()
  }
}

/** Opens connections which all have a request under way at the same time, so that as many lead to the app. */
async function connectIdly(port: number, count: number): Promise<Socket[]> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX)
  const sockets: Socket[] = []
  for (let i = 0; i < count; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect', { signal })
  }
  await Promise.all(
    sockets.map((socket) => {
      socket.write(REQUEST)
      return once(socket, 'data', { signal })
    }),
  )
  return sockets
}

function read(pid: number): Reading {
  const waits = (thread: string): number => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1')
    return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1] ?? Number.NaN)
  }
  const threads = readdirSync(`/proc/${pid}/task`)
  return {
    cpuNanos: cpuNanos(pid),
    mainWaits: waits(String(pid)),
    allWaits: threads.reduce((sum, thread) => sum + waits(thread), 0),
  }
}
