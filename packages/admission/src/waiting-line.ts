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
 * Somebody who wants a slot. The links of the line are fields of the waiter itself, so that joining and leaving
 * allocate nothing and cost the same however long the line is.
 */
export abstract class Waiter {
  place: Place = Place.Outside
  /** The one behind, or null. Belongs to the line. */
  behind: Waiter | null = null
  /** The one before, or null. Belongs to the line. */
  ahead: Waiter | null = null

  /** It waited and has a slot now. */
  abstract onGranted(): void
  /** It waited and was turned away to make room for another. */
  abstract onEvicted(): void
}

/** Waiters in the order they came. */
export class WaitingLine {
  #first: Waiter | null = null
  #last: Waiter | null = null
  #length = 0

  /** Number of waiters. */
  get length(): number {
    return this.#length
  }

  /** Puts `waiter` at the end. It must be in no line. */
  join(waiter: Waiter): void {
    waiter.place = Place.Waiting
    waiter.ahead = this.#last
    if (this.#last === null) this.#first = waiter
    else this.#last.behind = waiter
    this.#last = waiter
    this.#length++
  }

  /** Takes out the one that waited longest, or null. */
  shift(): Waiter | null {
    const first = this.#first
    if (first !== null) this.remove(first)
    return first
  }

  /** Takes out `waiter`, wherever it stands. It must be in this line. */
  remove(waiter: Waiter): void {
    const { ahead, behind } = waiter
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
