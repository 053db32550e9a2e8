/** Time to start, and memory after the start and after a load. */
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { progress } from '../question/ask.ts'
import { difference, medianFigure, pairs, type Figure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { load } from './load.ts'
import { lowPort } from './low-port.ts'
import { MEGABYTE, readMemory } from './memory.ts'
import { rotated, type Setup } from './setup.ts'
import { launch, OURS, type RunningSidecar } from './sidecars.ts'

/** A bare Node program that listens. */
const FLOOR = 'bare node:net'
const WITH_PROMETHEUS = ' + Prometheus'
const STARTS = 15
/** Between the first connection and the look at the memory: what is loaded behind it is there then. */
const SETTLE_MS = 250
const LOAD_CONNECTIONS = 64
const LOAD_SECONDS = 2
/** As Knative's default. */
const CONTAINER_CONCURRENCY = 0

/** Milliseconds to a connectable port, and memory with nothing done yet. */
export const startPart: Part<Setup> = {
  name: 'start',
  says: 'from exec to a connectable port, and memory after it',
  isGated: true,
  measure: (setup) => measureStarts(setup, 'start', STARTS, null),
}

/** Memory after a load. */
export const memoryPart: Part<Setup> = {
  name: 'memory',
  says: `memory after ${LOAD_SECONDS} s of load at ${LOAD_CONNECTIONS} connections, and one scrape where there is Prometheus`,
  isGated: true,
  measure: (setup) => measureStarts(setup, 'memory', setup.rounds, loadAndScrape),
}

/** Something that is started, by rounds. */
interface Contender {
  name: string
  hasPrometheus: boolean
  start(): Promise<RunningSidecar>
  startMs: number[]
  rssMegabytes: number[]
  privateMegabytes: number[]
}

type Exercise = (setup: Setup, contender: Contender, running: RunningSidecar) => Promise<void>

async function measureStarts(
  setup: Setup,
  part: string,
  rounds: number,
  exercise: Exercise | null,
): Promise<Outcome> {
  const contenders = findContenders(setup)
  for (let round = 0; round < rounds; round++) {
    for (const contender of rotated(contenders, round)) {
      const running = await contender.start()
      try {
        if (exercise !== null) await exercise(setup, contender, running)
        await sleep(SETTLE_MS)
        const { rssBytes, privateBytes } = readMemory(running.pid)
        contender.startMs.push(running.startMs)
        contender.rssMegabytes.push(rssBytes / MEGABYTE)
        contender.privateMegabytes.push(privateBytes / MEGABYTE)
        progress(`${part} ${round + 1}/${rounds} ${contender.name}: ${cell(running.startMs, 1)} ms`)
      } finally {
        await running.stop()
      }
    }
  }
  return {
    table: table(contenders, exercise === null),
    notes: [
      `medians of ${rounds} rounds; private memory is RssAnon, the rest of RSS is shared between processes`,
    ],
    figures: figures(part, contenders),
    complaints: [],
    details: { contenders },
  }
}

function findContenders(setup: Setup): Contender[] {
  const { cores } = setup
  const contenders = [contender(FLOOR, false, () => startListener(cores.proxy))]
  for (const program of setup.programs) {
    for (const hasPrometheus of [false, true]) {
      const name = program.name + (hasPrometheus ? WITH_PROMETHEUS : '')
      const order = {
        userPort: setup.bench.origin.ports.http1,
        cores: cores.proxy,
        containerConcurrency: CONTAINER_CONCURRENCY,
        hasPrometheus,
      }
      contenders.push(contender(name, hasPrometheus, () => program.start(order)))
    }
  }
  return contenders
}

function contender(name: string, hasPrometheus: boolean, start: Contender['start']): Contender {
  return { name, hasPrometheus, start, startMs: [], rssMegabytes: [], privateMegabytes: [] }
}

async function startListener(cores: string | null): Promise<RunningSidecar> {
  const port = await lowPort()
  const script = fileURLToPath(new URL('./bare-listener.cjs', import.meta.url))
  return await launch({
    command: [process.execPath, script],
    env: { PATH: process.env['PATH'], BENCH_PORT: String(port) },
    port,
    prometheusPort: 0,
    stopSignal: 'KILL',
    cores,
  })
}

async function loadAndScrape(
  setup: Setup,
  { name, hasPrometheus }: Contender,
  running: RunningSidecar,
): Promise<void> {
  if (name === FLOOR) return
  const { errors, complaint } = await load(setup, running.port, LOAD_CONNECTIONS, LOAD_SECONDS)
  if (errors > 0) throw new Error(`${name}: ${complaint}`)
  if (hasPrometheus) await scrape(running.prometheusPort)
}

/** Asks for the metrics page once, and reads it to its end. */
function scrape(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = get({ port, host: '127.0.0.1', path: '/metrics', agent: false }, (response) => {
      const { statusCode } = response
      response.resume()
      response.on('end', () =>
        statusCode === 200 ? resolve() : reject(new Error(`/metrics answered ${statusCode}`)),
      )
    })
    call.on('error', reject)
  })
}

function figures(part: string, contenders: readonly Contender[]): Figure[] {
  const find = (name: string): Contender => contenders.find((one) => one.name === name)!
  const floor = find(FLOOR)
  const ours = find(OURS)
  const metered = find(OURS + WITH_PROMETHEUS)
  const above = (
    a: Contender,
    b: Contender,
    column: 'startMs' | 'rssMegabytes' | 'privateMegabytes',
  ): number[] => pairs(a[column], b[column], difference)
  return [
    ...(part === 'start' ? medianFigure(`${part}.msAboveFloor`, ' ms', above(ours, floor, 'startMs')) : []),
    ...medianFigure(`${part}.rssAboveFloor`, ' MB', above(ours, floor, 'rssMegabytes')),
    ...medianFigure(`${part}.privateAboveFloor`, ' MB', above(ours, floor, 'privateMegabytes')),
    ...medianFigure(`${part}.rssOfPrometheus`, ' MB', above(metered, ours, 'rssMegabytes')),
  ]
}

function table(contenders: readonly Contender[], hasTimes: boolean): string[][] {
  const floor = contenders[0]
  const columns: [string, 'startMs' | 'rssMegabytes' | 'privateMegabytes'][] = [
    ['RSS MB', 'rssMegabytes'],
    ['private MB', 'privateMegabytes'],
  ]
  if (hasTimes) columns.unshift(['ms', 'startMs'])
  const middle = (values: readonly number[]): string => cell(medianFigure('', '', values)[0]?.value, 1)
  return [
    ['', ...columns.flatMap(([title]) => [title, '- floor'])],
    ...contenders.map((one) => [
      one.name,
      ...columns.flatMap(([, column]) => [
        middle(one[column]),
        middle(pairs(one[column], floor[column], difference)),
      ]),
    ]),
  ]
}
