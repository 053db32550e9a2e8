import type { HealthAttempts } from './health-attempts.ts'
import { ProbeWorker } from './probe-worker.ts'
import { SidecarWatch } from './sidecar-watch.ts'
import type { PlatformClock } from '../../clock.ts'
import type { ContainerProbe, ContainerSpec } from '../../manifest/manifest-set.ts'

/** What the health of a container is found with. */
export interface ContainerHealthParts {
  readonly container: ContainerSpec
  /** Whether the sidecar speaks for it. */
  readonly isServing: boolean
  readonly clock: PlatformClock
  readonly attempts: HealthAttempts
  /** `isReady` changed; `reason` is why it is not. */
  readonly onChange: (reason: string) => void
  /** It has to be restarted. Nothing is told of it any more. */
  readonly onUnhealthy: (reason: string) => void
}

/**
 * Health of one container.
 *
 *     starting ──startup probe succeeded, or there is none──► started: liveness and readiness are asked
 *         │                                                      │
 *         └──startup failed too often──► unhealthy ◄──────────────┘ liveness failed too often
 *
 * A started container is ready when all that speak for its readiness say so: its sidecar, if it is the serving one, and its probe, if the
 * sidecar does not run that.
 */
export class ContainerHealth {
  readonly #parts: ContainerHealthParts
  readonly #startup: ProbeWorker | null
  readonly #liveness: ProbeWorker | null
  readonly #readiness: ProbeWorker | null
  readonly #sidecar: SidecarWatch | null
  #isStarted = false
  #saysProbe: boolean
  #saysSidecar: boolean

  constructor(parts: ContainerHealthParts) {
    const { container, isServing, clock, attempts } = parts
    const { startup, liveness, readiness } = container
    const startedAt = clock.now()
    const isDirect = readiness !== null && (!isServing || readiness.action.kind === 'exec-command')
    this.#parts = parts
    this.#saysProbe = !isDirect
    this.#saysSidecar = !isServing
    this.#startup = this.#worker(startup, startedAt, (isSuccess, count, detail) => {
      if (isSuccess) this.#onStarted()
      else this.#onUnhealthy(`its startup probe failed ${times(count)}: ${detail}`)
    })
    this.#liveness = this.#worker(liveness, startedAt, (isSuccess, count, detail) => {
      if (!isSuccess) this.#onUnhealthy(`its liveness probe failed ${times(count)}: ${detail}`)
    })
    this.#readiness = this.#worker(isDirect ? readiness : null, startedAt, (isSuccess, count, detail) => {
      this.#turn(() => (this.#saysProbe = isSuccess), `its readiness probe failed ${times(count)}: ${detail}`)
    })
    this.#sidecar = !isServing
      ? null
      : new SidecarWatch({
          clock,
          attempts,
          readiness,
          startedAt,
          onVerdict: (isReady, detail) =>
            this.#turn(() => (this.#saysSidecar = isReady), `its queue-proxy says that it is not: ${detail}`),
        })
    if (this.#startup === null) this.#begin()
    else this.#startup.begin()
  }

  /** Whether it is ready. */
  get isReady(): boolean {
    return this.#isStarted && this.#saysProbe && this.#saysSidecar
  }

  /** The sidecar listens at `host:port`. */
  onSidecar(address: string): void {
    this.#sidecar?.onSidecar(address)
  }

  /** The sidecar says by itself that the app is ready. */
  onSidecarReady(): void {
    this.#sidecar?.onSidecarReady()
  }

  /** Ends all probes; nothing is told any more. */
  close(): void {
    for (const one of [this.#startup, this.#liveness, this.#readiness, this.#sidecar]) one?.close()
  }

  #worker(
    probe: ContainerProbe | null,
    startedAt: number,
    onVerdict: (isSuccess: boolean, count: number, detail: string) => void,
  ): ProbeWorker | null {
    if (probe === null) return null
    const { attempts, clock, container } = this.#parts
    const start = () => attempts.probe(container, probe)
    return new ProbeWorker({ clock, timing: probe, startedAt, start, onVerdict })
  }

  #onStarted(): void {
    this.#startup?.close()
    this.#turn(() => this.#begin(), '')
  }

  #begin(): void {
    this.#isStarted = true
    for (const one of [this.#liveness, this.#readiness, this.#sidecar]) one?.begin()
  }

  #onUnhealthy(reason: string): void {
    this.close()
    this.#parts.onUnhealthy(reason)
  }

  #turn(change: () => void, reason: string): void {
    const was = this.isReady
    change()
    if (this.isReady !== was) this.#parts.onChange(reason)
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
