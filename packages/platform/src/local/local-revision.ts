import type { Decision, Reachability } from '@pilotlight/autoscaler'
import { mayUseEarly } from './health/may-use-early.ts'
import { type InstanceFailure, type InstanceOwner, LocalInstance } from './local-instance.ts'
import type { LocalMachine } from './local-machine.ts'
import type { RevisionTemplate } from '../manifest/manifest-set.ts'
import type { ActivityStat, PlatformEvents, RevisionSpec } from '../platform.ts'
import { ScaleDriver } from './scale-driver.ts'
import { StartBackoff } from './start-backoff.ts'

/** Which revision it is. */
export interface RevisionIdentity {
  readonly namespace: string
  readonly service: string
  readonly name: string
}

/** Hears of a revision. */
export interface LocalRevisionOwner {
  /** Whether it is ready may have changed. */
  onReadiness(revision: LocalRevision): void
  /** There is something to do for it once a second from now on. */
  onActive(): void
}

/** A revision that no route leads to any more is ended when it had no request for this long, ms. */
const UNUSED_MS = 2000

/**
 * One revision on this machine: as many instances as its autoscaler wants.
 *
 *     report, wake, second ─► autoscaler ─► wanted ─► instances are started or ended ─► endpoints
 *                                                         │
 *                              backoff, trouble ◄─ failed ┘
 */
export class LocalRevision implements InstanceOwner {
  readonly name: string
  readonly spec: RevisionSpec
  readonly template: RevisionTemplate
  readonly #machine: LocalMachine
  readonly #events: PlatformEvents
  readonly #owner: LocalRevisionOwner
  readonly #identity: RevisionIdentity
  readonly #driver: ScaleDriver
  readonly #backoff = new StartBackoff()
  readonly #instances = new Set<LocalInstance>()
  readonly #converge = (): void => this.#makeAsWanted()
  #wanted: number
  /** What there has to be until it has shown that it runs. */
  #startWith = 0
  #isPanicking = false
  #isReachable = true
  #wasReady = false
  #trouble = ''
  #readyCount = 0
  #cancelRetry: (() => void) | null = null
  #isClosed = false

