/** CPU time per request, by hot-path's measurement. */
import { chooseCases } from '../hot-path/cases.ts'
import type { Driver } from '../hot-path/load/driver.ts'
import { nativeDrivers } from '../hot-path/load/native-drivers.ts'
import { nodeDrivers } from '../hot-path/load/node-drivers.ts'
import { compare, medianOf, type Figure as Column } from '../hot-path/medians.ts'
import { allProxies, type Proxy } from '../hot-path/proxies.ts'
import { runCase, type CaseRounds, type ProxyRounds } from '../hot-path/rounds.ts'
import { progress } from '../question/ask.ts'
import type { Figure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { MEGABYTE } from './memory.ts'
import type { Setup } from './setup.ts'
import { KNATIVE, OURS, type SidecarProgram } from './sidecars.ts'

/** Cores that others may use before the figures are doubted. */
const OTHERS_MAX = 0.1

/** One CPU part. */
export interface CpuCase {
  name: string
  says: string
  isGated: boolean
  /** One of hot-path's cases. */
  caseId: string
  containerConcurrency: number
  /** Of load before the window. A process that runs for long has its code compiled; over HTTP/2 there is much of it. */
  warmupSeconds: number
  /** Whether hot-path's relay is measured beside it, which shows what the sidecar adds to it. */
  hasRelay: boolean
}

/** Makes a part of a case. */
export function cpuPart(item: CpuCase): Part<Setup> {
  return { ...item, measure: (setup) => measureCpu(item, setup) }
}

/** The load generator that keeps a proxy busy: the fastest there is for that shape. */
export function loadDriver(shape: Parameters<Driver['canRun']>[0]): Driver {
  return [...nativeDrivers(), ...nodeDrivers].find((driver) => driver.canRun(shape))!
}

async function measureCpu(item: CpuCase, setup: Setup): Promise<Outcome> {
  const [shapeCase] = chooseCases([item.caseId], [])
  const driver = loadDriver(shapeCase.shape)
  const proxies = setup.programs.map((program) => asProxy(program, item.containerConcurrency))
  if (item.hasRelay) proxies.push(...allProxies(null).filter(({ name }) => name === 'relay'))
  const drivers = { load: driver, latency: driver }
  const bench = { ...setup.bench, warmupSeconds: item.warmupSeconds }
  const rounds = await runCase(bench, shapeCase, proxies, drivers, setup.rounds, progress)
  const own = rounds.proxies.find(({ proxy }) => proxy === OURS)!
  return {
    table: table(rounds),
    notes: [
      `load by ${rounds.load}, ${shapeCase.connections} connections, ${setup.rounds} rounds`,
      ...doubts(rounds),
    ],
    figures: figures(item.name, rounds),
    complaints: own.complaints,
    details: { proxies: rounds.proxies },
  }
}

function asProxy(program: SidecarProgram, containerConcurrency: number): Proxy {
  return {
    name: program.name,
    says: program.says,
    version: null,
    protocols: ['http1', 'h2c'],
    missing: () => program.missing(),
    async start({ protocol, origin, cores }) {
      const userPort = protocol === 'h2c' ? origin.h2c : origin.http1
      const { child, port } = await program.start({ userPort, cores, containerConcurrency })
      return { child, port, control: null, stop: () => child.stop() }
    },
  }
}

/** What makes a ratio worth little: who is not busy pays for every wake-up, Node more than Go. */
function doubts({ proxies }: CaseRounds): string[] {
  const others = Math.max(...proxies.map((row) => medianOf(row, 'othersCores') ?? 0))
  if (others <= OTHERS_MAX) return []
  return [
    `others used ${(others * 100).toFixed(0)} % of a core: the ratios are worse than on a quiet machine`,
  ]
}

function figures(part: string, rounds: CaseRounds): Figure[] {
  const found: Figure[] = []
  for (const peer of [KNATIVE, 'relay']) {
    const ratio = compare(rounds, OURS, peer, 'cpuMicrosPerRequest')
    if (ratio === null) continue
    const { median: value, lowest, highest, rounds: count } = ratio
    found.push({ name: `${part}.cpu/${peer}`, unit: 'x', value, lowest, highest, count })
  }
  return found
}

function table(rounds: CaseRounds): string[][] {
  const header = [
    '',
    'req/s',
    'CPU µs/req',
    `x ${KNATIVE}`,
    'core %',
    'RSS MB',
    'peak MB',
    'others %',
    'errors',
  ]
  return [header, ...rounds.proxies.map((row) => cells(rounds, row))]
}

function cells(rounds: CaseRounds, row: ProxyRounds): string[] {
  const show = (column: Column, scale: number, digits: number): string => {
    const value = medianOf(row, column)
    return cell(value === null ? null : value / scale, digits)
  }
  return [
    row.proxy,
    show('requestsPerSecond', 1, 0),
    show('cpuMicrosPerRequest', 1, 1),
    cell(compare(rounds, row.proxy, KNATIVE, 'cpuMicrosPerRequest')?.median, 2),
    show('coresUsed', 0.01, 0),
    show('rssBytes', MEGABYTE, 1),
    show('peakRssBytes', MEGABYTE, 1),
    show('othersCores', 0.01, 0),
    String(row.rounds.reduce((sum, round) => sum + (round?.errors ?? 0), 0)),
  ]
}
