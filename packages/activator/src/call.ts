import { HeldRequest, type HoldRefusal } from '@pilotlight/admission'
import type { Exchange } from '@pilotlight/relay'
import type { Instance } from './balance/instance.ts'
import type { ColdWait } from './cold-starts/cold-wait.ts'
import type { Revision } from './revision.ts'

/** Who answers a {@link Call} that is turned away. */
export interface CallOwner {
  onEvicted(call: Call, reason: HoldRefusal): void
}

/** One request on its way to an instance, and what was taken for it. */
export class Call extends HeldRequest {
  readonly exchange: Exchange
  readonly revision: Revision
  /** Whether the fields that say who asks are to be believed. */
  readonly isTrusted: boolean
  /** Where it is, while it holds a slot there. */
  instance: Instance | null = null
  /** Body bytes that are reserved for it. */
  bytes = 0
  /** Times it was sent again. */
  retries = 0
  /** Whether the sidecar was told that it may refuse. */
  mayBeRefused = false
  /** Whether a sidecar refused it: the next one lets it wait instead. */
  mustQueue = false
  /** Whether it ever waited. */
  wasHeld = false
  /** How it waits, or waited, for a cold start; null for most. */
  wait: ColdWait | null = null
  /** What it is called in X-Request-Id, in logs and on the admin port; empty as long as nobody asked. */
  requestId = ''
  /** Value of `traceresponse`, or empty. */
  traceResponse = ''
  /** What the observer keeps of it. */
  notes: unknown = null
  readonly #owner: CallOwner

  constructor(exchange: Exchange, revision: Revision, isTrusted: boolean, owner: CallOwner) {
    super()
    this.exchange = exchange
    this.revision = revision
    this.isTrusted = isTrusted
    this.#owner = owner
  }

  override onEvicted(reason: HoldRefusal): void {
    this.#owner.onEvicted(this, reason)
  }
}
