import type { Holding, TenantLimits } from '@pilotlight/admission'
import type {
  ActivatorPeers,
  NamespaceLimits,
  PlatformEvents,
  RevisionEndpoints,
  RevisionName,
  RevisionSpec,
  Route,
  ScalingState,
} from '@pilotlight/platform'
import type { Revision } from './revision.ts'
import { RouteTable } from './routing/route-table.ts'

/** Makes and ends revisions, and hears what the platform says beside them. */
export interface RevisionsOwner {
  createRevision(spec: RevisionSpec): Revision
  /** Its spec changed. */
  onReconfigured(revision: Revision, spec: RevisionSpec): void
  /** It is gone; those who wait for it are answered. */
  onGone(revision: Revision): void
  /** No instance of it can be started: those who wait are answered. */
  onTrouble(revision: Revision, reason: string): void
  onConnection(isConnected: boolean, detail: string): void
}

/** What is known of a revision whose spec has not come yet. */
interface Early {
  endpoints: RevisionEndpoints | null
  peers: ActivatorPeers | null
}

/** All revisions and routes, as the platform tells of them. */
export class Revisions implements PlatformEvents {
  readonly #owner: RevisionsOwner
  readonly #holding: Holding
  /** By namespace, then by name: so that looking one up joins no texts. */
  readonly #byNamespace = new Map<string, Map<string, Revision>>()
  readonly #early = new Map<string, Early>()
  #routes: RouteTable = new RouteTable([])
  #lastFound: Revision | null = null

  constructor(owner: RevisionsOwner, holding: Holding) {
    this.#owner = owner
    this.#holding = holding
  }

  /** Which hosts lead where. */
  get routes(): RouteTable {
    return this.#routes
  }

  /** The revision of this name, or null. */
  find(namespace: string, name: string): Revision | null {
    // Most requests are for the revision of the one before.
    const last = this.#lastFound
    if (last !== null && last.spec.name === name && last.spec.namespace === namespace) return last
    const found = this.#byNamespace.get(namespace)?.get(name) ?? null
    if (found !== null) this.#lastFound = found
    return found
  }

  /** Every revision. */
  *all(): IterableIterator<Revision> {
    for (const revisions of this.#byNamespace.values()) yield* revisions.values()
  }

  onRevision(spec: RevisionSpec): void {
    const known = this.find(spec.namespace, spec.name)
    if (known !== null) return this.#owner.onReconfigured(known, spec)
    const revision = this.#owner.createRevision(spec)
    let revisions = this.#byNamespace.get(spec.namespace)
    if (revisions === undefined) this.#byNamespace.set(spec.namespace, (revisions = new Map()))
    revisions.set(spec.name, revision)
    const early = this.#early.get(keyOf(spec))
    if (early === undefined) return
    this.#early.delete(keyOf(spec))
    if (early.peers !== null) revision.setPeers(early.peers.index, early.peers.count)
    if (early.endpoints !== null) revision.setEndpoints(early.endpoints)
  }

  onRevisionGone(name: RevisionName): void {
    this.#early.delete(keyOf(name))
    const revisions = this.#byNamespace.get(name.namespace)
    const revision = revisions?.get(name.name)
    if (revisions === undefined || revision === undefined) return
    revisions.delete(name.name)
    if (revisions.size === 0) this.#byNamespace.delete(name.namespace)
    this.#lastFound = null
    this.#owner.onGone(revision)
  }

  onEndpoints(name: RevisionName, endpoints: RevisionEndpoints): void {
    const revision = this.find(name.namespace, name.name)
    if (revision === null) this.#earlyOf(name).endpoints = endpoints
    else revision.setEndpoints(endpoints)
  }

  onPeers(name: RevisionName, peers: ActivatorPeers): void {
    const revision = this.find(name.namespace, name.name)
    if (revision === null) this.#earlyOf(name).peers = peers
    else revision.setPeers(peers.index, peers.count)
  }

  #earlyOf(name: RevisionName): Early {
    const key = keyOf(name)
    let early = this.#early.get(key)
    if (early === undefined) this.#early.set(key, (early = { endpoints: null, peers: null }))
    return early
  }

  onRoutes(routes: readonly Route[]): void {
    this.#routes = new RouteTable(routes)
  }

  onNamespaces(limits: readonly NamespaceLimits[]): void {
    const byName = new Map<string, TenantLimits>()
    for (const { namespace, ...bounds } of limits) byName.set(namespace, bounds)
    this.#holding.configure(byName)
  }

  onTrouble(name: RevisionName, reason: string): void {
    const revision = this.find(name.namespace, name.name)
    if (revision !== null) this.#owner.onTrouble(revision, reason)
  }

  onScaling(name: RevisionName, state: ScalingState): void {
    const revision = this.find(name.namespace, name.name)
    if (revision === null) return
    revision.scaling = state
    revision.coldStart?.onScaling(state)
  }

  onConnection(isConnected: boolean, detail: string): void {
    this.#owner.onConnection(isConnected, detail)
  }
}

function keyOf({ namespace, name }: RevisionName): string {
  return `${namespace}/${name}`
}
