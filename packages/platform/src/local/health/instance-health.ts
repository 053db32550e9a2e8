import { ContainerHealth } from './container-health.ts'
import { type HealthAttempts, InstanceAttempts } from './health-attempts.ts'
import type { PlatformClock } from '../../clock.ts'
import type { ContainerSpec } from '../../manifest/manifest-set.ts'

/** What the health of an instance is found with. */
export interface InstanceHealthOptions {
  /** The serving one first. */
  readonly containers: readonly ContainerSpec[]
  /** Stands for port 0 in probes. */
  readonly appPort: number
  readonly clock: PlatformClock
  readonly events: InstanceHealthEvents
  /**
   * Runs the command of an exec probe in the environment of that container. Resolves with whether it ended with 0 within `timeoutMs`, and
   * what there is to say of a failure.
   */
  readonly exec: (
    container: ContainerSpec,
    command: readonly string[],
    timeoutMs: number,
  ) => Promise<{ ok: boolean; detail: string }>
  /** Makes single attempts; for tests. */
  readonly attempts?: HealthAttempts
}

/** Hears of the health of an instance. Nothing is called from within the constructor or after `close`. */
export interface InstanceHealthEvents {
  /** Every container is ready, and the sidecar says so of the serving one. Called again after `onNotReady`. */
  onReady(): void
  /** One of them is not any more. */
  onNotReady(reason: string): void
  /** A startup probe gave up, or liveness failed too often: the container has to be restarted. Once for each container. */
  onUnhealthy(container: string, reason: string): void
}

/**
 * The kubelet's part for one instance: runs the probes of its containers, and asks the sidecar about the serving one.
 *
 *     not ready ──every container is ready──► ready ──one is not──► not ready
 *     any ──a container has to be restarted──► told; that container is not asked about any more
 *     any ──close──► closed
 *
 * Containers count as started when this is made. What a probe does and when is that of Kubernetes; see ContainerHealth, ProbeWorker and
 * SidecarWatch.
 */
export class InstanceHealth {
  readonly #events: InstanceHealthEvents
  readonly #containers: readonly ContainerHealth[]
  #isReady = false
  #isClosed = false

  constructor(options: InstanceHealthOptions) {
    const { clock, containers, events } = options
    const attempts = options.attempts ?? new InstanceAttempts(options)
    this.#events = events
    this.#containers = containers.map(
      (container, index) =>
        new ContainerHealth({
          container,
          isServing: index === 0,
          clock,
          attempts,
          onChange: (reason) => this.#onChange(`container ${container.name}: ${reason}`),
          onUnhealthy: (reason) => {
            if (!this.#isClosed) events.onUnhealthy(container.name, reason)
          },
        }),
    )
  }

  /** The sidecar listens for requests at `host:port`. Only the first call counts. */
  onSidecar(address: string): void {
    for (const container of this.#containers) container.onSidecar(address)
  }

  /** The sidecar says by itself, without being asked, that the serving container is ready. */
  onSidecarReady(): void {
    for (const container of this.#containers) container.onSidecarReady()
  }

  /** Ends all probes; nothing is told any more. A command that runs is left to its own time. */
  close(): void {
    this.#isClosed = true
    for (const container of this.#containers) container.close()
  }

  #onChange(reason: string): void {
    const isReady = this.#containers.every((container) => container.isReady)
    if (isReady === this.#isReady || this.#isClosed) return
    this.#isReady = isReady
    if (isReady) this.#events.onReady()
    else this.#events.onNotReady(reason)
  }
}
