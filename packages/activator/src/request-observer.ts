import type { HoldRefusal } from '@pilotlight/admission'
import type { Failure } from '@pilotlight/relay'
import type { Instance } from './balance/instance.ts'
import type { Call } from './call.ts'
import type { RequestMarks } from './request-marks.ts'

/** Sees every step of a request; metrics, traces and the request log are made of it. Called on the hot path. */
export interface RequestObserver {
  /** It was counted, and is on its way to an instance of a known revision. */
  onRequest(call: Call, marks: RequestMarks): void
  /** It waits. It may come to that more than once. */
  onHeld(call: Call): void
  /** It is sent to an instance; its fields may still be edited. */
  onDispatch(call: Call, instance: Instance): void
  /** The head of the response came. */
  onResponse(call: Call): void
  /** An attempt failed, and it will be sent again. */
  onRetry(call: Call, failure: Failure): void
  /** It is turned away; `reason` is null when no instance can be started. */
  onRefused(call: Call, reason: HoldRefusal | null): void
  /** An attempt failed for good, or a clock ran out, before a response began. */
  onFailure(call: Call, failure: Failure): void
  /** It is over. `now` is in ms. */
  onDone(call: Call, now: number): void
}
