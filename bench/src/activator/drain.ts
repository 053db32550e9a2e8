/** Whether a request costs more the longer the line it waits in. */
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuNanos } from '../process/accounting.ts'
import { progress } from '../question/ask.ts'
import { medianFigure, pairs, quotient } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { rotated } from '../queue-proxy/setup.ts'
import { callersPossible } from './callers.ts'
import { Line, SLOTS } from './line.ts'
import type { Setup } from './setup.ts'

/** Lengths of the line, and how often each drains in a round: a short one is over before the clocks of the kernel notice. */
const LINES = [
  { wanted: 100, times: 50 },
  { wanted: 1000, times: 10 },
  { wanted: 10_000, times: 2 },
  { wanted: 20_000, times: 1 },
]
/** What the last answer leaves to be done is done after this. */
const SETTLE_MS = 20

/** CPU per request by the length of the line. */
export const drainPart: Part<Setup> = {
  name: 'drain',
  says: `CPU per request while a line of held requests drains through ${SLOTS} slots of one instance`,
  isGated: true,
  measure: measureDrain,
}

interface Row {
  wanted: number
  count: number
  times: number
  /** CPU per request, microseconds, one for each round. */
  micros: number[]
  /** Requests per second, likewise. */
  perSecond: number[]
}

async function measureDrain(setup: Setup): Promise<Outcome> {
  const rows: Row[] = LINES.map(({ wanted, times }) => ({
    wanted,
    count: callersPossible(wanted),
    times,
    micros: [],
    perSecond: [],
  }))
  const longest = rows.at(-1)!
  const line = await Line.start(setup)
  try {
    // So that the growing of the heap, which happens once, is in none of them; and connecting neither.
    await drain(line, longest.count)
    for (let round = 0; round < setup.rounds; round++)
      for (const row of rotated(rows, round)) {
        await drainOften(line, row)
        progress(
          `drain round ${round + 1}/${setup.rounds} of ${row.count}: ${cell(row.micros.at(-1), 1)} µs each`,
        )
      }
  } finally {
    await line.stop()
  }
  return outcome(rows)
}

async function drainOften(line: Line, row: Row): Promise<void> {
  let nanos = 0
  let ms = 0
  for (let time = 0; time < row.times; time++) {
    const spent = await drain(line, row.count)
    nanos += spent.nanos
    ms += spent.ms
  }
  const requests = row.count * row.times
  row.micros.push(nanos / requests / 1000)
  row.perSecond.push(requests / (ms / 1000))
}

/** From all waiting to none waiting: as many responses as there were requests in the line, and as many dispatches. */
async function drain(line: Line, count: number): Promise<{ nanos: number; ms: number }> {
  const { pid } = line.activator
  await line.takeSlots()
  await line.wait(count)
  const before = cpuNanos(pid)
  const startedAt = performance.now()
  await line.advance(count)
  const ms = performance.now() - startedAt
  await sleep(SETTLE_MS)
  const nanos = cpuNanos(pid) - before
  await line.finish(SLOTS)
  return { nanos, ms }
}

function outcome(rows: readonly Row[]): Outcome {
  const [shortest] = rows
  const longest = rows.at(-1)!
  const middle = (values: readonly number[]): number => medianFigure('', '', values)[0]?.value
  const ratios = (row: Row): number[] => pairs(row.micros, shortest.micros, quotient)
  const notes = ['all of them were answered with 200; ratios within each round']
  if (longest.count < longest.wanted)
    notes.push(
      `${longest.count} of ${longest.wanted}: the open-file limit lets there be no more (ulimit -H -n)`,
    )
  return {
    table: [
      ['in line', 'CPU µs/req', `x ${shortest.count}`, 'req/s'],
      ...rows.map((row) => [
        String(row.count),
        cell(middle(row.micros), 1),
        cell(middle(ratios(row)), 2),
        cell(middle(row.perSecond), 0),
      ]),
    ],
    notes,
    // A line that is over in a few ms is dearer for its beginning: the ratio to the next one shows growth that it would hide.
    figures: rows
      .slice(0, 2)
      .flatMap((row) =>
        medianFigure(`drain.longest/${row.wanted}`, 'x', pairs(longest.micros, row.micros, quotient)),
      ),
    complaints: [],
    details: { rows },
  }
}
