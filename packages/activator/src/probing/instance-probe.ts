import { type ProbeClient, type ProbeResult, ProbeVerdict, type RunningProbe } from './probe-client.ts'

/** How instances are probed. Times are ms. */
export interface ProbePace {
  /** For one probe, and for the connection of one that waits (Knative's PROBE_TIMEOUT). */
  readonly timeoutMs: number
  /** Between two probes of an instance that answers and is not ready (Knative's PROBE_FREQUENCY). */
  readonly frequencyMs: number
  /** How long a sidecar is asked to wait for its app, whole seconds; 0 asks as Knative does. */
  readonly waitSeconds: number
}

/** Time, as far as probing needs it. */
export interface ProbeClock {
  /** ms, monotonic. */
  now(): number
  /** Calls `then` once after `ms`; the function returned prevents that. */
  after(ms: number, then: () => void): () => void
}

/** What an {@link InstanceProbe} tells. */
export interface ProbeOwner {
  /** A probe found the app ready. Answers whether that is enough: probing has ended then, and goes on otherwise. */
  onReady(probe: InstanceProbe): boolean
  /** A probe found something else, or has been silent for as long as Knative waits. Probing goes on. */
  onNotReady(probe: InstanceProbe): void
}

/**
 * While nobody listens, asking costs a refused connect: it is done often as long as the instance may just be starting,
 * and more seldom the longer that lasts. [instance known for less than, pause], ms.
 */
const REFUSED_PAUSES: readonly (readonly [number, number])[] = [
  [2_000, 5],
  [30_000, 50],
]
/** Between two probes that a sidecar waited with, ms. */
const WAITED_PAUSE_MS = 5
/** So many instances may be asked that often; with more of them each is asked less often. */
const EAGER_MAX = 50

/**
 * Probes one instance until it is ready. A sidecar of ours is asked to wait, and answers the moment its app is ready;
 * another one is asked again and again.
 *
 *     Probing ─► Pausing ─► Probing … ─► Over (ready, or stopped)
 */
export class InstanceProbe {
  readonly address: string
  /** Whether an answer came that no mesh made: any but 502 and 503 (Knative). */
  sawNoMesh = false
  /** Whether a probe failed, or one that waits has been silent for as long as Knative waits for one. */
  hasFailed = false
  /** What the last probe found, or null before the first. */
  last: ProbeResult | null = null
  readonly #host: string
  readonly #client: ProbeClient
  readonly #pace: ProbePace
  readonly #clock: ProbeClock
  readonly #owner: ProbeOwner
  readonly #crowd: ProbeCrowd
  readonly #since: number
  #running: RunningProbe | null = null
  #stopTimer: () => void = () => {}
  #stopSilence: () => void = () => {}
  #isOver = false

  constructor(
    target: { readonly address: string; readonly host: string },
    means: ProbeMeans,
    owner: ProbeOwner,
  ) {
    this.address = target.address
    this.#host = target.host
    this.#client = means.client
    this.#pace = means.pace
    this.#clock = means.clock
    this.#crowd = means.crowd
    this.#owner = owner
    this.#since = means.clock.now()
    this.#crowd.size++
    this.#ask()
  }

  /** Ends the probing; nothing is told any more. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#crowd.size--
    this.#stopTimer()
    this.#stopSilence()
    this.#running?.cancel()
  }

  #ask(): void {
    const { timeoutMs, waitSeconds } = this.#pace
    this.#running = this.#client.probe(
      { address: this.address, host: this.#host, waitSeconds, timeoutMs },
      (result) => this.#onResult(result),
    )
    if (waitSeconds > 0) this.#stopSilence = this.#clock.after(timeoutMs, () => this.#onFailed())
  }

  #onResult(result: ProbeResult): void {
    this.#running = null
    this.#stopSilence()
    this.last = result
    if (result.status !== 0 && result.status !== 502 && result.status !== 503) this.sawNoMesh = true
    if (result.verdict === ProbeVerdict.Ready && this.#owner.onReady(this)) return this.stop()
    if (this.#isOver) return
    this.#stopTimer = this.#clock.after(this.#pause(result), () => this.#ask())
    if (result.verdict !== ProbeVerdict.Ready) this.#onFailed()
  }

  #onFailed(): void {
    this.hasFailed = true
    this.#owner.onNotReady(this)
  }

  #pause({ verdict, waits }: ProbeResult): number {
    const { frequencyMs } = this.#pace
    // It has waited already.
    if (verdict === ProbeVerdict.NotReady && waits) return Math.min(frequencyMs, WAITED_PAUSE_MS)
    if (verdict !== ProbeVerdict.Refused) return frequencyMs
    const age = this.#clock.now() - this.#since
    const pause = REFUSED_PAUSES.find(([youngerThan]) => age < youngerThan)?.[1] ?? frequencyMs
    return Math.min(frequencyMs, pause * Math.max(1, this.#crowd.size / EAGER_MAX))
  }
}

/** How many instances are being probed, over all revisions. */
export class ProbeCrowd {
  size = 0
}

/** What probing is done with, shared by all revisions. */
export interface ProbeMeans {
  readonly client: ProbeClient
  readonly pace: ProbePace
  readonly clock: ProbeClock
  readonly crowd: ProbeCrowd
}
