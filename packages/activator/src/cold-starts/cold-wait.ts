import {
  COLD_START_STEPS,
  type ColdStartPhase,
  coldStartPhases,
  type RequestTimeline,
} from '@pilotlight/telemetry'
import type { ColdStart, ReadyInstance } from './cold-start.ts'

/** One request that waited for a cold start. Times are ms of the monotonic clock; it keeps nothing of the request itself. */
export class ColdWait {
  readonly coldStart: ColdStart
  readonly requestId: string
  readonly arrivedAt: number
  /** When it was sent last; null before. */
  dispatchedAt: number | null = null
  firstByteAt: number | null = null
  doneAt: number | null = null
  /** Of the response; 0 when there was none. */
  status = 0
  /** Address of the instance it was sent to last, and its name or else the address; empty before. */
  address = ''
  instance = ''
  /** What was known of that instance when it was sent there, as long as the cold start went on. */
  readyInstance: ReadyInstance | null = null

  constructor(coldStart: ColdStart, requestId: string, arrivedAt: number) {
    this.coldStart = coldStart
    this.requestId = requestId
    this.arrivedAt = arrivedAt
  }

  /** How it waited; null while the cold start goes on. */
  get timeline(): RequestTimeline | null {
    const { record } = this.coldStart
    if (record === null) return null
    const { requestId, status, instance } = this
    return {
      requestId,
      coldStart: record,
      arrivedMs: this.coldStart.since(this.arrivedAt),
      dispatchedMs: this.#since(this.dispatchedAt),
      firstByteMs: this.#since(this.firstByteAt),
      doneMs: this.#since(this.doneAt),
      status,
      instance,
    }
  }

  #since(at: number | null): number | null {
    return at === null ? null : this.coldStart.since(at)
  }

  /**
   * The phases of its own wait, in order and without gaps: those of the cold start, cut where it came and where its own response began.
   * `startMs` is since it came.
   */
  get phases(): readonly ColdStartPhase[] {
    const { coldStart } = this
    const arrived = coldStart.since(this.arrivedAt)
    const steps = { ...coldStart.steps }
    for (const step of COLD_START_STEPS) {
      // What was known by then; what came later was for others.
      const at = steps[step]
      if (at !== null && this.dispatchedAt !== null && at > coldStart.since(this.dispatchedAt))
        steps[step] = null
    }
    steps.dispatched = this.#since(this.dispatchedAt)
    steps['first-byte'] = this.#since(this.firstByteAt)
    return coldStartPhases({ steps }).flatMap(({ phase, startMs, ms }) => {
      const start = Math.max(startMs, arrived)
      const end = startMs + ms
      return end <= start ? [] : [{ phase, startMs: start - arrived, ms: end - start }]
    })
  }
}
