import type { Failure } from './failure.ts'
import type { Clocks } from './sides.ts'

/** What the clocks need to know of where an exchange stands. */
export const Stage = {
  /** Not dispatched. */
  Waiting: 0,
  /** Dispatched; no response yet. */
  Dispatched: 1,
  /** The response has begun, or was ours. */
  Responding: 2,
  /** The connection was upgraded. */
  Tunnel: 3,
} as const
/** One of {@link Stage}. */
export type Stage = (typeof Stage)[keyof typeof Stage]

/** When the things happened that the clocks of one exchange count from; ms, Infinity or 0 while they have not. */
export class ExchangeClocks {
  /** Which clocks apply. */
  clocks: Clocks
  /** When the head was complete. */
  readonly startedAt: number
  /** When the last attempt was dispatched. */
  dispatchedAt = 0
  /** When the last byte moved, by the coarse time of the wheel. */
  lastActivity = 0
  /** When a client that waits for 100 gets ours; Infinity before the dispatch, 0 for never. */
  continueAt = 0
  /** How long the rest of a request may be silent after its answer; 0 while it has none. */
  lingerMs = 0
  /** When an upgraded connection has lived long enough; 0 for never. */
  tunnelEndsAt = 0
  /** Whether a clock ran out and the service went on: of those that run while waiting, only the total is left. */
  isOverdue = false

  readonly #tickMs: number

  /** `tickMs` is the tick of the wheel, which is how coarse {@link lastActivity} is. */
  constructor(clocks: Clocks, startedAt: number, tickMs: number) {
    this.clocks = clocks
    this.startedAt = startedAt
    this.#tickMs = tickMs
  }

  /** The earliest deadline, or Infinity. */
  next(stage: Stage): number {
    const { clocks } = this
    let at = Math.min(this.#lifetimeEndsAt(stage), this.#lingerEndsAt())
    if (stage === Stage.Waiting)
      return this.isOverdue ? at : Math.min(at, this.#queueEndsAt(), this.#waitingResponseEndsAt())
    if (stage === Stage.Dispatched) {
      at = Math.min(at, this.#responseStartEndsAt())
      if (this.continueAt > 0) at = Math.min(at, this.continueAt)
    }
    return clocks.idleMs > 0 ? Math.min(at, this.#silentUntil(clocks.idleMs)) : at
  }

  /** The clock that ran out by `now`; `lingered` when the rest of an answered request did not come; empty for none. */
  expired(stage: Stage, now: number): Failure | 'lingered' | '' {
    if (this.#lingerEndsAt() <= now) return 'lingered'
    if (this.#lifetimeEndsAt(stage) <= now) return stage === Stage.Tunnel ? 'tunnel-timeout' : 'total-timeout'
    if (stage === Stage.Waiting) {
      if (this.isOverdue) return ''
      if (this.#queueEndsAt() <= now) return 'queue-timeout'
      return this.#waitingResponseEndsAt() <= now ? 'response-start-timeout' : ''
    }
    if (stage === Stage.Dispatched && this.#responseStartEndsAt() <= now) return 'response-start-timeout'
    const { idleMs } = this.clocks
    return idleMs > 0 && this.#silentUntil(idleMs) <= now ? 'idle-timeout' : ''
  }

  /** Upgraded connections have a lifetime of their own instead of the total. */
  #lifetimeEndsAt(stage: Stage): number {
    if (stage === Stage.Tunnel) return this.tunnelEndsAt > 0 ? this.tunnelEndsAt : Infinity
    return this.clocks.totalMs > 0 ? this.startedAt + this.clocks.totalMs : Infinity
  }

  #lingerEndsAt(): number {
    return this.lingerMs > 0 ? this.#silentUntil(this.lingerMs) : Infinity
  }

  #queueEndsAt(): number {
    return this.clocks.queueMs > 0 ? this.startedAt + this.clocks.queueMs : Infinity
  }

  #waitingResponseEndsAt(): number {
    return this.clocks.responseStartIncludesQueue ? this.#responseStartEndsAt() : Infinity
  }

  #responseStartEndsAt(): number {
    const { responseStartMs, responseStartIncludesQueue } = this.clocks
    if (responseStartMs <= 0) return Infinity
    return (responseStartIncludesQueue ? this.startedAt : this.dispatchedAt) + responseStartMs
  }

  /** Activity is stamped with coarse time, so one tick is added: no clock fires early. */
  #silentUntil(ms: number): number {
    return this.lastActivity + ms + this.#tickMs
  }
}
