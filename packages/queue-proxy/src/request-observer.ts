import type { Exchange, Failure } from '@pilotlight/relay'
import type { Call } from './call.ts'
import type { RequestMarks } from './request-marks.ts'

/** Sees every step of a request; metrics, traces and the request log are made of it. Called on the hot path. */
export interface RequestObserver {
  /** A request is on its way to the app. */
  onRequest(call: Call, marks: RequestMarks): void
  /** It asks for a slot. */
  onLimit(call: Call): void
  /** It has one. */
  onGranted(call: Call): void
  /** It is turned away. */
  onRefused(call: Call, reason: 'queue-full' | 'busy'): void
  /** It is sent to the app; its fields may still be edited. */
  onForward(call: Call): void
  /** The head of the app's response came. */
  onResponse(call: Call): void
  /** An attempt failed, or a clock ran out, before a response began. */
  onFailure(call: Call, failure: Failure): void
  /** It is over. `now` is in ms. */
  onDone(call: Call, now: number): void
  /** A probe that was answered here is over. */
  onProbeDone(exchange: Exchange): void
}
