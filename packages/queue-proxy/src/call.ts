import { Waiter } from '@pilotlight/admission'
import type { Exchange } from '@pilotlight/relay'
import type { RequestMarks } from './request-marks.ts'

/** Who decides about a {@link Call} that waited. */
export interface CallOwner {
  onGranted(call: Call): void
  onEvicted(call: Call): void
}

/** One request on its way to the app, and what has to be known of it until it is over. */
export class Call extends Waiter {
  readonly exchange: Exchange
  /** Whether the activator reports it too. */
  readonly isProxied: boolean
  /** Whether it takes a slot and counts for the autoscaler; a kubelet's probe of the app does neither. */
  readonly isCounted: boolean
  /** Whether it is left out of request metrics, traces and the request log. */
  readonly isProbe: boolean
  /** Whether the caller is told of our slots, and would rather be refused than wait. */
  readonly wantsSlots: boolean
  /** Whether the drain waits for its end. */
  holdsDrain = true
  /** What the observer keeps of it. */
  notes: unknown = null
  readonly #owner: CallOwner

  constructor(exchange: Exchange, owner: CallOwner, marks: RequestMarks) {
    super()
    this.exchange = exchange
    this.#owner = owner
    this.isProxied = marks.isProxied
    this.isCounted = !marks.isKubeletProbe
    this.isProbe = marks.isAnyProbe
    this.wantsSlots = marks.mayRefuse
  }

  override onGranted(): void {
    this.#owner.onGranted(this)
  }

  override onEvicted(): void {
    this.#owner.onEvicted(this)
  }
}
