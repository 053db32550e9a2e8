import {
  HoldRefusal,
  Place,
  ReleaseRate,
  type RevisionActivity,
  type RevisionLine,
  type Tenant,
} from '@pilotlight/admission'
import type { RevisionEndpoints, RevisionSpec, ScalingState } from '@pilotlight/platform'
import type { Clocks } from '@pilotlight/relay'
import type { ColdStartRecord } from '@pilotlight/telemetry'
import type { Traffic } from './admin/traffic.ts'
import type { Instance } from './balance/instance.ts'
import { CountedSlots, type SlotSettings } from './balance/counted-slots.ts'
import type { Slots } from './balance/slots.ts'
import type { Call } from './call.ts'
import type { ColdStart } from './cold-starts/cold-start.ts'
import { EndpointWatch, type UsableInstances, type WatchOwner } from './probing/endpoint-watch.ts'
import type { InstanceAges } from './probing/instance-ages.ts'

/** What sends a request to an instance, and tells the platform that one is needed. */
export interface Dispatcher {
  /** Sends it to `instance`, where it holds a slot. */
  dispatch(call: Call, instance: Instance): void
  /** Requests wait, and there is no instance. */
  wake(revision: Revision): void
  /** Whose request it is, among those of its revision. Asked when it has to wait. */
  callerOf(call: Call): string
  /** How urgent it is (RFC 9218), 0 for the most urgent to 7. Asked when it has to wait. */
  urgencyOf(call: Call): number
}

/** What a revision is made of, by the table of revisions. */
export interface RevisionParts {
  readonly tenant: Tenant
  readonly line: RevisionLine
  readonly activity: RevisionActivity
  /** Host through which a mesh reaches single instances; empty without one. */
  readonly passthroughHost: string
  readonly slots: SlotSettings
  readonly clocks: Clocks
  /** Makes the watch that finds out which instances can be used. */
  readonly watch: (owner: WatchOwner) => EndpointWatch
  readonly dispatcher: Dispatcher
}

/**
 * One revision: its waiting line, its instances, and who goes where next.
 *
 *     admit ─┬─► a slot is free and nobody waits ─► dispatched
 *            ├─► waits ─► a slot becomes free ─► dispatched
 *            └─► refused
 *
 * Invariant: nobody waits while a slot is free and the namespace may run another request.
 */
export class Revision implements WatchOwner {
  spec: RevisionSpec
  clocks: Clocks
  readonly tenant: Tenant
  readonly line: RevisionLine
  readonly activity: RevisionActivity
  /** Host through which a mesh reaches single instances; empty without one. */
  readonly passthroughHost: string
  /** How fast requests end while others wait. */
  readonly rate: ReleaseRate = new ReleaseRate()
  /** Whether it is gone: what fails is not sent again. */
  isClosed = false
  /** Why no instance can be started, or empty. */
  trouble = ''
  /** What the platform does about it, for those who look; null when it does not say. */
  scaling: ScalingState | null = null
  /** The cold start that is under way, or null. */
  coldStart: ColdStart | null = null
  /** The last one that is over, or null. */
  lastColdStart: ColdStartRecord | null = null
  /** What its requests are like, for the admin port; null without one, and before the first request. */
  traffic: Traffic | null = null
  readonly #slots: CountedSlots
  readonly #watch: EndpointWatch
  readonly #dispatcher: Dispatcher
  #isPumping = false

  constructor(spec: RevisionSpec, parts: RevisionParts) {
    this.spec = spec
    this.clocks = parts.clocks
    this.tenant = parts.tenant
    this.line = parts.line
    this.activity = parts.activity
    this.passthroughHost = parts.passthroughHost
    this.#dispatcher = parts.dispatcher
    this.#slots = new CountedSlots(spec.containerConcurrency, parts.slots, () => this.pump())
    this.#watch = parts.watch(this)
    this.line.onRoom = () => this.pump()
  }

  /** Which instance a request may go to. */
  get slots(): Slots {
    return this.#slots
  }

  /** Instances that requests may go to, for those who look. */
  get instances(): readonly Instance[] {
    return this.#slots.assigned
  }

  /** Whether requests wait for an instance to be started. */
  get needsInstance(): boolean {
    return this.line.length > 0 && !this.#slots.hasInstances
  }

  // ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes a request: dispatches it, or lets it wait. Answers why it can do neither. */
  admit(call: Call): HoldRefusal {
    if (this.line.length === 0 && this.tenant.mayRun) {
      const instance = this.#slots.take(null)
      if (instance !== null) {
        this.#start(call, instance)
        return HoldRefusal.None
      }
    }
    const dispatcher = this.#dispatcher
    const now = call.exchange.startedAt
    const refusal = this.line.enter(call, dispatcher.callerOf(call), dispatcher.urgencyOf(call), now)
    if (refusal !== HoldRefusal.None) return refusal
    call.wasHeld = true
    // Who comes later asks no more: while somebody waits, it is asked again every second.
    if (!this.#slots.hasInstances) {
      if (this.line.length === 1) dispatcher.wake(this)
    } else if (!this.tenant.mayRun) this.pump()
    return HoldRefusal.None
  }

  /** Sends waiting requests to slots that are free. */
  pump(): void {
    // A dispatch may end at once and bring us here again: the loop that runs already sees that.
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.line.length > 0) {
      const instance = this.#slots.take(null)
      if (instance === null) break
      if (!this.tenant.mayRun) {
        this.#slots.giveBack(instance)
        this.line.awaitRoom()
        break
      }
      this.#start(this.line.next() as Call, instance)
    }
    this.#isPumping = false
  }

  #start(call: Call, instance: Instance): void {
    call.place = Place.Running
    this.tenant.begin()
    call.instance = instance
    this.#dispatcher.dispatch(call, instance)
  }

  /** Sends a request that did not start to another instance, if one has a slot. Answers whether it did. */
  redirect(call: Call): boolean {
    const failed = call.instance!
    const instance = this.#slots.take(failed)
    if (instance === null) return false
    this.#slots.giveBack(failed)
    call.instance = instance
    this.#dispatcher.dispatch(call, instance)
    return true
  }

  /** A request that did not start goes back to its place in the line. */
  holdAgain(call: Call): void {
    this.#slots.giveBack(call.instance!)
    call.instance = null
    call.wasHeld = true
    this.tenant.end()
    this.line.reenter(call)
    if (!this.#slots.hasInstances) this.#dispatcher.wake(this)
    else this.pump()
  }

  /** Takes back all that a request holds. `now` is in ms. */
  release(call: Call, now: number): void {
    if (call.bytes > 0) this.releaseBytes(call)
    if (call.place === Place.Waiting) return this.line.leave(call)
    if (call.place !== Place.Running) return
    call.place = Place.Outside
    this.#slots.giveBack(call.instance!)
    call.instance = null
    if (this.line.length > 0) {
      this.rate.record(now)
      this.pump()
    }
    this.tenant.end()
  }

  /** The bytes that were buffered for it are not any more. */
  releaseBytes(call: Call): void {
    this.line.bytes.release(call.bytes)
    call.bytes = 0
  }

  /** Takes a changed spec; requests that are there keep their clocks. */
  reconfigure(spec: RevisionSpec, clocks: Clocks): void {
    this.spec = spec
    this.clocks = clocks
    this.#slots.setConcurrency(spec.containerConcurrency)
  }

  /** It is gone: requests that are under way go on, those that wait are for its owner to answer. */
  close(): void {
    this.isClosed = true
    this.#watch.close()
    this.#slots.close()
  }

  // ── instances ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes what the platform knows of its instances. */
  setEndpoints(endpoints: RevisionEndpoints): void {
    this.#watch.update(endpoints, this.spec.mayUseEarly)
  }

  /** Takes this activator's place among those in front of the instances. */
  setPeers(index: number, count: number): void {
    this.#slots.setPeers(index, count)
  }

  /** A request could not reach the instance. */
  onUnreachable(instance: Instance): void {
    instance.onUnreachable()
    this.#watch.recheck(instance.address)
  }

  onAnswered(address: string, ages: InstanceAges | null): void {
    this.coldStart?.onAnswered(address, ages)
  }

  onUsable(usable: UsableInstances): void {
    this.coldStart?.onUsable(usable)
    this.#slots.update(usable)
    if (this.#slots.hasInstances) this.trouble = ''
  }

  onRecovered(address: string): void {
    this.#slots.find(address)?.onRecovered()
  }
}
