import type { RevisionEndpoints } from '@pilotlight/platform'
import type { InstanceAges } from './instance-ages.ts'
import { InstanceProbe, type ProbeMeans, type ProbeOwner } from './instance-probe.ts'

/**
 * How instances are reached (Knative's mesh-compatibility-mode and enable-mesh-pod-addressability): `auto` tries them and, where a
 * mesh hides them, the address in front of them; `enabled` uses that address only; `disabled` never does, and trusts what the
 * platform calls ready without a probe; `passthrough` asks the mesh for single instances.
 */
export const MESH_MODES = ['auto', 'enabled', 'disabled', 'passthrough'] as const
/** One of {@link MESH_MODES}. */
export type MeshMode = (typeof MESH_MODES)[number]

/** Which instances can take requests. */
export interface UsableInstances {
  /** Addresses of instances, and whether the sidecar there can refuse; empty when the cluster address stands for them. */
  readonly instances: ReadonlyMap<string, boolean>
  /** The address in front of all instances when only that one can be reached; else empty. */
  readonly clusterAddress: string
  /** Instances the platform calls ready, which is what the cluster address is divided by. */
  readonly readyCount: number
}

/** What an {@link EndpointWatch} tells. */
export interface WatchOwner {
  /** An instance that could not be used yet says that it is ready; told before it can. `ages` is null when it does not say since when. */
  onAnswered(address: string, ages: InstanceAges | null): void
  /** Which instances can be used changed. */
  onUsable(usable: UsableInstances): void
  /** An instance that was checked again answers. */
  onRecovered(address: string): void
}

/** What a watch has to know of its revision. */
export interface WatchTarget {
  readonly mode: MeshMode
  /** Value of Host in probes through a mesh: `<private service>.<namespace>`; empty otherwise. */
  readonly passthroughHost: string
}

/** How long only the cluster address is used before instances are tried again, ms. Knative never tries again. */
const RETRY_PODS_MS = 10_000

const NONE: RevisionEndpoints = { ready: [], notReady: [], clusterAddress: '' }

/**
 * Finds out which instances of one revision can be used, as Knative's activator does, but on its own for each revision and each
 * instance: whoever is slow makes nobody wait.
 *
 * Invariants: an address is usable only while the platform names it; what was usable stays so without being probed until the
 * platform calls it not ready; the cluster address is used only while no instance is usable.
 */
export class EndpointWatch implements ProbeOwner {
  readonly #target: WatchTarget
  readonly #means: ProbeMeans
  readonly #owner: WatchOwner
  #mayUseEarly = true
  #endpoints: RevisionEndpoints = NONE
  #ready: ReadonlySet<string> = new Set()
  /** By address: whether the sidecar waits when it is asked to, and so can refuse. */
  readonly #usable = new Map<string, boolean>()
  readonly #probes = new Map<string, InstanceProbe>()
  #clusterProbe: InstanceProbe | null = null
  #usesCluster = false
  #stopRetry: () => void = () => {}

  constructor(target: WatchTarget, means: ProbeMeans, owner: WatchOwner) {
    this.#target = target
    this.#means = means
    this.#owner = owner
  }

  /** Instances that are being probed. */
  get probing(): number {
    return this.#probes.size
  }

