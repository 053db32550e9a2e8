/** What metrics cost per request: a service with them against itself without them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readUsage } from '../process/accounting.ts'
import { Child } from '../process/launch.ts'
import { progress } from '../question/ask.ts'
import { medianFigure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { loadDriver } from '../queue-proxy/cpu.ts'
import type { Setup } from '../queue-proxy/setup.ts'
import { OURS } from '../queue-proxy/sidecars.ts'
import { chooseCases } from './cases.ts'
import { median } from './medians.ts'
import { verify } from './verify.ts'

/** Which of two is started first makes some percent: a round has a pair of either order. */
const ORDERS = [true, false]
/**
 * Within a pair the two take turns: one's load is stopped while the other's goes on. The windows are so short that what
 * else the machine does hits neighbours alike.
 */
const WINDOWS = 16
const WINDOW_MS = 200
const SETTLE_MS = 30
/** Of load on a new process, until its code is compiled. */
const WARMUP_MS = 1500
const START_MS_MAX = 10_000
const POLL_MS = 10
/** Load goes on for this long at most if nothing stops it. */
const LOAD_SECONDS_MAX = 60
const [ITEM] = chooseCases(['12b@64'], [])

/** What is measured with metrics and without, between a load and something that counts. */
export interface MetricsSubject {
  start(hasMetrics: boolean): Promise<Measured>
  /** Requests that came through so far. */
  count(): Promise<{ served: number; atNanos: number }>
  readonly loadCores: string | null
}

/** It runs. */
interface Measured {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

const SAYS = `CPU per request with request metrics for Prometheus against without: 12 B response, ${ITEM.connections} connections`

/** CPU per request with metrics and without. `subject` is made once, and ended by the `stop` beside it. */
export function metricsPart<S extends { readonly rounds: number }>(
  subject: (setup: S) => Promise<{ subject: MetricsSubject; stop(): Promise<void> }>,
): Part<S> {
  return {
    name: 'metrics',
    says: SAYS,
    isGated: true,
    async measure(setup) {
      const made = await subject(setup)
      try {
        return await measureRounds(made.subject, setup.rounds)
      } finally {
        await made.stop()
      }
    },
  }
}

/** Of our queue-proxy. */
export const sidecarMetricsPart: Part<Setup> = metricsPart(async ({ bench, programs }) => {
  const program = programs.find(({ name }) => name === OURS)!
  const { cores, origin } = bench
  const subject: MetricsSubject = {
    start: (hasPrometheus) =>
      program.start({
        userPort: origin.ports.http1,
        cores: cores.proxy,
        containerConcurrency: 0,
        hasPrometheus,
      }),
    count: () => origin.count(),
    loadCores: cores.load,
  }
  return { subject, stop: async () => {} }
})

/** CPU per request of each window, µs, with metrics and without, in turn. */
interface Pair {
  with: number[]
  without: number[]
  complaints: string[]
}

async function measureRounds(subject: MetricsSubject, count: number): Promise<Outcome> {
  const rounds: Pair[][] = []
  for (let round = 0; round < count; round++) {
    const pairs: Pair[] = []
    for (const isWithFirst of ORDERS) pairs.push(await measurePair(subject, isWithFirst))
    rounds.push(pairs)
    progress(`metrics round ${round + 1}/${count}: ${cell(ratioOf(pairs), 3)} x`)
  }
  return outcome(rounds)
}

async function measurePair(subject: MetricsSubject, isWithFirst: boolean): Promise<Pair> {
  const pair: Pair = { with: [], without: [], complaints: [] }
  const sides: Side[] = []
  try {
    for (const hasMetrics of [isWithFirst, !isWithFirst]) sides.push(await Side.start(subject, hasMetrics))
    for (let window = 0; window < WINDOWS; window++)
      for (const side of sides)
        (side.hasMetrics ? pair.with : pair.without).push(await side.measure(SETTLE_MS, WINDOW_MS))
    for (const side of sides) pair.complaints.push(...(await side.finish()))
  } finally {
    for (const side of sides) await side.stop()
  }
  return pair
}

/** One process and its load, which is stopped unless it is measured. */
class Side {
  readonly hasMetrics: boolean
  readonly #subject: MetricsSubject
  readonly #measured: Measured
  readonly #load: Child