  constructor(
    machine: LocalMachine,
    events: PlatformEvents,
    identity: RevisionIdentity,
    template: RevisionTemplate,
    owner: LocalRevisionOwner,
  ) {
    this.name = identity.name
    this.template = template
    this.spec = specOf(identity, template)
    this.#machine = machine
    this.#events = events
    this.#owner = owner
    this.#identity = identity
    const { scaling } = template
    this.#wanted = Math.max(scaling.initialScale, scaling.minScale)
    this.#driver = new ScaleDriver(scaling, 'unknown', machine.clock, (decision) =>
      this.#onDecision(decision),
    )
  }

  /** Whether it has shown that it runs: it had the instances to start with once, or needs none. */
  get isReady(): boolean {
    return this.#wasReady || this.#wanted === 0
  }

  /** Whether instances of it run, or start. */
  get hasInstances(): boolean {
    return this.#instances.size > 0
  }

  /** Why it cannot be started, or empty. */
  get trouble(): string {
    return this.#trouble
  }

  /** Whether nothing needs to be done for it as long as nobody asks. */
  get isQuiet(): boolean {
    return !this.hasInstances && this.#wanted === 0 && this.#driver.isQuiet
  }

  /** Whether it can be forgotten: no route leads there, and nothing of it is left. */
  get isOver(): boolean {
    return this.#isUnused && !this.hasInstances
  }

  /** Tells of it, and begins with at least `count` instances. */
  start(count: number): void {
    this.#events.onRevision(this.spec)
    this.#events.onPeers(this.spec, { index: 0, count: 1 })
    this.#startWith = Math.max(this.#wanted, count)
    this.#wanted = this.#startWith
    this.#tell()
    this.#makeAsWanted()
    if (this.#wanted > 0) this.#owner.onActive()
  }

  /** Whether a route leads there; `unknown` as long as it is to come. */
  setReachability(reachability: Reachability): void {
    this.#isReachable = reachability !== 'unreachable'
    if (!this.#isReachable) this.#owner.onActive()
    this.#driver.setReachability(reachability)
  }

  // ── load ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A request waits, and there is no instance. */
  wake(): void {
    this.#owner.onActive()
    this.#driver.wake()
    if (this.#wanted === 0) this.#setWanted(1, false)
    else this.#makeAsWanted()
  }

  /** What the last second was like. */
  report(stat: ActivityStat): void {
    this.#owner.onActive()
    this.#driver.record(stat)
  }

  /** A second has passed. */
  second(): void {
    this.#driver.second()
    const { clock } = this.#machine
    for (const { readyAt } of this.#instances) if (readyAt !== null) this.#backoff.onRan(readyAt, clock.now())
    if (this.#isUnused) this.#setWanted(0, false)
    // Others may have made room.
    this.#makeAsWanted()
  }

  /** Whether no route leads there, and its last requests are over. */
  get #isUnused(): boolean {
    return !this.#isReachable && this.#driver.idleMs >= UNUSED_MS
  }

  #onDecision({ scale, isPanicking }: Decision): void {
    if (scale === null) return
    const least = this.#wasReady ? 0 : this.#startWith
    this.#setWanted(this.#isUnused ? 0 : Math.max(least, scale), isPanicking)
  }

  #setWanted(wanted: number, isPanicking: boolean): void {
    if (wanted === this.#wanted && isPanicking === this.#isPanicking) return
    this.#wanted = wanted
    this.#isPanicking = isPanicking
    this.#tell()
    this.#makeAsWanted()
  }

  // ── instances ───────────────────────────────────────────────────────────────────────────────────────────────────

  #makeAsWanted(): void {
    if (this.#isClosed) return
    const staying = [...this.#instances].filter(({ facts }) => facts.state !== 'ending')
    for (let missing = this.#wanted - staying.length; missing > 0; missing--) if (!this.#startOne()) break
    // Those that are not ready go first, then the youngest, as in Kubernetes.
    const byWorth = staying.toSorted((a, b) => worthOf(a) - worthOf(b) || b.scheduledAt - a.scheduledAt)
    for (const instance of byWorth.slice(0, Math.max(0, staying.length - this.#wanted))) void instance.stop()
  }

  #startOne(): boolean {
    const machine = this.#machine
    const rest = this.#backoff.restMs(machine.clock.now())
    if (rest > 0) {
      this.#cancelRetry ??= machine.clock.after(rest, () => this.#retry())
      return false
    }
    if (machine.instances >= machine.instancesMax) {
      machine.onFull(this.name)
      return false
    }
    const giveBack = machine.gate.take(this.#converge)
    if (giveBack === null) return false
    machine.instances++
    const identity = { ...this.#identity, revision: this.name, instance: machine.names.next(this.name) }
    const instance = new LocalInstance(machine, this.template, identity, this)
    instance.onSettled = giveBack
    this.#instances.add(instance)
    this.#tell()
    void instance.start()
    return true
  }

  /** Whoever comes from now on waits for another try. */
  #retry(): void {
    this.#cancelRetry = null
    this.#setTrouble('')
    this.#makeAsWanted()
  }

  onChange(): void {
    if (this.#isClosed) return
    this.#tell()
    const ready = [...this.#instances].filter(({ facts }) => facts.state === 'ready').length
    if (ready === this.#readyCount) return
    this.#readyCount = ready
    if (ready > 0 && !this.#wasReady) {
      this.#wasReady = true
      this.#owner.onReadiness(this)
    }
    if (ready > 0) this.#setTrouble('')
    this.#driver.setReady(ready)
  }

  onFailed(instance: LocalInstance, { reason, isFinal }: InstanceFailure): void {
    const { clock, log } = this.#machine
    const now = clock.now()
    if (instance.readyAt !== null) this.#backoff.onRan(instance.readyAt, now)
    this.#backoff.onFailure(now, isFinal)
    const rest = this.#backoff.restMs(now)
    log.error(`Instance ${instance.name} failed: ${reason}`, {
      revision: this.name,
      failures: this.#backoff.failures,
      nextStartInMs: rest,
    })
    if (this.#backoff.isTrouble && this.#readyCount === 0)
      this.#setTrouble(`${this.name} cannot be started: ${reason}`)
    this.#makeAsWanted()
  }

  onGone(instance: LocalInstance): void {
    this.#instances.delete(instance)
    this.#machine.instances--
    if (this.#isClosed) return
    this.#tell()
    this.#makeAsWanted()
  }

  #setTrouble(reason: string): void {
    if (reason === this.#trouble) return
    this.#trouble = reason
    this.#events.onTrouble(this.spec, reason)
    this.#owner.onReadiness(this)
  }

  /** Tells what there is. */
  #tell(): void {
    const instances = [...this.#instances].map(({ facts }) => facts)
    this.#events.onScaling(this.spec, { wanted: this.#wanted, isPanicking: this.#isPanicking, instances })
    // One that starts is told of once it is ready, which its sidecar says by itself.
    const known = instances.filter(({ state }) => state === 'ready' || state === 'not-ready')
    this.#events.onEndpoints(this.spec, {
      ready: known.filter(({ state }) => state === 'ready').map(({ address }) => address),
      notReady: known.filter(({ state }) => state !== 'ready').map(({ address }) => address),
      clusterAddress: '',
    })
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** It can be forgotten: see {@link isOver}. */
  forget(): void {
    this.#end()
    this.#events.onRevisionGone(this.spec)
  }

  /** Ends its instances, whose requests are over. */
  async close(): Promise<void> {
    this.#end()
    await Promise.all([...this.#instances].map((instance) => instance.stopNow()))
  }

  #end(): void {
    this.#isClosed = true
    this.#cancelRetry?.()
    this.#machine.gate.forget(this.#converge)
    this.#driver.close()
  }
}

function worthOf({ facts }: LocalInstance): number {
  return facts.state === 'ready' ? 1 : 0
}

function specOf({ namespace, name, service }: RevisionIdentity, template: RevisionTemplate): RevisionSpec {
  const { protocol, containerConcurrency, timeouts, containers } = template
  return {
    namespace,
    name,
    service,
    configuration: service,
    protocol,
    containerConcurrency,
    timeouts,
    mayUseEarly: mayUseEarly(containers),
  }
}
