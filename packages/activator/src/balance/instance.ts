import { Candidate } from '@pilotlight/admission'
import type { Endpoint } from '@pilotlight/relay'

/** Makes the pool of connections to an address. The namespace is what a certificate there must be for. */
export type Connect = (address: string, protocol: 'http1' | 'h2', namespace: string) => Endpoint

/** What an instance asks of the one it belongs to. */
export interface InstanceOwner {
  /** Slots may have become free without a request having ended. */
  onRoom(): void
  /** Whether another instance could take requests now. */
  hasOpenBeside(instance: Instance): boolean
  /** Time in ms, and a call after some of it. */
  readonly clock: InstanceClock
}

/** Time, as far as an instance needs it. */
export interface InstanceClock {
  after(ms: number, then: () => void): () => void
}

/** How a new instance without a limit gets the requests that were held. */
export interface Burst {
  /** Requests it gets before it answered any, at least 1. */
  readonly requests: number
  /** After this time it gets as many as there are, ms. */
  readonly ms: number
}

/** Pauses before an instance that could not be reached is tried again though nobody else is there, ms; the last is repeated. */
const TRIAL_PAUSES_MS = [50, 100, 200, 400, 800, 1000]

/**
 *     New (no limit: paced) ─► Good ─► Avoided ─► OnTrial ─► Good
 *                                ▲        ▲           │
 *                                └─ asked ┘◄──────────┘ failed again
 */
const Standing = {
  /** Without a limit of its own it is paced: each response makes room for one more. */
  New: 0,
  Good: 1,
  /** It could not be reached: others are asked, as long as there are any. */
  Avoided: 2,
  /** One request may find out. */
  OnTrial: 3,
} as const
type Standing = (typeof Standing)[keyof typeof Standing]

/** One instance of a revision, or the address in front of all of them. */
export class Instance extends Candidate {
  /** Whether its sidecar can refuse instead of queueing. */
  canRefuse = false
  #slots: number
  readonly #connect: (protocol: 'http1' | 'h2') => Endpoint
  readonly #owner: InstanceOwner
  #standing: Standing = Standing.Good
  #http1: Endpoint | null = null
  #http2: Endpoint | null = null
  #failures = 0
  #stopTimer: () => void = () => {}
  #isRetired = false

  /** `slots` is how many requests it takes at the same time, Infinity for no limit; `burst` paces one without. */
  constructor(
    address: string,
    slots: number,
    burst: Burst | null,
    connect: (protocol: 'http1' | 'h2') => Endpoint,
    owner: InstanceOwner,
  ) {
    super(address)
    this.#slots = slots
    this.#connect = connect
    this.#owner = owner
    this.capacity = slots
    if (burst === null || slots !== Infinity) return
    this.#standing = Standing.New
    this.capacity = burst.requests
    this.#stopTimer = owner.clock.after(burst.ms, () => this.#settle())
  }

  /** Where requests of this protocol go. The pool is made when it is first needed. */
  upstream(isHttp2: boolean): Endpoint {
    return isHttp2 ? (this.#http2 ??= this.#connect('h2')) : (this.#http1 ??= this.#connect('http1'))
  }

  /** Whether it is new, avoided or on trial: whether {@link onResponse} wants to hear of responses. */
  get isUnsettled(): boolean {
    return this.#standing !== Standing.Good
  }

  /** Changes how many requests it takes at the same time. */
  setSlots(slots: number): void {
    this.#slots = slots
    if (this.#standing === Standing.New) this.#settle()
    else if (this.#standing === Standing.Good) this.capacity = slots
  }

  /** It began to answer a request. */
  onResponse(): void {
    if (this.#standing === Standing.New) {
      this.capacity++
      this.#owner.onRoom()
    } else if (this.#standing !== Standing.Good) this.#settle()
  }

  /** It answered a probe. */
  onRecovered(): void {
    if (this.#standing === Standing.Avoided || this.#standing === Standing.OnTrial) this.#settle()
  }

  /**
   * It could not be reached. Others are asked from now on. When there are none it is tried again by one request after a pause: the
   * last instance is never given up, because a failed connect under load says little about its health.
   */
  onUnreachable(): void {
    if (this.#isRetired || this.#standing === Standing.Avoided) return
    this.#standing = Standing.Avoided
    this.isAvoided = true
    this.#awaitTrial()
  }

  #awaitTrial(): void {
    const pause = TRIAL_PAUSES_MS[Math.min(this.#failures++, TRIAL_PAUSES_MS.length - 1)]
    this.#stopTimer()
    this.#stopTimer = this.#owner.clock.after(pause, () => this.#tryAgain())
  }

  #tryAgain(): void {
    if (this.#owner.hasOpenBeside(this)) return this.#awaitTrial()
    this.#standing = Standing.OnTrial
    this.isAvoided = false
    this.capacity = Math.min(this.#slots, this.running + 1)
    this.#owner.onRoom()
  }

  #settle(): void {
    if (this.#isRetired) return
    this.#stopTimer()
    this.#standing = Standing.Good
    this.#failures = 0
    this.isAvoided = false
    this.capacity = this.#slots
    this.#owner.onRoom()
  }

  /** It is gone: its idle connections are closed, and dials under way fail. Requests at it go on. */
  retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    this.#stopTimer()
    // The requests whose dials fail now look for another instance at once.
    this.isAvoided = true
    this.#http1?.close()
    this.#http2?.close()
  }
}
