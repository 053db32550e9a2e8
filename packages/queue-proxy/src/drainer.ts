import { type Clock, systemClock } from './clock.ts'

const State = {
  Serving: 0,
  /** Somebody asked for the end; the quiet period runs. */
  Draining: 1,
  /** The quiet period is over; requests are still under way. */
  Quiet: 2,
  /** And none is under way. */
  Drained: 3,
} as const
type State = (typeof State)[keyof typeof State]

/**
 *     Serving ─drain()─► Draining ─nothing arrived for the quiet period─► Quiet ─nothing under way─► Drained
 *        ▲                  │                                               │                          │
 *        └──────reset()─────┴───────────────────────────────────────────────┴──────────────────────────┘
 *
 * Between the moment a pod is told to end and the moment nobody sends requests to it any more, everything is still
 * served; only probes fail. That time is over when no request has arrived for the quiet period, as in Knative: then the
 * listeners may close. Whoever waits for the drain to stop the app next waits longer, until no request is there any more.
 */
export class Drainer {
  readonly #quietMs: number
  readonly #clock: Clock
  #state: State = State.Serving
  #lastRequestAt = 0
  #underWay = 0
  #cancel: (() => void) | null = null
  /** Who waits for the quiet period alone. */
  #waitingForQuiet: (() => void)[] = []
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
    return this.#state === State.Drained ? 'drained' : 'draining'
  }

  /** A request that is no probe arrived: senders have not all heard of the end. */
  onRequest(): void {
    this.#underWay++
    if (this.#state === State.Draining) this.#lastRequestAt = this.#clock.now()
  }

  /** A request that arrived is over, or became an upgraded connection: those have a time of their own at the end. */
  onDone(): void {
    this.#underWay--
    if (this.#state === State.Quiet) this.#conclude()
  }

  /** Begins to drain, or joins. Resolves when the quiet period is over, or {@link reset} was called. */
  becomeQuiet(): Promise<void> {
    if (this.#state >= State.Quiet) return Promise.resolve()
    const quiet = new Promise<void>((resolve) => this.#waitingForQuiet.push(resolve))
    this.#begin()
    return quiet
  }

  /** Begins to drain, or joins. Resolves when no request is under way after the quiet period, or {@link reset} was called. */
  drain(): Promise<void> {
    if (this.#state === State.Drained) return Promise.resolve()
    const drained = new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#begin()
    return drained
  }

  /** It was no end after all: probes succeed again, and whoever waits for the drain is released. */
  reset(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#state = State.Serving
    release(this.#waitingForQuiet)
    release(this.#waiting)
  }

  #begin(): void {
    if (this.#state !== State.Serving) return
    this.#state = State.Draining
    this.#lastRequestAt = this.#clock.now()
    this.#await(this.#quietMs)
    this.onDraining()
  }

  #await(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => {
      const quietFor = this.#clock.now() - this.#lastRequestAt
      if (quietFor < this.#quietMs) return this.#await(this.#quietMs - quietFor)
      this.#cancel = null
      this.#state = State.Quiet
      release(this.#waitingForQuiet)
      this.#conclude()
    })
  }

  #conclude(): void {
    if (this.#underWay > 0) return
    this.#state = State.Drained
    release(this.#waiting)
  }
}

function release(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve()
}
