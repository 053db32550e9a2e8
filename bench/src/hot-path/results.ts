/** The report for machines. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type as systemType } from 'node:os'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Verdict } from './gate.ts'
import type { Driver } from './load/driver.ts'
import { compare, medianOf, type Comparison, type Figure } from './medians.ts'
import type { Options } from './options.ts'
import type { Proxy } from './proxies.ts'
import type { CaseRounds, ProxyRounds } from './rounds.ts'

const FIGURES: Figure[] = [
  'requestsPerSecond',
  'cpuMicrosPerRequest',
  'coresUsed',
  'othersCores',
  'rssBytes',
  'peakRssBytes',
  'p50Micros',
  'p99Micros',
  'errors',
]

/** All that goes into one results file. */
export interface Report {
  startedAt: Date
  options: Options
  pinning: string
  proxies: readonly Proxy[]
  missing: ReadonlyMap<string, string>
  drivers: readonly Driver[]
  cases: readonly CaseRounds[]
  verdicts: readonly Verdict[]
}

/** Writes the JSON file and returns its path, relative to the current folder. */
export function writeResults(report: Report): string {
  const time = report.startedAt.toISOString().replaceAll(':', '-').slice(0, 19)
  const path =
    report.options.json ?? fileURLToPath(new URL(`../../results/hot-path-${time}.json`, import.meta.url))
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(toJson(report), null, 2)}\n`)
  return relative('.', path)
}

function toJson(report: Report): object {
  const { options } = report
  return {
    question: 'hot-path',
    startedAt: report.startedAt.toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
      system: `${systemType()} ${release()}`,
      node: process.version,
      pinning: report.pinning,
    },
    settings: { rounds: options.rounds, windowSeconds: options.windowSeconds, nodeFlags: options.nodeFlags },
    proxies: report.proxies.map(({ name, says, version }) => ({ name, says, version })),
    missing: Object.fromEntries(report.missing),
    loadGenerators: report.drivers.map(({ name, version }) => ({ name, version })),
    cases: report.cases.map((rounds) => ({
      id: rounds.case.id,
      says: rounds.case.shape.says,
      connections: rounds.case.connections,
      streams: rounds.case.shape.streams,
      load: rounds.load,
      latency: rounds.latency,
      proxies: rounds.proxies.map((row) => proxyJson(rounds, row)),
    })),
    gate: report.verdicts.map(({ target, outcome, line }) => ({ ...target, outcome, line })),
  }
}

function proxyJson(rounds: CaseRounds, row: ProxyRounds): object {
  const medians: Partial<Record<Figure, number | null>> = {}
  for (const figure of FIGURES) medians[figure] = medianOf(row, figure)
  const cpuPerRequestAgainst: Record<string, Comparison | null> = {}
  for (const { proxy } of rounds.proxies) {
    if (proxy !== row.proxy)
      cpuPerRequestAgainst[proxy] = compare(rounds, row.proxy, proxy, 'cpuMicrosPerRequest')
  }
  return { proxy: row.proxy, medians, cpuPerRequestAgainst, complaints: row.complaints, rounds: row.rounds }
}
