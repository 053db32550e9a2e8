/** What waiting costs the sidecar. */
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuNanos } from '../process/accounting.ts'
import { progress } from '../question/ask.ts'
import { medianFigure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { lowPort } from '../queue-proxy/low-port.ts'
import type { Setup } from '../queue-proxy/setup.ts'
import type { RunningSidecar } from '../queue-proxy/sidecars.ts'
import { Activator } from './activator.ts'
import { KNATIVE_POLLED, POLLED, probeJson, WAITING, type Contender, type ProbeKind } from './contenders.ts'

/** How long each is asked; the first second is what most starts take. */
const SECONDS = 6

/** CPU time while nothing listens on the app's port. */
export const waitCpuPart: Part<Setup> = {
  name: 'cpu',
  says: `CPU time of the sidecar while it is asked and nothing listens on the app's port`,
  isGated: true,
  measure: measureWaiting,
}

interface Row {
  contender: Contender
  kind: ProbeKind
  sidecar: RunningSidecar
  activator: Activator
  /** CPU milliseconds in each second. */
  perSecond: number[]
}

/** All side by side: together they are far from filling a core. */
async function measureWaiting(setup: Setup): Promise<Outcome> {
  const rows: Row[] = []
  try {
    for (const contender of [WAITING, POLLED, KNATIVE_POLLED])
      for (const kind of ['tcpSocket', 'httpGet'] as const) {
        // only one of Knative's can run at a time
        if (contender === KNATIVE_POLLED && kind === 'httpGet') continue
        const row = await start(contender, kind, setup)
        if (row !== null) rows.push(row)
      }
    const books = rows.map(({ sidecar }) => cpuNanos(sidecar.pid))
    for (const { activator } of rows) activator.ready().catch(() => {})
    for (let second = 0; second < SECONDS; second++) {
      await sleep(1000)
      for (const [i, { sidecar, perSecond }] of rows.entries()) {
        const now = cpuNanos(sidecar.pid)
        perSecond.push((now - books[i]) / 1e6)
        books[i] = now
      }
    }
  } finally {
    for (const { activator, sidecar } of rows) {
      activator.close()
      await sidecar.stop()
    }
  }
  progress(`cpu: ${SECONDS} s`)
  const waiting = rows.filter(({ contender }) => contender === WAITING)
  const later = waiting.flatMap(({ perSecond }) => perSecond.slice(1))
  return {
    table: [
      ['', 'probe', 'ms in the 1st second', 'ms/s later', ''],
      ...rows.map(({ contender, kind, perSecond }) => [
        contender.name,
        kind,
        cell(perSecond[0], 1),
        cell(medianFigure('', '', perSecond.slice(1))[0]?.value, 1),
        contender.says,
      ]),
    ],
    notes: ['10 ms of CPU in a second are 1 % of a core'],
    figures: [
      ...medianFigure(
        'cpu.firstSecond',
        ' ms',
        waiting.map(({ perSecond }) => perSecond[0]),
      ),
      ...medianFigure('cpu.later', ' ms/s', later),
    ],
    complaints: [],
    details: { rows: rows.map(({ contender, kind, perSecond }) => ({ ...contender, kind, perSecond })) },
  }
}

async function start(contender: Contender, kind: ProbeKind, setup: Setup): Promise<Row | null> {
  const program = setup.programs.find(({ name }) => name === contender.program)
  if (program === undefined) return null
  const userPort = await lowPort()
  const readinessProbe = probeJson(kind, userPort, contender.periodSeconds)
  const order = { userPort, cores: setup.cores.proxy, containerConcurrency: 0, readinessProbe }
  const sidecar = await program.start(order)
  return {
    contender,
    kind,
    sidecar,
    activator: await Activator.connect(sidecar.port, contender.asking),
    perSecond: [],
  }
}
