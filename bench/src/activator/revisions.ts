/** What revisions cost that are known and not asked for. */
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuNanos } from '../process/accounting.ts'
import { progress } from '../question/ask.ts'
import { difference, medianFigure, pairs } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { MEGABYTE, readMemory } from '../queue-proxy/memory.ts'
import type { BenchRevision } from './program.ts'
import type { Setup } from './setup.ts'

const COUNT = 5000
/** What follows a start by itself (compilation, garbage collection) is over after this. */
const SETTLE_MS = 3000
const SECONDS = 5

/** Memory and CPU of revisions at rest. */
export const revisionsPart: Part<Setup> = {
  name: 'revisions',
  says: `${COUNT} revisions without instances, a route each, and nothing happening, beside an activator without any`,
  isGated: true,
  measure: measureRevisions,
}

interface Row {
  name: string
  revisions: readonly BenchRevision[]
  rssMegabytes: number[]
  /** Percent of a core. */
  cpuPercent: number[]
}

async function measureRevisions(setup: Setup): Promise<Outcome> {
  const many = Array.from({ length: COUNT }, (_, i) => ({
    name: `hello-${i}`,
    containerConcurrency: 10,
    endpoints: [],
    host: `hello-${i}.default.example.com`,
  }))
  const rows: Row[] = [
    { name: 'empty', revisions: [], rssMegabytes: [], cpuPercent: [] },
    { name: `${COUNT} revisions`, revisions: many, rssMegabytes: [], cpuPercent: [] },
  ]
  for (let round = 0; round < setup.rounds; round++) {
    // Side by side: neither has anything to do.
    await Promise.all(rows.map((row) => measureRow(setup, row)))
    const [empty, full] = rows.map(({ rssMegabytes }) => rssMegabytes.at(-1)!)
    progress(`revisions round ${round + 1}/${setup.rounds}: ${cell(full - empty, 1)} MB`)
  }
  const [empty, full] = rows
  const growth = pairs(full.rssMegabytes, empty.rssMegabytes, difference)
  const middle = (values: readonly number[]): number => medianFigure('', '', values)[0].value
  return {
    table: [
      ['', 'RSS MB', '- empty', 'CPU % of a core'],
      ...rows.map(({ name, rssMegabytes, cpuPercent }) => [
        name,
        cell(middle(rssMegabytes), 1),
        cell(middle(pairs(rssMegabytes, empty.rssMegabytes, difference)), 1),
        cell(middle(cpuPercent), 3),
      ]),
    ],
    notes: [`RSS ${SETTLE_MS / 1000} s after the start, CPU over the next ${SECONDS} s`],
    figures: [
      ...medianFigure('revisions.rssAboveEmpty', ' MB', growth),
      ...medianFigure('revisions.idleCpu', ' %', full.cpuPercent),
    ],
    complaints: [],
    details: { rows: rows.map(({ name, rssMegabytes, cpuPercent }) => ({ name, rssMegabytes, cpuPercent })) },
  }
}

async function measureRow({ activator, cores, scratch }: Setup, row: Row): Promise<void> {
  const running = await activator.start({ revisions: row.revisions, cores: cores.proxy, scratch })
  try {
    await sleep(SETTLE_MS)
    row.rssMegabytes.push(readMemory(running.pid).rssBytes / MEGABYTE)
    const before = cpuNanos(running.pid)
    const startedAt = performance.now()
    await sleep(SECONDS * 1000)
    const nanos = (performance.now() - startedAt) * 1e6
    row.cpuPercent.push(((cpuNanos(running.pid) - before) / nanos) * 100)
  } finally {
    await running.stop()
  }
}
