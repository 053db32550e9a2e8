import { type HoldRefusal, Place } from '@pilotlight/admission'
import type { ScalingState } from '@pilotlight/platform'
import type { Failure } from '@pilotlight/relay'
import type { ColdStartRecord, Logger, RequestTimeline } from '@pilotlight/telemetry'
import type { Instance } from '../balance/instance.ts'
import type { Call } from '../call.ts'
import type { RequestObserver } from '../request-observer.ts'
import type { Revision } from '../revision.ts'
import { ColdStart } from './cold-start.ts'
import { logColdStart } from './cold-start-log.ts'
import { ColdWait } from './cold-wait.ts'
import { Recent, RecentByName } from './recent.ts'
import type { RequestIds } from './request-ids.ts'

/** Cold starts that are remembered. */
export const RECORDS_MAX = 50
/** Requests that are remembered with how they waited, and how many of one cold start. */
export const WAITS_MAX = 1000
/** See {@link WAITS_MAX}. */
export const WAITS_EACH_MAX = 200

/** What the recorder is made of. */
export interface ColdStartsParts {
  readonly ids: RequestIds
  readonly log: Logger
  /** In front of the number of each cold start; another one in each process. */
  readonly prefix: string
  /** Time, ms: monotonic as that of exchanges, and the wall clock. */
  readonly clock: { now(): number; wall(): number }
  /** Told of each one when it is over; null without metrics. */
  readonly measure: ((revision: Revision, record: ColdStartRecord) => void) | null
}

/**
 * Records cold starts: from the request that waits for a revision without an instance to the first byte of its response. A revision has one
 * at a time. Whoever is no part of one costs a look at a field that is null.
 */
export class ColdStarts implements RequestObserver {
  /** Told of each one when it is over. */
  onRecord: (record: ColdStartRecord) => void = () => {}
  readonly #parts: ColdStartsParts
  readonly #records = new Recent<ColdStartRecord>(RECORDS_MAX)
  readonly #waits = new RecentByName<ColdWait>(WAITS_MAX)
  #count = 0

  constructor(parts: ColdStartsParts) {
    this.#parts = parts
  }

  // ── for those who look ──────────────────────────────────────────────────────────────────────────────────────────

  /** The last ones, newest first. */
  get last(): readonly ColdStartRecord[] {
    return this.#records.values
  }

  /** How a request waited for one; null when that is not known, not any more, or as long as the cold start goes on. */
  find(requestId: string): RequestTimeline | null {
    return this.#waits.get(requestId)?.timeline ?? null
  }

  /** The last one of a revision, or null. */
  lastOf(revision: Revision): ColdStartRecord | null {
    return revision.lastColdStart
  }

  // ── the revision ────────────────────────────────────────────────────────────────────────────────────────────────

  /** The platform is asked for an instance: a cold start begins, unless one is under way or everybody is turned away. */
  onWake(revision: Revision): void {
    if (revision.coldStart === null && revision.needsInstance && revision.trouble === '')
      this.#begin(revision)
    revision.coldStart?.onWoken()
  }

  #begin(revision: Revision): ColdStart {
    const { clock, log, measure, prefix } = this.#parts
    const { name, namespace } = revision.spec
    const now = clock.now()
    const queuedAt = firstArrival(revision) ?? now
    const coldStart = new ColdStart({
      id: `cold-${prefix}-${++this.#count}`,
      name: { name, namespace },
      queuedAt,
      startedAt: clock.wall() - (now - queuedAt),
      scaling: revision.scaling,
      now: () => clock.now(),
      onOver: (record) => {
        revision.coldStart = null
        revision.lastColdStart = record
        this.#records.add(record)
        logColdStart(log, record)
        measure?.(revision, record)
        this.onRecord(record)
      },
    })
    revision.coldStart = coldStart
    return coldStart
  }

  // ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

  onHeld(call: Call): void {
    const { revision } = call
    // Who waits for a slot of an instance waits for no cold start.
    if (revision.slots.hasInstances || revision.trouble !== '') return
    if (call.wait !== null && call.wait.coldStart.record === null) return
    this.#join(call, revision.coldStart ?? this.#begin(revision))
  }

  #join(call: Call, coldStart: ColdStart): ColdWait {
    if (call.requestId === '') call.requestId = this.#parts.ids.identify(call.exchange, call.isTrusted)
    const wait = new ColdWait(coldStart, call.requestId, call.exchange.startedAt)
    call.wait = wait
    coldStart.join(wait)
    if (coldStart.requests <= WAITS_EACH_MAX) this.#waits.add(wait.requestId, wait)
    return wait
  }

  onDispatch(call: Call, { address }: Instance): void {
    let { wait } = call
    const { coldStart, scaling } = call.revision
    // It came before the cold start did, or the instance was there before anybody could tell that it waits.
    if (wait === null && coldStart !== null && call.wasHeld) wait = this.#join(call, coldStart)
    if (wait === null) return
    wait.dispatchedAt = this.#parts.clock.now()
    wait.address = address
    wait.instance = nameOf(scaling, address)
    wait.coldStart.onDispatched(wait)
  }

  onRetry({ wait }: Call): void {
    wait?.coldStart.onRetry(wait)
  }

  onResponse({ exchange, wait }: Call): void {
    if (wait === null) return
    wait.firstByteAt = this.#parts.clock.now()
    wait.status = exchange.status
    wait.coldStart.onFirstByte(wait)
  }

  onRefused({ revision }: Call, reason: HoldRefusal | null): void {
    if (reason === null) revision.coldStart?.fail(revision.trouble)
  }

  onDone(call: Call, now: number): void {
    const { exchange, revision, wait } = call
    const { coldStart } = revision
    if (wait === null && coldStart === null) return
    const { failure } = exchange
    if (wait !== null) {
      wait.doneAt = now
      wait.status = exchange.status
      wait.coldStart.onLeft(wait, failure, othersWait(call))
    }
    if (coldStart !== null && coldStart !== wait?.coldStart) coldStart.endIfAlone(failure, othersWait(call))
  }

  onRequest(): void {}
  onFailure(_call: Call, _failure: Failure): void {}
}

/** Whether somebody beside `call` waits who has not joined the cold start; called before it leaves the line. */
function othersWait({ place, revision }: Call): boolean {
  return revision.line.length > (place === Place.Waiting ? 1 : 0)
}

/**
 * When the request came that begins a cold start: telling the platform of it takes a while before it waits. Null when there is more to it: some wait
 * for longer, or it was at an instance already.
 */
function firstArrival({ line }: Revision): number | null {
  const call = line.youngest as Call | null
  if (call === null || line.length > 1 || call.exchange.attempts > 0) return null
  return call.exchange.startedAt
}

function nameOf(scaling: ScalingState | null, address: string): string {
  return scaling?.instances.find((instance) => instance.address === address)?.name ?? address
}
