import type { Holding } from '@pilotlight/admission'
import { monotonicNow } from '@pilotlight/relay'
import {
  type ActivatorStatus,
  EventLoopDelay,
  type RevisionStatus,
  type StatusReport,
} from '@pilotlight/telemetry'
import type { Health } from '../health.ts'
import type { Revision } from '../revision.ts'
import type { Revisions } from '../revisions.ts'
import { VERSION } from '../version.ts'
import type { ColdStartSource } from './cold-start-source.ts'
import { instancesOf, stateOf } from './revision-status.ts'
import { RouteHosts } from './route-hosts.ts'
import type { TrafficObserver } from './traffic-observer.ts'

/** What is reported of. */
export interface StatusParts {
  /** Name of the platform. */
  readonly platform: string
  readonly revisions: Revisions
  readonly holding: Holding
  readonly health: Health
  readonly coldStarts: ColdStartSource
  readonly traffic: TrafficObserver
}

/** Says what the activator is doing. Nothing is kept for it in between but what the process is late by, while somebody asks. */
export class StatusReports {
  readonly #parts: StatusParts
  readonly #hosts = new RouteHosts()
  readonly #startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString()
  #delay = new EventLoopDelay()

  constructor(parts: StatusParts) {
    this.#parts = parts
  }

  /** What it is doing now. */
  take(): StatusReport {
    const { coldStarts, revisions, traffic } = this.#parts
    const now = monotonicNow()
    const all = [...revisions.all(), ...traffic.ending()]
    return {
      version: 1,
      at: new Date().toISOString(),
      activator: this.#activator(now),
      revisions: all.toSorted(byName).map((revision) => this.#revision(revision, now)),
      coldStarts: coldStarts.last,
    }
  }

  /** Nobody looks any more: what runs only for them ends. */
  rest(): void {
    this.#delay.stop()
    this.#delay = new EventLoopDelay()
  }

  #activator(now: number): ActivatorStatus {
    const { health, holding, platform } = this.#parts
    let running = 0
    for (const tenant of holding.tenants) running += tenant.running
    return {
      version: VERSION,
      pid: process.pid,
      platform,
      startedAt: this.#startedAt,
      isReady: health.problem === '',
      isConnected: health.isConnected,
      rssBytes: process.memoryUsage.rss(),
      eventLoopDelay: this.#delay.read(now),
      held: holding.held,
      heldBytes: holding.bytes.used,
      running,
    }
  }

  #revision(revision: Revision, now: number): RevisionStatus {
    const { coldStarts, revisions } = this.#parts
    const { activity, line, scaling, spec, traffic } = revision
    const { namespace, name } = spec
    const wanted = scaling?.wanted ?? -1
    return {
      namespace,
      name,
      service: spec.service,
      state: stateOf(revision),
      trouble: revision.trouble,
      routes: revision.isClosed ? [] : this.#hosts.of(revisions.routes, namespace, name),
      containerConcurrency: spec.containerConcurrency,
      wanted: wanted < 0 ? null : wanted,
      isPanicking: scaling?.isPanicking ?? false,
      instances: instancesOf(revision, now),
      held: line.length,
      heldBytes: line.bytes.used,
      oldestHeldMs: line.length === 0 ? 0 : Math.max(0, Math.round(now - line.oldestEnteredAt)),
      running: Math.max(0, activity.concurrency - line.length),
      requestsPerSecond: rounded(traffic?.requestsPerSecond(now) ?? 0),
      errorsPerSecond: rounded(traffic?.errorsPerSecond(now) ?? 0),
      latency: traffic?.latency.percentiles(now) ?? null,
      lastColdStart: coldStarts.lastOf(revision),
    }
  }
}

function byName({ spec: a }: Revision, { spec: b }: Revision): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** To three digits behind the point. */
function rounded(rate: number): number {
  return Math.round(rate * 1000) / 1000
}
