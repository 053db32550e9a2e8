/** What an idle sidecar adds to the latency of one request at a time. */
import { progress } from '../question/ask.ts'
import { difference, medianFigure, pairs, quotient, type Figure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { load } from './load.ts'
import { rotated, type Setup } from './setup.ts'
import { KNATIVE, OURS, type RunningSidecar } from './sidecars.ts'

/** The app itself, without a sidecar. */
const DIRECT = 'direct'
const WARMUP_SECONDS = 1
const SECONDS = 2
/** As Knative's default. */
const CONTAINER_CONCURRENCY = 0

/** Added latency at one connection. */
export const latencyPart: Part<Setup> = {
  name: 'latency',
  says: '12 B response, 1 connection: what is added to the direct connection',
  isGated: true,
  measure: measureLatency,
}

/** One row of the table, by rounds, in microseconds. */
interface Row {
  name: string
  p50: (number | null)[]
  p99: (number | null)[]
}

async function measureLatency(setup: Setup): Promise<Outcome> {
  const userPort = setup.bench.origin.ports.http1
  const running: RunningSidecar[] = []
  const complaints: string[] = []
  try {
    const targets = [{ row: { name: DIRECT, p50: [], p99: [] } as Row, port: userPort }]
    for (const program of setup.programs) {
      const order = { userPort, cores: setup.cores.proxy, containerConcurrency: CONTAINER_CONCURRENCY }
      const sidecar = await program.start(order)
      running.push(sidecar)
      targets.push({ row: { name: program.name, p50: [], p99: [] }, port: sidecar.port })
    }
    await Promise.all(targets.map(({ port }) => load(setup, port, 1, WARMUP_SECONDS)))
    for (let round = 0; round < setup.rounds; round++) {
      for (const { row, port } of rotated(targets, round)) {
        const { p50Micros, p99Micros, errors, complaint } = await load(setup, port, 1, SECONDS)
        row.p50.push(p50Micros)
        row.p99.push(p99Micros)
        if (errors > 0 && row.name === OURS) complaints.push(complaint)
        progress(`latency round ${round + 1}/${setup.rounds} ${row.name}: p50 ${cell(p50Micros, 0)} µs`)
      }
    }
    const rows = targets.map(({ row }) => row)
    const notes = [
      `medians of ${setup.rounds} rounds of ${SECONDS} s; added: over the direct connection of the same round`,
    ]
    return { table: table(rows), notes, figures: figures(rows), complaints, details: { rows } }
  } finally {
    for (const sidecar of running) await sidecar.stop()
  }
}

function added(rows: readonly Row[], name: string, column: 'p50' | 'p99'): number[] {
  const row = rows.find((one) => one.name === name)
  return pairs(row?.[column] ?? [], rows[0][column], difference)
}

function figures(rows: readonly Row[]): Figure[] {
  return (['p50', 'p99'] as const).flatMap((column) => {
    const ours = added(rows, OURS, column)
    const ratios = pairs(ours, added(rows, KNATIVE, column), quotient)
    return [
      ...medianFigure(`latency.${column}Added`, ' µs', ours),
      ...medianFigure(`latency.${column}Added/${KNATIVE}`, 'x', ratios),
    ]
  })
}

function table(rows: readonly Row[]): string[][] {
  const header = ['', 'p50 µs', 'p99 µs', 'p50 added', 'p99 added']
  const middle = (values: readonly (number | null)[]): string =>
    cell(
      medianFigure(
        '',
        '',
        values.filter((value) => value !== null),
      )[0]?.value,
      0,
    )
  return [
    header,
    ...rows.map(({ name, p50, p99 }) => [
      name,
      middle(p50),
      middle(p99),
      middle(added(rows, name, 'p50')),
      middle(added(rows, name, 'p99')),
    ]),
  ]
}
