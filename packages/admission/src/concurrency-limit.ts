import { Place, Waiter, WaitingLine } from './waiting-line.ts'

/** What {@link ConcurrencyLimit.enter} decided. */
export const Admission = {
  /** The waiter has a slot. */
  Granted: 0,
  /** It stands in the line; `onGranted` or `onEvicted` follows unless it leaves. */
  Waiting: 1,
  /** No slot is free and it may not wait, or the line is full. */
  Refused: 2,
} as const
/** One of {@link Admission}. */
export type Admission = (typeof Admission)[keyof typeof Admission]

/** Who is turned away when the line is full: who comes, or who waited longest. */
export type Overflow = 'refuse-newest' | 'refuse-oldest'

/**
 * At most `capacity` run, at most `depth` wait, oldest first.
 *
 * Invariants: nobody waits while a slot is free; running never grows above the capacity (a capacity that was lowered
 * lets those who run go on); a waiter has one place at a time. Everything is synchronous: a slot that is given back
 * is granted before {@link leave} returns.
 */
export class ConcurrencyLimit {
  readonly #depth: number
  readonly #overflow: Overflow
  readonly #line = new WaitingLine()
  #capacity: number
  #running = 0
  #isGranting = false

  /** `capacity` slots, at least 0, and `depth` places in the line, at least 0. Throws `RangeError` otherwise. */
  constructor(capacity: number, depth: number, overflow: Overflow = 'refuse-newest') {
    checkCount('capacity', capacity)
    checkCount('depth', depth)
    this.#capacity = capacity
    this.#depth = depth
    this.#overflow = overflow
  }

  /** Slots there are, taken or not. */
  get capacity(): number {
    return this.#capacity
  }

  /** Slots taken. */
  get running(): number {
    return this.#running
  }

  /** Waiters in the line. */
  get waiting(): number {
    return this.#line.length
  }

  /** Slots that could be taken now. */
  get free(): number {
    return Math.max(0, this.#capacity - this.#running)
  }

  /** Running and waiting together: what Knative calls pending. */
  get pending(): number {
    return this.#running + this.#line.length
  }

  /**
   * Asks for a slot. `mayWait` false asks for one that is free now. Throws when `waiter` is inside already: a slot
   * taken twice would be given back once.
   */
  enter(waiter: Waiter, mayWait = true): Admission {
    if (waiter.place !== Place.Outside) throw new Error('a waiter may enter a limit once')
    if (this.#running < this.#capacity && this.#line.length === 0) {
      this.#running++
      waiter.place = Place.Running
      return Admission.Granted
    }
    if (!mayWait || !this.#hasRoom()) return Admission.Refused
    this.#line.join(waiter)
    return Admission.Waiting
  }

  #hasRoom(): boolean {
    if (this.#line.length < this.#depth) return true
    if (this.#overflow === 'refuse-newest' || this.#depth === 0) return false
    this.#line.shift()!.onEvicted()
    return true
  }

  /** Gives back the slot, or leaves the line. Does nothing for a waiter that is outside. */
  leave(waiter: Waiter): void {
    if (waiter.place === Place.Waiting) return this.#line.remove(waiter)
    if (waiter.place === Place.Outside) return
    waiter.place = Place.Outside
    this.#running--
    this.#grant()
  }

  /** Changes the number of slots. New ones are granted at once; those who run are never interrupted. */
  setCapacity(capacity: number): void {
    checkCount('capacity', capacity)
    this.#capacity = capacity
    this.#grant()
  }

  #grant(): void {
    // A grant may end at once and give its slot back: the loop that runs already sees that.
    if (this.#isGranting) return
    this.#isGranting = true
    while (this.#running < this.#capacity) {
      const next = this.#line.shift()
      if (next === null) break
      next.place = Place.Running
      this.#running++
      next.onGranted()
    }
    this.#isGranting = false
  }
}

function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${name} is ${value}: it must be a whole number, at least 0`)
}
