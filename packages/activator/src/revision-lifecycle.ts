import { type ActivityReporter, type Holding, type PolicyName, policyNamed } from '@pilotlight/admission'
import type { RevisionSpec } from '@pilotlight/platform'
import type { Burst, Connect, InstanceClock } from './balance/instance.ts'
import type { Front } from './front.ts'
import type { Health } from './health.ts'
import { EndpointWatch, type MeshMode, type WatchTarget } from './probing/endpoint-watch.ts'
import type { ProbeMeans } from './probing/instance-probe.ts'
import { clocksOf } from './revision-clocks.ts'
import { Revision } from './revision.ts'
import type { RevisionsOwner } from './revisions.ts'
import { privateServiceName } from './routing/private-service.ts'
import type { HoldSettings } from './settings.ts'

/** What revisions are made of. */
export interface RevisionMeans {
  readonly holding: Holding
  readonly hold: HoldSettings
  readonly callerWeights: ReadonlyMap<string, number>
  readonly policy: PolicyName
  readonly burst: Burst
  readonly meshMode: MeshMode
  readonly probing: ProbeMeans
  readonly clock: InstanceClock
  readonly reporter: ActivityReporter<RevisionSpec>
  readonly health: Health
  /** The first request of a quiet revision came. */
  readonly onFirst: (spec: RevisionSpec) => void
  /** The platform's control plane can be reached, or not. */
  readonly onConnection: (isConnected: boolean) => void
}

/** Makes revisions when the platform names them, and ends them when it does not any more. */
export class RevisionLifecycle implements RevisionsOwner {
  /** Dispatches their requests. Revisions need it, and it needs the revisions: it is set once both are there. */
  front!: Front
  /** Makes pools of connections; set once the relay is there, which is before the first request. */
  connect!: Connect
  readonly #means: RevisionMeans

  constructor(means: RevisionMeans) {
    this.#means = means
  }

  createRevision(spec: RevisionSpec): Revision {
    const { holding, hold, callerWeights, burst, probing, clock, reporter, policy, meshMode } = this.#means
    const target = watchTargetOf(spec, meshMode)
    const tenant = holding.tenant(spec.namespace)
    return new Revision(spec, {
      tenant,
      line: tenant.line({
        heldMax: hold.revisionHeldMax,
        heldBytesMax: hold.revisionHeldBytesMax,
        weightOf: (caller) => callerWeights.get(caller) ?? 1,
      }),
      activity: reporter.revision(spec, () => this.#means.onFirst(spec)),
      clocks: clocksOf(spec, hold.queueMs),
      slots: {
        policy: (containerConcurrency) => policyNamed(policy, containerConcurrency, Math.random),
        burst,
        connect: (address, protocol, namespace) => this.connect(address, protocol, namespace),
        namespace: spec.namespace,
        clock,
      },
      passthroughHost: target.passthroughHost,
      watch: (owner) => new EndpointWatch(target, probing, owner),
      dispatcher: this.front,
    })
  }

  onReconfigured(revision: Revision, spec: RevisionSpec): void {
    revision.reconfigure(spec, clocksOf(spec, this.#means.hold.queueMs))
  }

  onGone(revision: Revision): void {
    revision.close()
    this.front.answerWaiting(revision)
    revision.line.close()
  }

  onTrouble(revision: Revision, reason: string): void {
    revision.trouble = reason
    if (reason !== '' && !revision.slots.hasInstances) this.front.answerWaiting(revision)
  }

  onConnection(isConnected: boolean, detail: string): void {
    this.#means.health.onConnection(isConnected, detail)
    this.#means.onConnection(isConnected)
  }
}

/** Through a mesh an instance is asked for by the name of its revision's private service (Knative). */
function watchTargetOf({ namespace, name }: RevisionSpec, mode: MeshMode): WatchTarget {
  return { mode, passthroughHost: mode === 'passthrough' ? `${privateServiceName(name)}.${namespace}` : '' }
}
