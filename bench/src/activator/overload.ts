/** Far more requests than can be served, all of whose clients leave: nothing of them may stay. */
import { setTimeout as sleep } from 'node:timers/promises'
import { medianFigure } from '../question/figure.ts'
import type { Outcome, Part } from '../question/part.ts'
import { cell } from '../question/table.ts'
import { MEGABYTE, readMemory } from '../queue-proxy/memory.ts'
import { ImpatientClients } from './impatient-clients.ts'
import { MetricsPage } from './metrics-page.ts'
import type { RunningActivator } from './program.ts'
import type { Setup } from './setup.ts'
import { SlowInstance } from './slow-instance.ts'
import { until } from './until.ts'

const SECONDS = 60
const QUICK_SECONDS = 10
const PER_SECOND = 200
const TIMEOUT_MS = 1000
/** Requests at the instance at a time, and how long each takes there. */
const CAPACITY = 2
const SERVICE_MS = 1000
/** What RSS may grow by after the first quarter, and what may wait; as gate.json has them. */
const GROWTH_MB = 20
const HELD_MAX = ((PER_SECOND * TIMEOUT_MS) / 1000) * 1.25
const SAMPLES_PER_LINE = 3
const HOST = 'hello.default.example.com'
/**
 * The end of a request and the beginning of the next come over two connections, whose events have no order: for some ms there seems to
 * be more at the instance than there is. A slot that is given away twice is seen all the time.
 */
const EXCESS_MS_MAX = 500
const END_MS_MAX = 10_000

/** The overload of Knative's serving issue 13583. */
export const overloadPart: Part<Setup> = {
  name: 'overload',
  says: `${PER_SECOND} POST/s whose clients leave after ${TIMEOUT_MS / 1000} s, against room for ${CAPACITY} that take ${SERVICE_MS / 1000} s each (knative/serving issue 13583)`,
  isGated: true,
  measure: measureOverload,
}

/** One look at the activator. */
interface Sample {
  second: number
  rssMegabytes: number
  held: number
}

async function measureOverload(setup: Setup): Promise<Outcome> {
  const seconds = setup.isQuick ? QUICK_SECONDS : SECONDS
  const instance = await SlowInstance.start(SERVICE_MS, CAPACITY)
  let activator: RunningActivator | null = null
  try {
    const revision = {
      name: 'hello-00001',
      containerConcurrency: CAPACITY,
      endpoints: [instance.address],
      host: HOST,
    }
    const { cores, scratch } = setup
    activator = await setup.activator.start({
      revisions: [revision],
      cores: cores.proxy,
      scratch,
      hasMetrics: true,
    })
    const { clients, samples } = await overload(activator, seconds)
    const page = await MetricsPage.read(activator.metricsPort)
    return outcome({ seconds, clients, samples, page, instance, log: activator.child.output })
  } finally {
    await activator?.stop()
    instance.close()
  }
}

async function overload(
  { port, pid, metricsPort }: RunningActivator,
  seconds: number,
): Promise<{ clients: ImpatientClients; samples: Sample[] }> {
  const samples: Sample[] = []
  const clients = new ImpatientClients({ port, host: HOST, perSecond: PER_SECOND, timeoutMs: TIMEOUT_MS })
  try {
    for (let second = 1; second <= seconds; second++) {
      await sleep(1000)
      const held = heldOf(await MetricsPage.read(metricsPort))
      samples.push({ second, rssMegabytes: readMemory(pid).rssBytes / MEGABYTE, held })
      if (second % SAMPLES_PER_LINE === 0) console.log(progressLine(samples, seconds))
    }
  } finally {
    clients.stop()
  }
  await until(
    () => 'clients are still there',
    () => clients.isOver,
    END_MS_MAX,
  )
  // The activator hears of the last that left.
  await sleep(1000)
  return { clients, samples }
}

function heldOf(page: MetricsPage): number {
  return page.sum('kn_revision_request_queued')
}

/** The look that growth is counted from. */
function quarterOf(samples: readonly Sample[], seconds: number): Sample | undefined {
  return samples[Math.ceil(seconds / 4) - 1]
}

function progressLine(samples: readonly Sample[], seconds: number): string {
  const { second, rssMegabytes, held } = samples.at(-1)!
  const quarter = quarterOf(samples, seconds)
  const bound =
    quarter === undefined
      ? 'bound not known before the first quarter is over'
      : `bound ${cell(quarter.rssMegabytes + GROWTH_MB, 1)} MB`
  return `overload ${second}/${seconds} s: RSS ${cell(rssMegabytes, 1)} MB, ${bound}; ${held} held, bound ${HELD_MAX}`
}

interface Found {
  seconds: number
  clients: ImpatientClients
  samples: readonly Sample[]
  page: MetricsPage
  instance: SlowInstance
  /** What the activator logged. */
  log: string
}

function outcome({ seconds, clients, samples, page, instance, log }: Found): Outcome {
  const quarter = quarterOf(samples, seconds)!
  const last = samples.at(-1)!
  const heldMax = Math.max(...samples.map(({ held }) => held))
  const errors = errorsOf(page, log)
  const gone = page.sum('pilotlight_clients_gone_total')
  const complaints: string[] = []
  const heldAfter = heldOf(page)
  if (heldAfter > 0) complaints.push(`${heldAfter} requests are still held after the last client left`)
  if (instance.longestExcessMs > EXCESS_MS_MAX)
    complaints.push(
      `more than ${CAPACITY} requests were at the instance for ${cell(instance.longestExcessMs, 0)} ms without a break`,
    )
  if (clients.failures.length > 0)
    complaints.push(`${clients.failures.length} clients got something else than 200: ${clients.failures[0]}`)
  return {
    table: [
      ['', 'at 1/4', 'at the end', 'bound'],
      [
        'RSS MB',
        cell(quarter.rssMegabytes, 1),
        cell(last.rssMegabytes, 1),
        cell(quarter.rssMegabytes + GROWTH_MB, 1),
      ],
      ['held', String(quarter.held), String(last.held), String(HELD_MAX)],
      ['counted as errors', '', String(errors), '0'],
    ],
    notes: [
      `${clients.sent} requests in ${seconds} s: ${clients.served} answered, ${clients.left} left; the activator counts ${gone} that left`,
      `${heldMax} held at most, ${heldAfter} after the last one left; ${instance.most} at the instance at most, more than ${CAPACITY} for no longer than ${cell(instance.longestExcessMs, 1)} ms`,
    ],
    figures: [
      ...medianFigure('overload.rssGrowth', ' MB', [last.rssMegabytes - quarter.rssMegabytes]),
      ...medianFigure('overload.heldMax', '', [heldMax]),
      ...medianFigure('overload.errors', '', [errors]),
    ],
    complaints,
    details: { seconds, samples, sent: clients.sent, served: clients.served, left: clients.left, gone },
  }
}

/** Everywhere a client that left could have been booked as a failure: statuses, refusals, retries, warnings. */
function errorsOf(page: MetricsPage, log: string): number {
  const isFailure = (labels: string): boolean => /status_code="5\d\d"/.test(labels)
  const loud = log.split('\n').filter((line) => /"severity":"(?!INFO|DEBUG)/.test(line))
  return (
    page.sum('http_server_request_duration_seconds', '_count', isFailure) +
    page.sum('pilotlight_refusals_total') +
    page.sum('pilotlight_retries_total') +
    loud.length
  )
}
