import { type Clock, systemClock } from './clock.ts'

const State = {
  Serving: 0,
  /** Somebody asked for the end; the quiet period runs. */
  Draining: 1,
  /** The quiet period is over. */
  Drained: 2,
} as const
type State = (typeof State)[keyof typeof State]

/**
 *     Serving ─drain()─► Draining ─quiet─► Drained
 *        ▲                  │                 │
 *        └──────reset()─────┴─────────────────┘
 *
 * Between the moment a pod is told to end and the moment nobody sends requests to it any more, everything is still
 * served; only probes fail. That time is over when no request has arrived for the quiet period, as in Knative.
 */
export class Drainer {
  readonly #quietMs: number
  readonly #clock: Clock
  #state: State = State.Serving
  #lastRequestAt = 0
  #cancel: (() => void) | null = null
  #waiting: (() => void)[] = []
  /** Called when probes begin to fail. */
  onDraining: () => void = () => {}

  /** `quietMs` is how long no request may arrive, at least 0. */
  constructor(quietMs: number, clock: Clock = systemClock) {
    this.#quietMs = quietMs
    this.#clock = clock
  }

  /** Whether probes are to fail. */
  get isDraining(): boolean {
    return this.#state !== State.Serving
  }

  /** Where it stands, for metrics. */
  get state(): 'idle' | 'draining' | 'drained' {
    if (this.#state === State.Serving) return 'idle'
    return this.#state === State.Draining ? 'draining' : 'drained'
  }

  /** A request that is no probe arrived: senders have not all heard of the end. */
  onRequest(): void {
    if (this.#state === State.Draining) this.#lastRequestAt = this.#clock.now()
  }

  /** Begins to drain, or joins. Resolves when the quiet period is over or {@link reset} was called. */
  drain(): Promise<void> {
    if (this.#state === State.Drained) return Promise.resolve()
    const ended = new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (this.#state === State.Serving) {
      this.#state = State.Draining
      this.#lastRequestAt = this.#clock.now()
      this.#await(this.#quietMs)
      this.onDraining()
    }
    return ended
  }

  /** It was no end after all: probes succeed again, and whoever waits for the drain is released. */
  reset(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#state = State.Serving
    this.#release()
  }

  #await(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => {
      const quietFor = this.#clock.now() - this.#lastRequestAt
      if (quietFor < this.#quietMs) return this.#await(this.#quietMs - quietFor)
      this.#cancel = null
      this.#state = State.Drained
      this.#release()
    })
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
