import { monotonicNow } from './monotonic-clock.ts'

/** Slots of the wheel; with the default tick it spans half a minute, later deadlines go around. */
const SLOTS = 512

/** After so many ticks without `arm` the wheel sleeps; half a second, so that a service scraped every second does. */
const QUIET_TICKS = 10
/** So many questions for the coarse time within {@link ASKING_MS} end a sleep: a tick is cheaper than reading the clock. */
const ASKED_MAX = 64
const ASKING_MS = 1000
/** Longest sleep, ms: far below what a timer of node can wait, and a clock that jumped is noticed some time. */
const SLEEP_MAX_MS = 3_600_000
/** So many deadlines are looked at to find out how long to sleep; more make the sleep shorter, not the look longer. */
const LOOKED_AT_MAX = 4096

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

/** What drives a wheel: calls `then` once after `ms`, unless `clear` or another `set` comes first. */
export interface WheelTimer {
  set(ms: number, then: () => void): void
  clear(): void
}

/** A timer of node that keeps no process alive. */
class NodeTimer implements WheelTimer {
  #timeout: NodeJS.Timeout | null = null

  set(ms: number, then: () => void): void {
    this.clear()
    this.#timeout = setTimeout(then, ms)
    this.#timeout.unref()
  }

  clear(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout)
    this.#timeout = null
  }
}

/**
 * One coarse timer for every deadline of a process. A deadline never fires early; it fires at most about two ticks
 * late. Putting a deadline off is one store: the object stays in its slot and is moved when the wheel reaches it.
 *
 *     Stopped (nothing armed) ─► Ticking ─► Asleep (nothing armed anew for a while) ─► Ticking …
 *
 * Asleep it waits for the first deadline itself instead of turning slot by slot.
 */
export class TimerWheel {
  /** Length of a tick, ms. */
  readonly tickMs: number
  readonly #now: () => number
  /**
   * Made when something is first linked in it. All of them at once are enough for V8 to compile their constructor
   * anew, and its second compiler costs an idle process 3 MB.
   */
  readonly #slots: (Slot | null)[] = Array.from<Slot | null>({ length: SLOTS }).fill(null)
  #tick = 0
  #coarseNow: number
  #armed = 0
  readonly #timer: WheelTimer | null
  #quietTicks = 0
  /** The tick up to which it sleeps, or -1: no deadline is before it. */
  #sleepEnd = -1
  #asked = 0
  #askedSince = 0

  /**
   * `now` is a monotonic clock in ms. Tests pass their own, and with it a timer, or null when they call {@link advance}
   * themselves; such a wheel never sleeps.
   */
  constructor(
    tickMs = 50,
    now: () => number = monotonicNow,
    timer: WheelTimer | null = now === monotonicNow ? new NodeTimer() : null,
  ) {
    this.tickMs = tickMs
    this.#now = now
    this.#timer = timer
    this.#coarseNow = now()
  }

  /** Time on the wheel's clock, ms. */
  now(): number {
    return this.#now()
  }

  /**
   * The time of the last tick, ms: good enough to say when something happened last, and free. While nothing is armed, or
   * the wheel sleeps, there are no ticks, and it is the time itself.
   */
  get coarseNow(): number {
    if (this.#sleepEnd >= 0) return this.#nowAsleep()
    return this.#armed > 0 ? this.#coarseNow : this.#now()
  }

  #nowAsleep(): number {
    const now = this.#now()
    if (now - this.#askedSince > ASKING_MS) {
      this.#askedSince = now
      this.#asked = 0
    }
    if (++this.#asked > ASKED_MAX) this.#wakeUp()
    return now
  }

  /** Number of armed objects. */
  get armed(): number {
    return this.#armed
  }

  /** Sets the deadline of `timed` to `deadline`, in ms on the wheel's clock. */
  arm(timed: Timed, deadline: number): void {
    timed.deadline = deadline
    this.#quietTicks = 0
    const tick = Math.ceil(deadline / this.tickMs)
    if (this.#sleepEnd >= 0 && tick < this.#sleepEnd) this.#wakeUp()
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

  /** Fires what is due. Called by the timer; tests with their own clock call it. */
  advance(): void {
    const now = this.#now()
    this.#coarseNow = now
    const target = Math.floor(now / this.tickMs)
    // After a long pause one round over all slots reaches everything.
    if (target - this.#tick > SLOTS) this.#tick = target - SLOTS
    while (this.#tick < target && this.#armed > 0) this.#turn(this.#slots[++this.#tick % SLOTS], now)
    if (this.#tick < target) this.#tick = target
  }

  #turn(slot: Slot | null, now: number): void {
    if (slot === null) return
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
    const slot = (this.#slots[at % SLOTS] ??= new Slot())
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

  // ── ticking and sleeping ────────────────────────────────────────────────────────────────────────────────────────

  #start(): void {
    this.#coarseNow = this.#now()
    this.#tick = Math.floor(this.#coarseNow / this.tickMs)
    this.#timer?.set(this.tickMs, this.#onTimer)
  }

  #stop(): void {
    this.#sleepEnd = -1
    this.#timer?.clear()
  }

  readonly #onTimer = (): void => {
    // What was armed while it slept is no reason to tick, or it would not have slept on.
    if (this.#sleepEnd >= 0) this.#quietTicks = QUIET_TICKS
    this.#sleepEnd = -1
    this.advance()
    if (this.#armed === 0) return
    if (++this.#quietTicks > QUIET_TICKS) this.#sleep()
    else this.#timer!.set(this.tickMs, this.#onTimer)
  }

  #sleep(): void {
    this.#sleepEnd = this.#firstDue()
    const ms = Math.max(0, this.#sleepEnd * this.tickMs - this.#now())
    // A timer of node counts whole ms and may be early by one.
    this.#timer!.set(Math.ceil(ms) + 1, this.#onTimer)
  }

  /**
   * Ticks again. The slots are turned with the next tick: until then they count from where the wheel fell asleep, which
   * puts what is armed now in slots that come too early, never too late.
   */
  #wakeUp(): void {
    this.#sleepEnd = -1
    this.#quietTicks = 0
    this.#asked = 0
    this.#coarseNow = this.#now()
    this.#timer!.set(this.tickMs, this.#onTimer)
  }

  /**
   * The tick of the first deadline, or an earlier one when there is too much to look at. It is the deadlines that count:
   * most objects stand in slots of deadlines that were put off since.
   */
  #firstDue(): number {
    let due = this.#tick + Math.ceil(SLEEP_MAX_MS / this.tickMs)
    let left = LOOKED_AT_MAX
    for (let tick = this.#tick + 1; tick < due && tick < this.#tick + SLOTS; tick++) {
      const slot = this.#slots[tick % SLOTS]
      if (slot === null) continue
      for (let timed = slot.timerNext!; timed !== slot; timed = timed.timerNext!) {
        due = Math.min(due, Math.ceil(timed.deadline / this.tickMs))
        if (--left === 0) return Math.min(due, tick)
      }
    }
    return Math.max(due, this.#tick + 1)
  }
}
