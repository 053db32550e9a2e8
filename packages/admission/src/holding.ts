import { ByteBudget } from './byte-budget.ts'
import { HoldRefusal } from './hold-refusal.ts'
import { Tenant, type TenantLimits, type TenantOwner } from './tenant.ts'

/** Bounds of everything that waits in this process. */
export interface HoldingLimits {
  /** Requests, at least 1. */
  readonly heldMax: number
  /** Body bytes that may be buffered. */
  readonly heldBytesMax: number
}

/**
 * Everything that waits in this process, by namespace.
 *
 * While there is room every namespace has what it wants. Once there is none, a namespace below its share of the places takes one from the
 * namespace furthest above its own: the newest request of its longest line is turned away (longest queue drop). A share is the namespace's weight
 * among the weights of all that have something waiting. Finding whom to turn away looks at every namespace once, and happens only when the
 * process is full.
 */
export class Holding implements TenantOwner {
  readonly bytes: ByteBudget
  readonly #heldMax: number
  readonly #defaults: TenantLimits
  #own: ReadonlyMap<string, TenantLimits> = new Map()
  readonly #tenants = new Map<string, Tenant>()
  #held = 0
  #sequence = 0

  /** `defaults` are for namespaces without bounds of their own. */
  constructor(limits: HoldingLimits, defaults: TenantLimits) {
    this.#heldMax = limits.heldMax
    this.#defaults = defaults
    this.bytes = new ByteBudget(limits.heldBytesMax)
  }

  /** Requests that wait. */
  get held(): number {
    return this.#held
  }

  /** Namespaces that have a revision, or a request. */
  get tenants(): IterableIterator<Tenant> {
    return this.#tenants.values()
  }

  /** The namespace of this name, always the same object while there is anything of it. */
  tenant(name: string): Tenant {
    let tenant = this.#tenants.get(name)
    if (tenant === undefined) {
      tenant = new Tenant(name, this.#own.get(name) ?? this.#defaults, this)
      this.#tenants.set(name, tenant)
    }
    return tenant
  }

  /** Gives namespaces bounds of their own; all others have the defaults. */
  configure(limits: ReadonlyMap<string, TenantLimits>): void {
    this.#own = limits
    for (const tenant of this.#tenants.values()) tenant.limits = limits.get(tenant.name) ?? this.#defaults
  }

  nextSequence(): number {
    return ++this.#sequence
  }

  mayEnter(tenant: Tenant): HoldRefusal {
    if (this.#held < this.#heldMax) return HoldRefusal.None
    const { most, weights } = this.#survey(tenant)
    const share = Math.max(1, (this.#heldMax * tenant.limits.weight) / weights)
    if (most === null || most === tenant || tenant.held >= share) return HoldRefusal.ProcessFull
    const evicted = most.takeNewest()
    if (evicted === null) return HoldRefusal.ProcessFull
    evicted.onEvicted(HoldRefusal.ProcessFull)
    // Whoever was answered may have come again at once.
    return this.#held < this.#heldMax ? HoldRefusal.None : HoldRefusal.ProcessFull
  }

  /** The namespace that has most for its weight, and the weights of all that have something, `newcomer` among them. */
  #survey(newcomer: Tenant): { most: Tenant | null; weights: number } {
    let most: Tenant | null = null
    let weights = newcomer.held === 0 ? newcomer.limits.weight : 0
    for (const tenant of this.#tenants.values()) {
      if (tenant.held === 0) continue
      weights += tenant.limits.weight
      if (most === null || perWeight(tenant) > perWeight(most)) most = tenant
    }
    return { most, weights }
  }

  onEntered(): void {
    this.#held++
  }

  onLeft(): void {
    this.#held--
  }

  onEmpty(tenant: Tenant): void {
    if (this.#tenants.get(tenant.name) === tenant) this.#tenants.delete(tenant.name)
  }
}

function perWeight({ held, limits }: Tenant): number {
  return held / limits.weight
}
