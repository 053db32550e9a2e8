/** Slots of the wheel; with the default tick it spans half a minute, later deadlines go around. */
const SLOTS = 512

/**
 * Something with at most one deadline on a {@link TimerWheel}. The links are fields of the object itself, so arming
 * and disarming allocate nothing.
 */
export abstract class Timed {
  /** When to fire, ms on the wheel's clock. Meaningful while armed. */
  deadline = 0
  timerNext: Timed | null = null
  timerPrevious: Timed | null = null
  /** The tick of the slot it is linked in, or -1. */
  timerTick = -1

  /** Called once the deadline has passed; the object is disarmed by then and may arm itself anew. */
  abstract onDeadline(now: number): void
}

class Slot extends Timed {
  constructor() {
    super()
    this.timerNext = this
    this.timerPrevious = this
  }

  override onDeadline(): void {}
}

/**
 * One coarse timer for every deadline of a process. A deadline never fires early; it fires at most about two ticks
 * late. Putting a deadline off is one store: the object stays in its slot and is moved when the wheel reaches it.
 * The underlying interval runs only while something is armed, and keeps no process alive.
 */
export class TimerWheel {
  /** Length of a tick, ms. */
  readonly tickMs: number
  readonly #now: () => number
  readonly #slots: Slot[] = []
  #tick = 0
  #coarseNow: number
  #armed = 0
  #interval: NodeJS.Timeout | null = null

  /** `now` is a monotonic clock in ms; tests pass their own and call {@link advance} themselves. */
  constructor(tickMs = 50, now: () => number = monotonicNow) {
    this.tickMs = tickMs
    this.#now = now
    this.#coarseNow = now()
    for (let i = 0; i < SLOTS; i++) this.#slots.push(new Slot())
  }

  /** Time on the wheel's clock, ms. */
  now(): number {
    return this.#now()
  }

  /**
   * The time of the last tick, ms: good enough to say when something happened last, and free. While nothing is armed
   * there are no ticks, and it is the time itself.
   */
  get coarseNow(): number {
    return this.#armed > 0 ? this.#coarseNow : this.#now()
  }

  /** Number of armed objects. */
  get armed(): number {
    return this.#armed
  }

  /** Sets the deadline of `timed` to `deadline`, in ms on the wheel's clock. */
  arm(timed: Timed, deadline: number): void {
    timed.deadline = deadline
    const tick = Math.ceil(deadline / this.tickMs)
    // Already linked in an earlier slot: it will be moved on when that slot comes up.
    if (timed.timerTick >= 0 && timed.timerTick <= tick) return
    if (timed.timerTick >= 0) this.#unlink(timed)
    else if (this.#armed++ === 0) this.#start()
    this.#link(timed, tick)
  }

  /** Takes the deadline away. Does nothing when there is none. */
  disarm(timed: Timed): void {
    if (timed.timerTick < 0) return
    this.#unlink(timed)
    if (--this.#armed === 0) this.#stop()
  }

  /** Fires what is due. Called by the interval; tests with their own clock call it. */
  advance(): void {
    const now = this.#now()
    this.#coarseNow = now
    const target = Math.floor(now / this.tickMs)
    // After a long pause one round over all slots reaches everything.
    if (target - this.#tick > SLOTS) this.#tick = target - SLOTS
    while (this.#tick < target && this.#armed > 0) this.#turn(this.#slots[++this.#tick % SLOTS], now)
    if (this.#tick < target) this.#tick = target
  }

  #turn(slot: Slot, now: number): void {
    // The due objects are moved to a list of their own: what they arm while firing must not be met again here.
    const first = slot.timerNext!
    if (first === slot) return
    slot.timerPrevious!.timerNext = null
    slot.timerNext = slot
    slot.timerPrevious = slot
    for (let timed: Timed | null = first; timed !== null;) {
      const next: Timed | null = timed.timerNext
      this.#detached = next
      if (next !== null) next.timerPrevious = null
      timed.timerTick = -1
      timed.timerNext = null
      timed.timerPrevious = null
      if (timed.deadline > now) {
        this.#link(timed, Math.ceil(timed.deadline / this.tickMs))
      } else {
        if (--this.#armed === 0) this.#stop()
        timed.onDeadline(now)
      }
      timed = this.#detached
    }
    this.#detached = null
  }
  /** The rest of the list that {@link #turn} walks. */
  #detached: Timed | null = null

  #link(timed: Timed, tick: number): void {
    // A deadline in the past or beyond the wheel gets the nearest slot that is still to come.
    const at = Math.min(Math.max(tick, this.#tick + 1), this.#tick + SLOTS - 1)
    const slot = this.#slots[at % SLOTS]
    timed.timerTick = at
    timed.timerNext = slot
    timed.timerPrevious = slot.timerPrevious
    slot.timerPrevious!.timerNext = timed
    slot.timerPrevious = timed
  }

  #unlink(timed: Timed): void {
    // While its slot is being turned, the object may be the one to be visited next.
    if (timed === this.#detached) this.#detached = timed.timerNext
    if (timed.timerPrevious !== null) timed.timerPrevious.timerNext = timed.timerNext
    if (timed.timerNext !== null) timed.timerNext.timerPrevious = timed.timerPrevious
    timed.timerNext = null
    timed.timerPrevious = null
    timed.timerTick = -1
  }

  #start(): void {
    this.#coarseNow = this.#now()
    this.#tick = Math.floor(this.#coarseNow / this.tickMs)
    if (this.#now !== monotonicNow) return
    this.#interval = setInterval(() => this.advance(), this.tickMs)
    this.#interval.unref()
  }

  #stop(): void {
    if (this.#interval !== null) clearInterval(this.#interval)
    this.#interval = null
  }
}

function monotonicNow(): number {
  return performance.now()
}
