import { Random } from './random.ts'
import { Replay, type Reading, type Trace, type TraceEvent, type TraceStart } from './trace.ts'

const SECOND = 1000

/**
 * Makes up what happens to a revision. Our autoscaler runs along, so that pods come and go about as it asks for; what
 * it decides is not part of the trace.
 */
export function generateTrace(seed: number, ticks: number): Trace {
  const random = new Random(seed)
  const start = startOf(random)
  const world = new World(random, start)
  while (world.ticks < ticks) world.next()
  return { name: `seed ${seed}`, start, events: world.events }
}

function startOf(random: Random): TraceStart {
  const reading = readingOf(random)
  const replicas = random.chance(0.6) ? 1 : random.whole(0, 12)
  return {
    ...reading,
    at: random.whole(0, 100) * 10,
    readyPods: random.chance(0.5) ? 0 : replicas,
    replicas,
    reachability: random.one(['', 'Reachable', 'Reachable', 'Unreachable']),
  }
}

/** Settings that are valid and lie where something happens within the time of a trace. */
function readingOf(random: Random): Reading {
  const config: Record<string, string> = {}
  const annotations: Record<string, string> = {}
  const put = (
    map: Record<string, string>,
    name: string,
    chance: number,
    value: () => string | number,
  ): void => {
    if (random.chance(chance)) map[name] = String(value())
  }
  const annotate = (name: string, chance: number, value: () => string | number): void =>
    put(annotations, `autoscaling.knative.dev/${name}`, chance, value)

  put(config, 'max-scale-up-rate', 0.4, () => random.one(['1.1', '1.5', '2', '10']))
  put(config, 'max-scale-down-rate', 0.4, () => random.one(['1.1', '1.5', '3', '10']))
  put(config, 'stable-window', 0.8, () => `${random.one([6, 7, 10, 15, 30])}s`)
  put(config, 'enable-scale-to-zero', 0.15, () => 'false')
  put(config, 'scale-to-zero-grace-period', 0.8, () => random.one(['500ms', '4s', '11s', '20s']))
  put(config, 'activator-capacity', 0.3, () => random.one([1, 7, 33.5]))
  put(config, 'allow-zero-initial-scale', 0.3, () => 'true')
  put(config, 'min-scale', 0.2, () => random.whole(0, 3))
  put(config, 'panic-threshold-percentage', 0.2, () => random.one([110, 150, 300]))
  annotate('metric', 0.4, () => random.one(['concurrency', 'rps', 'rps']))
  annotate('metric-aggregation-algorithm', 0.35, () =>
    random.one(['linear', 'weighted-exponential', 'weightedExponential']),
  )
  annotate('target', 0.7, () => random.one(['1', '2.5', '10', '33', '0.4']))
  annotate('targetUtilizationPercentage', 0.3, () => random.one([50, 75, 100, 99.9]))
  annotate('target-burst-capacity', 0.8, () => random.one([-1, 0, 5, 12.5, 40]))
  annotate('panic-window-percentage', 0.4, () => random.one([10, 25, 33.3, 50, 100]))
  annotate('min-scale', 0.25, () => random.whole(0, 4))
  annotate('max-scale', 0.25, () => random.whole(4, 9))
  annotate('initialScale', 0.35, () => random.whole(0, 4))
  annotate('activation-scale', 0.25, () => random.whole(2, 4))
  annotate('scale-down-delay', 0.35, () => `${random.one([1, 4, 9, 30])}s`)
  annotate('scaleToZeroPodRetentionPeriod', 0.35, () => `${random.one([1, 7, 25])}s`)
  put(annotations, 'serving.knative.dev/progress-deadline', 0.6, () => `${random.one([1, 5, 20])}s`)
  return { config, deployment: {}, annotations, containerConcurrency: random.one([0, 0, 1, 5, 20]) }
}

/** The load that is offered to a revision: some seconds of one kind, then of another. */
class Load {
  readonly #random: Random
  #level = 0
  #slope = 0
  #until = 0

  constructor(random: Random) {
    this.#random = random
  }

  at(second: number): number {
    if (second >= this.#until) {
      const random = this.#random
      this.#until = second + random.whole(3, 40)
      this.#level = random.one([0, 0, 0.3, 1, 4, 15, 60])
      this.#slope = random.one([0, 0, 0.5, 3])
    }
    this.#level = this.#level === 0 ? 0 : this.#level + this.#slope
    return this.#level
  }
}