  /** Takes what the platform knows now. `mayUseEarly` as in the spec of the revision. */
  update(endpoints: RevisionEndpoints, mayUseEarly: boolean): void {
    const before = this.#ready
    const wasCluster = this.#endpoints.clusterAddress
    this.#endpoints = endpoints
    this.#mayUseEarly = mayUseEarly
    this.#ready = new Set(endpoints.ready)
    const known = new Set([...endpoints.ready, ...endpoints.notReady])
    if (known.size === 0) return this.#empty()
    this.#forgetUnknown(known)
    for (const address of endpoints.notReady) if (before.has(address)) this.#usable.delete(address)
    if (endpoints.clusterAddress !== wasCluster) this.#leaveCluster()
    if (this.#target.mode !== 'enabled' && !this.#usesCluster) this.#probeUnproven(known)
    this.#tell()
    this.#considerCluster()
  }

  /** A request could not reach the instance: it is asked until it answers, and stays usable meanwhile. */
  recheck(address: string): void {
    if (this.#usable.has(address) && !this.#probes.has(address)) this.#probe(address)
  }

  /** Ends all probing. */
  close(): void {
    for (const probe of this.#probes.values()) probe.stop()
    this.#probes.clear()
    this.#leaveCluster()
  }

  #empty(): void {
    this.close()
    this.#usable.clear()
    this.#tell()
  }

  #forgetUnknown(known: ReadonlySet<string>): void {
    for (const address of this.#usable.keys()) if (!known.has(address)) this.#usable.delete(address)
    for (const [address, probe] of this.#probes) {
      if (known.has(address)) continue
      probe.stop()
      this.#probes.delete(address)
    }
  }

  #probeUnproven(known: ReadonlySet<string>): void {
    const trustsPlatform = this.#target.mode === 'disabled'
    for (const address of known) {
      if (this.#usable.has(address)) continue
      if (trustsPlatform && this.#ready.has(address)) this.#take(address, false)
      else if (!this.#probes.has(address)) this.#probe(address)
    }
  }

  #probe(address: string): void {
    const target = { address, host: this.#target.passthroughHost }
    this.#probes.set(address, new InstanceProbe(target, this.#means, this))
  }

  #take(address: string, canRefuse: boolean): void {
    this.#usable.set(address, canRefuse)
    this.#probes.get(address)?.stop()
    this.#probes.delete(address)
  }

  onReady(probe: InstanceProbe): boolean {
    if (probe === this.#clusterProbe) return this.#enterCluster()
    const { address } = probe
    const canRefuse = probe.last!.waits
    if (this.#usable.has(address)) {
      this.#take(address, canRefuse)
      this.#owner.onRecovered(address)
      return true
    }
    this.#owner.onAnswered(address, probe.last!.ages)
    if (!this.#ready.has(address) && !this.#mayUseEarly) return false
    this.#take(address, canRefuse)
    this.#leaveCluster()
    this.#tell()
    return true
  }

  onNotReady(): void {
    this.#considerCluster()
  }

  // ── the address in front of all ─────────────────────────────────────────────────────────────────────────────────

  /** Tries the cluster address when no instance can be reached and nothing says that there is no mesh. */
  #considerCluster(): void {
    const { mode } = this.#target
    const { clusterAddress } = this.#endpoints
    if (clusterAddress === '' || this.#clusterProbe !== null || this.#usesCluster) return
    if (mode !== 'enabled' && (mode !== 'auto' || !this.#isHiddenByMesh())) return
    this.#clusterProbe = new InstanceProbe({ address: clusterAddress, host: '' }, this.#means, this)
  }

  #isHiddenByMesh(): boolean {
    if (this.#usable.size > 0 || this.#probes.size === 0) return false
    for (const { hasFailed, sawNoMesh } of this.#probes.values()) if (!hasFailed || sawNoMesh) return false
    return true
  }

  #enterCluster(): boolean {
    this.#clusterProbe = null
    this.#usesCluster = true
    for (const probe of this.#probes.values()) probe.stop()
    this.#probes.clear()
    this.#tell()
    if (this.#target.mode === 'auto') {
      this.#stopRetry = this.#means.clock.after(RETRY_PODS_MS, () => this.#retryInstances())
    }
    return true
  }

  /** The cluster address goes on being used while the instances are asked again. */
  #retryInstances(): void {
    const { ready, notReady } = this.#endpoints
    for (const address of [...ready, ...notReady]) if (!this.#probes.has(address)) this.#probe(address)
    this.#stopRetry = this.#means.clock.after(RETRY_PODS_MS, () => {
      for (const probe of this.#probes.values()) probe.stop()
      this.#probes.clear()
      this.#retryInstances()
    })
  }

  #leaveCluster(): void {
    this.#stopRetry()
    this.#clusterProbe?.stop()
    this.#clusterProbe = null
    this.#usesCluster = false
  }

  #tell(): void {
    const { clusterAddress } = this.#endpoints
    this.#owner.onUsable({
      instances: this.#usesCluster ? new Map() : this.#usable,
      clusterAddress: this.#usesCluster ? clusterAddress : '',
      readyCount: this.#ready.size,
    })
  }
}
