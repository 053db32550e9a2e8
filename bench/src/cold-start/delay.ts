/** From the app's listen() to the answered probe. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Child } from '../process/launch.ts'
import { progress } from '../question/ask.ts'
import { medianFigure, p99, p99Figure, pairs, quotient, type Figure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { lowPort } from '../queue-proxy/low-port.ts'
import { rotated, type Setup } from '../queue-proxy/setup.ts'
import type { SidecarProgram } from '../queue-proxy/sidecars.ts'
import { Activator } from './activator.ts'
import { probeJson, WAITING, type Contender, type ProbeKind } from './contenders.ts'

const APP = fileURLToPath(new URL('./app.cjs', import.meta.url))
const APP_START_MS_MAX = 10_000
/** Starts are spread over one period of whoever polls, so that none of them is hit at the same point every time. */
const SPREAD_MS = 50
/** Has no factor in common with {@link SPREAD_MS}. */
const SPREAD_STEP = 17

/** One measurement of delays. */
export interface DelayCase {
  name: string
  says: string
  isGated: boolean
  kind: ProbeKind
  contenders: readonly Contender[]
  /** How long the sidecar has been asked before the app is started, ms. */
  headStartMs: number
  /** One in so many of the starts that the command line asks for. */
  share: number
}

/** Makes a part of a case. */
export function delayPart(item: DelayCase): Part<Setup> {
  return { ...item, measure: (setup) => measureDelays(item, setup) }
}

interface Row {
  contender: Contender
  program: SidecarProgram
  /** Milliseconds, one for each start. */
  delays: number[]
}

async function measureDelays(item: DelayCase, setup: Setup): Promise<Outcome> {
  const rows: Row[] = []
  for (const contender of item.contenders) {
    const program = setup.programs.find(({ name }) => name === contender.program)
    if (program !== undefined) rows.push({ contender, program, delays: [] })
  }
  const starts = Math.ceil(setup.rounds / item.share)
  for (let start = 0; start < starts; start++) {
    const headStart = item.headStartMs + ((start * SPREAD_STEP) % SPREAD_MS)
    for (const row of rotated(rows, start)) row.delays.push(await delay(item.kind, row, headStart, setup))
    if ((start + 1) % 10 === 0) progress(`${item.name} ${start + 1}/${starts}`)
  }
  return {
    table: table(rows),
    notes: [`milliseconds from the callback of the app's listen() to the answer, ${starts} starts each`],
    figures: figures(item.name, rows),
    complaints: [],
    details: { rows: rows.map(({ contender, delays }) => ({ ...contender, delays })) },
  }
}

/** One cold start: a fresh sidecar that is asked already, and then the app. */
async function delay(
  kind: ProbeKind,
  { contender, program }: Row,
  headStartMs: number,
  setup: Setup,
): Promise<number> {
  const { cores } = setup
  const userPort = await lowPort()
  const readinessProbe = probeJson(kind, userPort, contender.periodSeconds)
  const sidecar = await program.start({
    userPort,
    cores: cores.proxy,
    containerConcurrency: 0,
    readinessProbe,
  })
  let activator: Activator | null = null
  let app: Child | null = null
  try {
    activator = await Activator.connect(sidecar.port, contender.asking)
    const ready = activator.ready()
    // awaited below; until then nobody would see it fail
    ready.catch(() => {})
    await sleep(headStartMs)
    const env = { PATH: process.env['PATH'], PORT: String(userPort) }
    app = new Child({ command: [process.execPath, APP], cores: cores.origin, env, stopSignal: 'KILL' })
    const readyAt = await ready
    const listeningAt = BigInt(await app.firstLine(APP_START_MS_MAX))
    return Number(readyAt - listeningAt) / 1e6
  } finally {
    activator?.close()
    await app?.stop()
    await sidecar.stop()
  }
}

function figures(part: string, rows: readonly Row[]): Figure[] {
  const waiting = rows.find(({ contender }) => contender === WAITING)!
  const found = [
    ...medianFigure(`${part}.median`, ' ms', waiting.delays),
    ...p99Figure(`${part}.p99`, ' ms', waiting.delays),
  ]
  for (const { contender, delays } of rows) {
    if (contender === WAITING) continue
    const [ours] = medianFigure('', '', waiting.delays)
    const [theirs] = medianFigure('', '', delays)
    found.push(
      ...medianFigure(`${part}.median/${contender.name}`, 'x', pairs([ours.value], [theirs.value], quotient)),
    )
  }
  return found
}

function table(rows: readonly Row[]): string[][] {
  const header = ['', 'median ms', 'p99 ms', 'lowest', 'highest', '']
  return [
    header,
    ...rows.map(({ contender, delays }) => [
      contender.name,
      cell(medianFigure('', '', delays)[0]?.value, 2),
      cell(p99(delays), 2),
      cell(Math.min(...delays), 2),
      cell(Math.max(...delays), 2),
      contender.says,
    ]),
  ]
}
