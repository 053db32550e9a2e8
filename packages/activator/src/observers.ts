import type { HoldRefusal } from '@pilotlight/admission'
import type { Failure } from '@pilotlight/relay'
import type { Instance } from './balance/instance.ts'
import type { Call } from './call.ts'
import type { RequestMarks } from './request-marks.ts'
import type { RequestObserver } from './request-observer.ts'

/** One observer for all of them, told in their order; null for none. A single one is itself the answer, at no cost. */
export function joinObservers(list: readonly RequestObserver[]): RequestObserver | null {
  if (list.length <= 1) return list[0] ?? null
  return list.reduce((first, second) => new ObserverPair(first, second))
}

/** Tells two. */
class ObserverPair implements RequestObserver {
  readonly #first: RequestObserver
  readonly #second: RequestObserver

  constructor(first: RequestObserver, second: RequestObserver) {
    this.#first = first
    this.#second = second
  }

  onRequest(call: Call, marks: RequestMarks): void {
    this.#first.onRequest(call, marks)
    this.#second.onRequest(call, marks)
  }

  onHeld(call: Call): void {
    this.#first.onHeld(call)
    this.#second.onHeld(call)
  }

  onDispatch(call: Call, instance: Instance): void {
    this.#first.onDispatch(call, instance)
    this.#second.onDispatch(call, instance)
  }

  onResponse(call: Call): void {
    this.#first.onResponse(call)
    this.#second.onResponse(call)
  }

  onRetry(call: Call, failure: Failure): void {
    this.#first.onRetry(call, failure)
    this.#second.onRetry(call, failure)
  }

  onRefused(call: Call, reason: HoldRefusal | null): void {
    this.#first.onRefused(call, reason)
    this.#second.onRefused(call, reason)
  }

  onFailure(call: Call, failure: Failure): void {
    this.#first.onFailure(call, failure)
    this.#second.onFailure(call, failure)
  }

  onDone(call: Call, now: number): void {
    this.#first.onDone(call, now)
    this.#second.onDone(call, now)
  }
}
