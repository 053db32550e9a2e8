import type { LocalMachine } from './local-machine.ts'
import { LocalRevision, type LocalRevisionOwner } from './local-revision.ts'
import type { ServiceManifest, TrafficEntry } from '../manifest/manifest-set.ts'
import type { PlatformEvents, Route } from '../platform.ts'
import { type Generation, ServiceHistory } from './service-history.ts'
import { routeOf } from './service-traffic.ts'

/** Hears of a service. */
export interface LocalServiceOwner {
  /** Its route is another now. */
  onRoute(): void
  /** There is something to do once a second. */
  onActive(): void
}

/** What a service is part of. */
export interface LocalServiceParts {
  readonly machine: LocalMachine
  readonly events: PlatformEvents
  readonly owner: LocalServiceOwner
}

/**
 * One service on this machine: its revisions, and which of them its requests go to. A new revision takes over when it has shown that it
 * runs; nothing of the old one is ended before its requests are.
 *
 *     manifest changed ─► new revision starts ─► ready ─► the route leads there ─► the old one drains ─► gone
 *                                            └─ cannot start ─► the old one stays
 */
export class LocalService implements LocalRevisionOwner {
  readonly namespace: string
  readonly name: string
  readonly #parts: LocalServiceParts
  readonly #history: ServiceHistory
  readonly #revisions = new Map<string, LocalRevision>()
  #traffic: readonly TrafficEntry[] = []
  /** The one made last, which takes over when it is ready. */
  #created: LocalRevision | null = null
  /** The one that stands for the latest in `traffic`. */
  #latest: LocalRevision | null = null
  #isRemoved = false

  constructor(namespace: string, name: string, parts: LocalServiceParts) {
    this.namespace = namespace
    this.name = name
    this.#parts = parts
    this.#history = new ServiceHistory(name)
  }

  /** All revisions there are at the moment. */
  get revisions(): Iterable<LocalRevision> {
    return this.#revisions.values()
  }

  /** Names that `traffic` may have, beside those that its documents make. */
  get revisionNames(): readonly string[] {
    return this.#history.names
  }

  /** Whether it was removed, and nothing of it is left. */
  get isOver(): boolean {
    return this.#isRemoved && this.#revisions.size === 0
  }

  /** The revision of this name, or null. */
  find(name: string): LocalRevision | null {
    return this.#revisions.get(name) ?? null
  }

  /** Takes its documents as they are now, at least one; the last one counts, and those before it are older revisions. */
  apply(manifests: readonly ServiceManifest[]): void {
    this.#isRemoved = false
    this.#traffic = manifests.at(-1)!.traffic
    const latest = this.#history.update(manifests).at(-1)!
    for (const { revision } of this.#traffic) {
      const named = this.#history.find(revision)
      if (named !== null && named !== latest) this.#revisionOf(named, 0)
    }
    const replaced = this.#latest
    this.#created = this.#revisionOf(latest, replaced?.hasInstances === true ? 1 : 0)
    if (this.#latest === null) this.#latest = this.#created
    this.#advance()
    this.#settle()
  }

  /** It is in no file any more. */
  remove(): void {
    this.#isRemoved = true
    this.#traffic = []
    this.#created = null
    this.#latest = null
    this.#settle()
  }

  /** Where its requests go; null once it is removed. */
  route(isAlone: boolean): Route | null {
    if (this.#latest === null) return null
    const { namespace, name } = this
    return routeOf({ namespace, name, traffic: this.#traffic, latest: this.#latest.name, isAlone })
  }

  #revisionOf({ name, template }: Generation, count: number): LocalRevision {
    const known = this.#revisions.get(name)
    if (known !== undefined) return known
    const { events, machine } = this.#parts
    const identity = { namespace: this.namespace, service: this.name, name }
    const revision = new LocalRevision(machine, events, identity, template, this)
    this.#revisions.set(name, revision)
    revision.start(count)
    return revision
  }

  onReadiness(revision: LocalRevision): void {
    if (revision === this.#created && revision !== this.#latest && revision.trouble !== '')
      this.#parts.machine.log.error(
        `The new revision ${revision.name} cannot be started; ${this.#latest?.name} stays in place.`,
        { reason: revision.trouble },
      )
    if (this.#advance()) this.#settle()
  }

  /** Makes the newest revision the latest one when it may be. Answers whether it did. */
  #advance(): boolean {
    const created = this.#created
    if (created === null || created === this.#latest) return false
    // What cannot be started is no better than one that may not be.
    if (!created.isReady && this.#latest?.trouble === '') return false
    this.#latest = created
    return true
  }

  /** Tells where requests go from now on, and then who is not needed any more. */
  #settle(): void {
    this.#parts.owner.onRoute()
    const routed = new Set(this.route(false)?.traffic.map(({ revision }) => revision))
    for (const revision of this.#revisions.values()) {
      if (routed.has(revision.name)) revision.setReachability('reachable')
      else revision.setReachability(revision === this.#created ? 'unknown' : 'unreachable')
    }
  }

  onActive(): void {
    this.#parts.owner.onActive()
  }

  /** A second has passed. Answers whether there is something to do in the next one. */
  second(): boolean {
    let isActive = false
    for (const revision of this.#revisions.values()) {
      if (revision.isOver) {
        this.#revisions.delete(revision.name)
        revision.forget()
        continue
      }
      if (revision.isQuiet) continue
      revision.second()
      isActive = true
    }
    return isActive
  }

  /** Ends everything of it, when its requests are over. */
  async close(): Promise<void> {
    await Promise.all([...this.#revisions.values()].map((revision) => revision.close()))
  }
}
