import { assignSlice, endpointCapacity, compareAddresses, type Policy } from '@pilotlight/admission'
import type { UsableInstances } from '../probing/endpoint-watch.ts'
import { type Burst, type Connect, Instance, type InstanceClock, type InstanceOwner } from './instance.ts'
import type { Slots } from './slots.ts'

/** What slots are counted by. */
export interface SlotSettings {
  /** Makes the policy for a containerConcurrency. */
  readonly policy: (containerConcurrency: number) => Policy
  readonly burst: Burst
  readonly connect: Connect
  /** Namespace of the revision. */
  readonly namespace: string
  readonly clock: InstanceClock
}

/**
 * Slots as Knative's activators count them: each activator has a part of the instances for itself, so that together they never send an
 * instance more than containerConcurrency requests, without knowing of each other.
 *
 * Invariant: an instance that was used keeps its count for as long as the platform names it, and goes on counting what it still has after
 * that.
 */
export class CountedSlots implements Slots, InstanceOwner {
  readonly clock: InstanceClock
  readonly #settings: SlotSettings
  readonly #onRoom: () => void
  readonly #instances = new Map<string, Instance>()
  #cluster: Instance | null = null
  #assigned: readonly Instance[] = []
  #containerConcurrency: number
  #policy: Policy
  #readyCount = 0
  #index = -1
  #peers = 0

  /**
   * `containerConcurrency` is the number of slots of an instance, 0 for no limit. `onRoom` is told when there may be a free slot
   * though no request ended.
   */
  constructor(containerConcurrency: number, settings: SlotSettings, onRoom: () => void) {
    this.clock = settings.clock
    this.#settings = settings
    this.#onRoom = onRoom
    this.#containerConcurrency = containerConcurrency
    this.#policy = settings.policy(containerConcurrency)
  }

  /** Changes the number of slots of every instance. Requests that have one keep it. */
  setConcurrency(containerConcurrency: number): void {
    if (containerConcurrency === this.#containerConcurrency) return
    this.#containerConcurrency = containerConcurrency
    this.#policy = this.#settings.policy(containerConcurrency)
    for (const instance of this.#instances.values()) instance.setSlots(this.#slotsEach)
    this.#assign()
  }

  get hasInstances(): boolean {
    return this.#assigned.length > 0
  }

  /** Instances that requests may go to. */
  get assigned(): readonly Instance[] {
    return this.#assigned
  }

  /** The usable instance at `address`, or undefined. */
  find(address: string): Instance | undefined {
    return this.#cluster?.address === address ? this.#cluster : this.#instances.get(address)
  }

  take(except: Instance | null): Instance | null {
    const policy = this.#policy
    let instance: Instance | null
    if (except === null || except.isAvoided) {
      instance = policy.pick(this.#assigned) as Instance | null
    } else {
      except.isAvoided = true
      instance = policy.pick(this.#assigned) as Instance | null
      except.isAvoided = false
      if (instance === null && except.isOpen && this.#assigned.includes(except)) instance = except
    }
    if (instance !== null) instance.running++
    return instance
  }

  giveBack(instance: Instance): void {
    instance.running--
  }

  /** Takes the instances that can be used now. */
  update(usable: UsableInstances): void {
    this.#readyCount = usable.readyCount
    const gone = this.#updateInstances(usable.instances)
    const cluster = this.#updateCluster(usable.clusterAddress)
    this.#assign()
    // Only now: requests whose dials fail by this look for another instance.
    for (const instance of gone) instance.retire()
    cluster?.retire()
  }

  /** Takes this activator's place among all; an unknown one keeps the last. */
  setPeers(index: number, count: number): void {
    if (index < 0) return
    this.#index = index
    this.#peers = count
    this.#assign()
  }

  /** Answers those that are gone. */
  #updateInstances(usable: ReadonlyMap<string, boolean>): Instance[] {
    const gone = Array.from(this.#instances.values()).filter(({ address }) => !usable.has(address))
    for (const { address } of gone) this.#instances.delete(address)
    for (const [address, canRefuse] of usable) {
      let instance = this.#instances.get(address)
      if (instance === undefined) {
        instance = this.#create(address, this.#slotsEach, this.#settings.burst)
        this.#instances.set(address, instance)
      }
      instance.canRefuse = canRefuse
    }
    return gone
  }

  #create(address: string, slots: number, burst: Burst | null): Instance {
    const { connect, namespace } = this.#settings
    return new Instance(address, slots, burst, (protocol) => connect(address, protocol, namespace), this)
  }

  get #slotsEach(): number {
    return this.#containerConcurrency === 0 ? Infinity : this.#containerConcurrency
  }

  /** Answers the one that is gone, or null. */
  #updateCluster(address: string): Instance | null {
    const before = this.#cluster
    if (before?.address === address) return null
    this.#cluster = address === '' ? null : this.#create(address, Infinity, null)
    return before
  }

  #assign(): void {
    const containerConcurrency = this.#containerConcurrency
    if (this.#cluster !== null) {
      const capacity = endpointCapacity(containerConcurrency, this.#readyCount, this.#peers)
      this.#cluster.capacity = capacity
      this.#assigned = capacity > 0 ? [this.#cluster] : []
    } else {
      const sorted = [...this.#instances.values()].toSorted((a, b) => compareAddresses(a.address, b.address))
      // Without a limit nobody can exceed it: every activator uses every instance.
      this.#assigned = containerConcurrency === 0 ? sorted : assignSlice(sorted, this.#index, this.#peers)
    }
    this.#onRoom()
  }

  onRoom(): void {
    this.#onRoom()
  }

  hasOpenBeside(instance: Instance): boolean {
    return this.#assigned.some((other) => other !== instance && !other.isAvoided)
  }

  /** Ends everything that is kept for instances. */
  close(): void {
    this.update({ instances: new Map(), clusterAddress: '', readyCount: 0 })
  }
}
