import { CallerLine } from './caller-line.ts'
import { ByteBudget } from './byte-budget.ts'
import type { HeldRequest } from './held-request.ts'
import { HoldRefusal } from './hold-refusal.ts'
import { Place } from './waiting-line.ts'

/** Bounds of one line, and who counts how much in it. */
export interface LineOptions {
  /** Requests that may wait. */
  readonly heldMax: number
  /** Body bytes of them that may be buffered. */
  readonly heldBytesMax: number
  /** Requests a caller has dispatched in each turn, 1 to 1000. */
  readonly weightOf: (caller: string) => number
}

/** The namespace a line belongs to, as the line sees it. */
export interface LineOwner {
  readonly bytes: ByteBudget
  /** The next place in the order of arrival. */
  nextSequence(): number
  /** Makes room for one more, or says why there is none. */
  mayEnter(line: RevisionLine): HoldRefusal
  /** One came to wait, or came back. */
  onEntered(line: RevisionLine): void
  /** One does not wait any more. */
  onLeft(line: RevisionLine): void
  awaitRoom(line: RevisionLine): void
  forget(line: RevisionLine): void
}

/**
 * The requests that wait for one revision.
 *
 * Callers take turns: in each turn a caller has as many requests dispatched as its weight says (deficit round robin; Shreedhar and Varghese).
 * While two callers wait, what they have had dispatched, each divided by its weight, differs by at most two turns, whoever else comes and goes.
 * A caller that comes new, or again, is the last of the turn: being away gains nothing. Among the requests of a caller the most urgent is first,
 * then the oldest; urgencies of different callers are not compared (RFC 9218 section 13).
 *
 * Everything costs the same however many wait; only {@link reenter} passes those that came back before.
 */
export class RevisionLine {
  /** Body bytes that are buffered for this revision, waiting or not. */
  readonly bytes: ByteBudget
  /** The namespace has room for another running request, and it is this line's turn. */
  onRoom: () => void = () => {}
  readonly #owner: LineOwner
  readonly #options: LineOptions
  /** Made when somebody waits: most revisions never have anybody. */
  #callers: Map<string, CallerLine> | null = null
  /** Whose turn it is. */
  #turn: CallerLine | null = null
  #oldest: HeldRequest | null = null
  #youngest: HeldRequest | null = null
  #length = 0

  constructor(owner: LineOwner, options: LineOptions) {
    this.#owner = owner
    this.#options = options
    this.bytes = new ByteBudget(options.heldBytesMax, owner.bytes)
  }

  /** Requests that wait. */
  get length(): number {
    return this.#length
  }

  /** Callers that have one waiting. */
  get callers(): number {
    return this.#callers?.size ?? 0
  }

  /** When the oldest of them came, ms; Infinity when nobody waits. */
  get oldestEnteredAt(): number {
    return this.#oldest === null ? Infinity : this.#oldest.enteredAt
  }

  /** The one that came last, or null. */
  get youngest(): HeldRequest | null {
    return this.#youngest
  }

  /** Lets a request wait. Answers why it may not. `caller` is whose it is, `urgency` 0 to 7, `now` ms. */
  enter(request: HeldRequest, caller: string, urgency: number, now: number): HoldRefusal {
    if (this.#length >= this.#options.heldMax) return HoldRefusal.RevisionFull
    const refusal = this.#owner.mayEnter(this)
    if (refusal !== HoldRefusal.None) return refusal
    request.sequence = this.#owner.nextSequence()
    request.enteredAt = now
    request.urgency = urgency
    request.callerName = caller
    this.#callerOf(caller).join(request)
    this.#linkBehind(this.#youngest, request)
    this.#owner.onEntered(this)
    return HoldRefusal.None
  }

  /** Puts one back that was taken out by {@link next} and did not start. It has its old place and is never refused. */
  reenter(request: HeldRequest): void {
    this.#callerOf(request.callerName).rejoin(request)
    let older = null
    for (let other = this.#oldest; other !== null && other.sequence < request.sequence; other = other.younger)
      older = other
    this.#linkBehind(older, request)
    this.#owner.onEntered(this)
  }

  /** Takes out the one that is to be dispatched next, or null. */
  next(): HeldRequest | null {
    const caller = this.#turn
    if (caller === null) return null
    if (caller.credit === 0) caller.credit = caller.weight
    const request = caller.shift()
    caller.credit--
    if (caller.length === 0) this.#endCaller(caller)
    else if (caller.credit === 0) this.#turn = caller.next
    this.#unlink(request)
    return request
  }

  /** Takes a request out, wherever it stands. Does nothing when it does not wait. */
  leave(request: HeldRequest): void {
    const { caller } = request
    if (request.place !== Place.Waiting || caller === null) return
    caller.remove(request)
    if (caller.length === 0) this.#endCaller(caller)
    this.#unlink(request)
  }

  /** Asks to be told by {@link onRoom} when the namespace may run another request. */
  awaitRoom(): void {
    this.#owner.awaitRoom(this)
  }

  /** The revision is gone: the namespace forgets the line once nobody waits in it. */
  close(): void {
    this.#owner.forget(this)
  }

  #callerOf(name: string): CallerLine {
    const callers = (this.#callers ??= new Map())
    let caller = callers.get(name)
    if (caller !== undefined) return caller
    caller = new CallerLine(name, this.#options.weightOf(name))
    callers.set(name, caller)
    const turn = this.#turn
    if (turn === null) {
      this.#turn = caller
      return caller
    }
    // The last of this turn stands right before the one whose turn it is.
    caller.next = turn
    caller.previous = turn.previous
    turn.previous.next = caller
    turn.previous = caller
    return caller
  }

  #endCaller(caller: CallerLine): void {
    this.#callers!.delete(caller.name)
    if (caller.next === caller) {
      this.#turn = null
      return
    }
    if (this.#turn === caller) this.#turn = caller.next
    caller.previous.next = caller.next
    caller.next.previous = caller.previous
  }

  #linkBehind(older: HeldRequest | null, request: HeldRequest): void {
    const younger = older === null ? this.#oldest : older.younger
    request.older = older
    request.younger = younger
    if (older === null) this.#oldest = request
    else older.younger = request
    if (younger === null) this.#youngest = request
    else younger.older = request
    this.#length++
  }

  #unlink(request: HeldRequest): void {
    const { older, younger } = request
    if (older === null) this.#oldest = younger
    else older.younger = younger
    if (younger === null) this.#youngest = older
    else younger.older = older
    request.older = null
    request.younger = null
    this.#length--
    this.#owner.onLeft(this)
  }
}