/** Everything around the autoscaler, one second at a time. */
class World {
  readonly events: TraceEvent[] = []
  ticks = 0
  readonly #random: Random
  readonly #replay: Replay
  readonly #load: Load
  readonly #podDelay: number
  #now: number
  #second = 0
  #readyPods: number
  #isProvisioned = true

  constructor(random: Random, start: TraceStart) {
    this.#random = random
    this.#replay = new Replay(start)
    this.#load = new Load(random)
    this.#podDelay = random.one([0, 1, 3, 4])
    this.#now = start.at
    this.#readyPods = start.readyPods
  }

  next(): void {
    const random = this.#random
    this.#second++
    this.#pass(SECOND - 200)
    if (!random.chance(0.05)) this.#report(this.#load.at(this.#second))
    this.#pass(random.one([0, 50, 100]))
    if (this.#second % 2 === 0 && !random.chance(0.03)) this.#tick()
    if (random.chance(0.03)) this.#tick()
    this.#pods()
    if (random.chance(0.02)) this.#disturb()
    this.#pass(100)
    const { recheckAfterMs } = this.#replay.decision
    if (recheckAfterMs !== null && random.chance(0.5)) this.#emit(['reconcile', this.#at(recheckAfterMs)])
    // Quiet hours, after which deadlines are over.
    if (random.chance(0.01)) this.#pass(random.whole(3, 90) * SECOND)
  }

  #tick(): void {
    this.ticks++
    this.#emit(['tick', this.#now])
  }

  /** What activators and pods say of a second. */
  #report(load: number): void {
    const random = this.#random
    const isProxied = this.#replay.decision.mode === 'proxy'
    const through = isProxied ? load : random.one([0, 0, load / 3])
    const late = random.chance(0.06) ? random.whole(1, 12) * SECOND : 0
    const rate = random.one([0.5, 1, 7])
    if (through > 0 || random.chance(0.2)) this.#stat(late, through, 0, through * rate, 0)
    if (this.#readyPods > 0 && !random.chance(0.1)) {
      const proxied = isProxied ? load : through
      this.#stat(0, load, proxied, load * rate, proxied * rate)
    }
  }

  #stat(late: number, ...values: [number, number, number, number]): void {
    const [a, b, c, d] = values.map((value) => Math.round(value * 1000) / 1000)
    this.#emit(['stat', this.#now, late, a, b, c, d])
  }

  /** Pods come and go as asked, a few at a time. */
  #pods(): void {
    const random = this.#random
    const missing = this.#replay.replicas - this.#readyPods
    if (missing === 0 || random.chance(this.#podDelay / 4)) return
    this.#readyPods += missing < 0 ? missing : Math.max(1, Math.round(missing * random.one([0.3, 1])))
    this.#emit(['pods', this.#now, this.#readyPods])
  }

  #disturb(): void {
    const random = this.#random
    const now = this.#now
    // Without an address Knative looks at nothing else, and would hear of a change later.
    switch (this.#isProvisioned ? random.whole(0, 4) : 4) {
      case 0:
        this.#emit(['pods', now, null])
        this.#pass(1)
        this.#tick()
        this.#emit(['pods', this.#now, this.#readyPods])
        break
      case 1:
        this.#readyPods = random.whole(0, 15)
        this.#emit(['pods', now, this.#readyPods])
        break
      case 2:
        this.#emit(['reach', now, random.one(['', 'Reachable', 'Unreachable'])])
        break
      case 3:
        this.#emit(['update', now, readingOf(random)])
        break
      default: {
        const proxiedFor = random.one([null, 0, 1500, 9000, 30_000])
        this.#isProvisioned = random.chance(0.8)
        this.#emit(['path', now, this.#isProvisioned, random.chance(0.6), proxiedFor, random.chance(0.7)])
      }
    }
  }

  #pass(ms: number): void {
    this.#now += ms
  }

  #at(after: number): number {
    // Not too far ahead, or the load would stand still.
    this.#pass(Math.min(after, 100))
    return this.#now
  }

  #emit(event: TraceEvent): void {
    this.#replay.step(this.events.length, event)
    this.events.push(event)
  }
}