  private constructor(subject: MetricsSubject, measured: Measured, load: Child, hasMetrics: boolean) {
    this.#subject = subject
    this.#measured = measured
    this.#load = load
    this.hasMetrics = hasMetrics
  }

  static async start(subject: MetricsSubject, hasMetrics: boolean): Promise<Side> {
    const measured = await subject.start(hasMetrics)
    await verify(measured.port, ITEM.shape)
    const { shape, connections } = ITEM
    const order = { port: measured.port, connections, shape, seconds: LOAD_SECONDS_MAX, warmupSeconds: 0 }
    const driver = loadDriver(shape)
    const { served } = await subject.count()
    const stopSignal = driver.stopSignal ?? 'TERM'
    const load = new Child({ command: driver.command(order), cores: subject.loadCores, stopSignal })
    const side = new Side(subject, measured, load, hasMetrics)
    await side.#arrives(served + connections)
    await sleep(WARMUP_MS)
    side.#pause()
    return side
  }

  /** Waits until the load's requests arrive. */
  async #arrives(served: number): Promise<void> {
    const end = performance.now() + START_MS_MAX
    while ((await this.#subject.count()).served < served) {
      if (performance.now() > end) throw this.#load.error(`no load arrived within ${START_MS_MAX} ms`)
      await sleep(POLL_MS)
    }
  }

  #pause(): void {
    process.kill(this.#load.pid, 'SIGSTOP')
  }

  #goOn(): void {
    process.kill(this.#load.pid, 'SIGCONT')
  }

  /** CPU per request, µs, over `windowMs` of load, `settleMs` after its begin. */
  async measure(settleMs: number, windowMs: number): Promise<number> {
    const { pid } = this.#measured
    this.#goOn()
    await sleep(settleMs)
    const [usage, count] = [readUsage(pid), await this.#subject.count()]
    await sleep(windowMs)
    const [usageAfter, countAfter] = [readUsage(pid), await this.#subject.count()]
    this.#pause()
    // By the clock of each: the two looks are not at quite the same time.
    const cores = (usageAfter.cpuNanos - usage.cpuNanos) / (usageAfter.atNanos - usage.atNanos)
    const perNano = (countAfter.served - count.served) / (countAfter.atNanos - count.atNanos)
    return cores / perNano / 1000
  }

  /** Ends the load; answers what it complained about. */
  async finish(): Promise<string[]> {
    this.#goOn()
    const driver = loadDriver(ITEM.shape)
    const { errors, complaint } = driver.read(await this.#load.interrupted())
    return errors > 0 ? [complaint] : []
  }

  /** Ends both, at once. */
  async stop(): Promise<void> {
    if (!this.#load.hasExited) this.#goOn()
    await this.#load.stop()
    await this.#measured.stop()
  }
}

/** Of each pair, the median ratio of neighbouring windows; of the two orders, what is between them. */
function ratioOf(pairs: readonly Pair[]): number {
  const ratios = pairs.map((pair) => median(pair.with.map((micros, i) => micros / pair.without[i])))
  return Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
}

function outcome(rounds: readonly (readonly Pair[])[]): Outcome {
  const pairs = rounds.flat()
  const row = (name: string, windows: readonly number[]): string[] => [name, cell(median(windows), 2)]
  return {
    table: [
      ['', 'CPU µs/req'],
      row(
        'with metrics',
        pairs.flatMap((pair) => pair.with),
      ),
      row(
        'without',
        pairs.flatMap((pair) => pair.without),
      ),
    ],
    notes: [
      `load by ${loadDriver(ITEM.shape).name}, ${rounds.length} rounds of ${ORDERS.length} pairs of processes, ${WINDOWS} windows of ${WINDOW_MS} ms of each`,
      'the figure is the median over the rounds',
    ],
    figures: medianFigure('metrics.cpu/without', 'x', rounds.map(ratioOf)),
    complaints: pairs.flatMap(({ complaints }) => complaints),
    details: { rounds },
  }
}
