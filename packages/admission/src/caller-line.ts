import type { HeldRequest } from './held-request.ts'
import { WaitingLine } from './waiting-line.ts'

/** Urgencies of RFC 9218: 0 to 7. */
export const URGENCIES = 8

/** The waiting requests of one caller: the most urgent first, and among those the oldest. It exists only while it has some. */
export class CallerLine {
  readonly name: string
  /** Requests it may still have dispatched before it is the next caller's turn. */
  credit = 0
  /** Requests it has dispatched in each turn. */
  readonly weight: number
  /** Callers before and behind it in the turn. */
  next: CallerLine = this
  previous: CallerLine = this
  #length = 0
  /** By urgency; made when the first of it comes. */
  readonly #lines: (WaitingLine<HeldRequest> | null)[] = Array.from<null>({ length: URGENCIES }).fill(null)

  constructor(name: string, weight: number) {
    this.name = name
    this.weight = weight
  }

  get length(): number {
    return this.#length
  }

  /** Puts a request behind those of its urgency that came before it. */
  join(request: HeldRequest): void {
    request.caller = this
    this.#lineOf(request).join(request)
    this.#length++
  }

  /** Puts one back that has waited before: before all that came after it. It passes only those that came back too. */
  rejoin(request: HeldRequest): void {
    request.caller = this
    const line = this.#lineOf(request)
    let other = line.first
    while (other !== null && other.sequence < request.sequence) other = other.behind as HeldRequest | null
    line.joinBefore(other, request)
    this.#length++
  }

  /** Takes out the next one; there must be one. */
  shift(): HeldRequest {
    this.#length--
    for (const line of this.#lines) {
      const first = line?.shift() ?? null
      if (first === null) continue
      first.caller = null
      return first
    }
    throw new Error('nobody waits for this caller')
  }

  /** Takes out `request`, which must stand here. */
  remove(request: HeldRequest): void {
    request.caller = null
    this.#length--
    this.#lines[request.urgency]!.remove(request)
  }

  #lineOf({ urgency }: HeldRequest): WaitingLine<HeldRequest> {
    return (this.#lines[urgency] ??= new WaitingLine())
  }
}
