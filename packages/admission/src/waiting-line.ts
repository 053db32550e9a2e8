/** Where a {@link Waiter} stands. */
export const Place = {
  /** Not asked yet, or gone. */
  Outside: 0,
  /** In the line. */
  Waiting: 1,
  /** It has a slot. */
  Running: 2,
} as const
/** One of {@link Place}. */
export type Place = (typeof Place)[keyof typeof Place]

/**
 * Somebody who can stand in a line. The links of the line are fields of the object itself, so that joining and leaving allocate
 * nothing and cost the same however long the line is.
 */
export abstract class Queued {
  place: Place = Place.Outside
  /** The one behind, or null. Belongs to the line. */
  behind: Queued | null = null
  /** The one before, or null. Belongs to the line. */
  ahead: Queued | null = null
}

/** Somebody who wants a slot of a {@link ConcurrencyLimit}. */
export abstract class Waiter extends Queued {
  /** It waited and has a slot now. */
  abstract onGranted(): void
  /** It waited and was turned away to make room for another. */
  abstract onEvicted(): void
}

/** Waiters in the order they came. */
export class WaitingLine<Member extends Queued = Waiter> {
  #first: Member | null = null
  #last: Member | null = null
  #length = 0

  /** Number of waiters. */
  get length(): number {
    return this.#length
  }

  /** The one that waited longest, or null. */
  get first(): Member | null {
    return this.#first
  }

  /** Puts `waiter` at the end. It must be in no line. */
  join(waiter: Member): void {
    this.joinBefore(null, waiter)
  }

  /** Puts `waiter` before `other`, which stands in this line, or at the end for null. It must be in no line. */
  joinBefore(other: Member | null, waiter: Member): void {
    const ahead = other === null ? this.#last : (other.ahead as Member | null)
    waiter.place = Place.Waiting
    waiter.ahead = ahead
    waiter.behind = other
    if (ahead === null) this.#first = waiter
    else ahead.behind = waiter
    if (other === null) this.#last = waiter
    else other.ahead = waiter
    this.#length++
  }

  /** Takes out the one that waited longest, or null. */
  shift(): Member | null {
    const first = this.#first
    if (first !== null) this.remove(first)
    return first
  }

  /** Takes out `waiter`, wherever it stands. It must be in this line. */
  remove(waiter: Member): void {
    const ahead = waiter.ahead as Member | null
    const behind = waiter.behind as Member | null
    if (ahead === null) this.#first = behind
    else ahead.behind = behind
    if (behind === null) this.#last = ahead
    else behind.ahead = ahead
    waiter.ahead = null
    waiter.behind = null
    waiter.place = Place.Outside
    this.#length--
  }
}
