import { ByteBudget } from './byte-budget.ts'
import type { HeldRequest } from './held-request.ts'
import { HoldRefusal } from './hold-refusal.ts'
import { type LineOptions, type LineOwner, RevisionLine } from './revision-line.ts'

/** Bounds of one namespace. Infinity is no bound. */
export interface TenantLimits {
  /** Its share beside other namespaces when together they want more than there is, 1 to 1000. */
  readonly weight: number
  /** Requests of it that may be under way at the same time. */
  readonly runningMax: number
  /** Requests of it that may wait. */
  readonly heldMax: number
  /** Body bytes of it that may be buffered. */
  readonly heldBytesMax: number
}

/** All namespaces together, as one of them sees it. */
export interface TenantOwner {
  readonly bytes: ByteBudget
  nextSequence(): number
  /** Makes room for one more request of `tenant`, or says why there is none. */
  mayEnter(tenant: Tenant): HoldRefusal
  onEntered(): void
  onLeft(): void
  /** Nothing of it is left. */
  onEmpty(tenant: Tenant): void
}

/**
 * One namespace: how many requests of it wait and run, over all its revisions.
 *
 * Invariants: `running` only grows above `runningMax` when that is lowered; as long as it is below, no line awaits room. Lines that
 * await it are served in turn, one request each.
 */
export class Tenant implements LineOwner {
  readonly name: string
  /** Body bytes that are buffered for it. */
  readonly bytes: ByteBudget
  readonly #owner: TenantOwner
  #limits: TenantLimits
  readonly #lines = new Set<RevisionLine>()
  /** Lines with free slots and no room to use them, in the order of their turn. */
  readonly #awaiting = new Set<RevisionLine>()
  #held = 0
  #running = 0
  #isServing = false

  constructor(name: string, limits: TenantLimits, owner: TenantOwner) {
    this.name = name
    this.#limits = limits
    this.#owner = owner
    this.bytes = new ByteBudget(limits.heldBytesMax, owner.bytes)
  }

  /** Requests that wait. */
  get held(): number {
    return this.#held
  }

  /** Requests under way. */
  get running(): number {
    return this.#running
  }

  /** Its bounds. A ceiling that is raised is used at once. */
  get limits(): TenantLimits {
    return this.#limits
  }
  set limits(limits: TenantLimits) {
    this.#limits = limits
    this.bytes.max = limits.heldBytesMax
    this.#serve()
  }

  /** Makes the waiting line of a revision. */
  line(options: LineOptions): RevisionLine {
    const line = new RevisionLine(this, options)
    this.#lines.add(line)
    return line
  }

  /** Whether another request of it may be dispatched. */
  get mayRun(): boolean {
    return this.#running < this.#limits.runningMax
  }

  /** A request of it is dispatched. */
  begin(): void {
    this.#running++
  }

  /** It is over, or waits again. Lines that await room are served before this returns. */
  end(): void {
    this.#running--
    if (this.#awaiting.size > 0) this.#serve()
    this.#checkEmpty()
  }

  #serve(): void {
    // A request that is served may end at once and bring us here again: the loop that runs already sees that.
    if (this.#isServing) return
    this.#isServing = true
    // Those that await room still after their turn have the next one.
    while (this.mayRun && this.#awaiting.size > 0) {
      const [line] = this.#awaiting
      this.#awaiting.delete(line)
      line.onRoom()
    }
    this.#isServing = false
  }

  // ── what its lines ask ──────────────────────────────────────────────────────────────────────────────────────────

  nextSequence(): number {
    return this.#owner.nextSequence()
  }

  mayEnter(): HoldRefusal {
    if (this.#held >= this.#limits.heldMax) return HoldRefusal.NamespaceFull
    return this.#owner.mayEnter(this)
  }

  onEntered(): void {
    this.#held++
    this.#owner.onEntered()
  }

  onLeft(): void {
    this.#held--
    this.#owner.onLeft()
  }

  awaitRoom(line: RevisionLine): void {
    this.#awaiting.add(line)
  }

  forget(line: RevisionLine): void {
    this.#lines.delete(line)
    this.#awaiting.delete(line)
    this.#checkEmpty()
  }

  #checkEmpty(): void {
    if (this.#lines.size === 0 && this.#held === 0 && this.#running === 0) this.#owner.onEmpty(this)
  }

  /** Takes out the request that came last in the longest of its lines, so that another namespace gets its place; null when none waits. */
  takeNewest(): HeldRequest | null {
    let longest: RevisionLine | null = null
    for (const line of this.#lines) if (line.length > (longest?.length ?? 0)) longest = line
    const newest = longest?.youngest ?? null
    if (newest !== null) longest!.leave(newest)
    return newest
  }
}
