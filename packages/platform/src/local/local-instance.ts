import {
  containerCommand,
  containerEnvironment,
  type InstanceIdentity,
  sidecarEnvironment,
} from './instance-environment.ts'
import type { LocalMachine } from './local-machine.ts'
import type { ContainerSpec, RevisionTemplate } from '../manifest/manifest-set.ts'
import type { InstanceFacts } from '../platform.ts'
import type { LocalProcess, ProcessEnd } from './processes/processes.ts'

/** Why an instance is no use. */
export interface InstanceFailure {
  /** For callers: what happened, without the app's output. */
  readonly reason: string
  /** The next one would fail as well. */
  readonly isFinal: boolean
}

/** Hears of an instance. */
export interface InstanceOwner {
  /** Its facts changed. */
  onChange(): void
  /** It ended by itself, or cannot be used; what is left of it is stopped. */
  onFailed(instance: LocalInstance, failure: InstanceFailure): void
  /** Nothing of it runs any more. */
  onGone(instance: LocalInstance): void
}

/** What its sidecar says of itself and of the app: docs/reference/queue-proxy.md. Ages are ms. */
interface SidecarMessage {
  readonly main?: number
  readonly ready?: true
  readonly listeningMs?: number | null
  readonly readyMs?: number | null
}

/** After SIGTERM an app has this long at least, and at most, ms; in between, as long as its requests may take (Knative). */
const GRACE_MIN_MS = 2000
const GRACE_MAX_MS = 30_000
/** When everything ends, nobody has a request any more, and whoever ended it waits: ms. */
const GRACE_AT_END_MS = 5000
const NO_LIMITS = { cpu: null, memoryBytes: null }

/**
 * One instance of a revision on this machine: a sidecar, and a process for each container, which start side by side.
 *
 *     starting ──probes──► ready ◄──probes──► not-ready
 *         │                  │
 *         ├──────────────────┴── a process ended, probes gave up ──► failed: told, and ended
 *         └── stop ──► ending: the sidecar ends when its requests have, then the app ──► gone
 */
export class LocalInstance {
  readonly name: string
  /** ms. */
  readonly scheduledAt: number
  /** Since when it has been ready without a break, ms; null when it is not. */
  readyAt: number | null = null
  /** Called once it does not start any more, whatever became of it. */
  onSettled: () => void = () => {}
  readonly #machine: LocalMachine
  readonly #template: RevisionTemplate
  readonly #identity: InstanceIdentity
  readonly #owner: InstanceOwner
  #state: InstanceFacts['state'] = 'starting'
  #address = ''
  #startedAt: number | null = null
  #listeningAt: number | null = null
  #appReadyAt: number | null = null
  #port = 0
  #sidecar: LocalProcess | null = null
  #containers: LocalProcess[] = []
  #health: ReturnType<LocalMachine['createHealth']> | null = null
  #cancelDeadline: () => void = () => {}
  #stopping: Promise<void> | null = null

  constructor(
    machine: LocalMachine,
    template: RevisionTemplate,
    identity: InstanceIdentity,
    owner: InstanceOwner,
  ) {
    this.name = identity.instance
    this.scheduledAt = machine.clock.now()
    this.#machine = machine
    this.#template = template
    this.#identity = identity
    this.#owner = owner
  }

  /** What is known of it. */
  get facts(): InstanceFacts {
    return {
      name: this.name,
      address: this.#address,
      state: this.#state,
      scheduledAt: this.scheduledAt,
      startedAt: this.#startedAt,
      listeningAt: this.#listeningAt,
      readyAt: this.#appReadyAt,
    }
  }

  /** Starts its processes. Does not reject: what goes wrong is told to the owner. */
  async start(): Promise<void> {
    const { clock, createHealth, ports } = this.#machine
    try {
      this.#port = await ports.take()
    } catch (error) {
      return this.#fail({
        reason: `no port is free for it: ${(error as Error).message}`,
        isFinal: false,
      })
    }
    if (this.#state === 'ending') return ports.release(this.#port)
    const { progressDeadlineMs } = this.#template.scaling
    this.#cancelDeadline = clock.after(progressDeadlineMs, () => this.#onDeadline(progressDeadlineMs))
    this.#health = createHealth({
      containers: this.#template.containers,
      appPort: this.#port,
      clock,
      exec: (container, command, timeoutMs) => this.#exec(container, command, timeoutMs),
      events: {
        onReady: () => this.#onReady(),
        onNotReady: () => this.#onNotReady(),
        onUnhealthy: (container, reason) => this.#onUnhealthy(container, reason),
      },
    })
    // Side by side; the app first, since most take longer than the sidecar.
    this.#containers = this.#template.containers.map((container, index) =>
      this.#startContainer(container, index),
    )
    this.#sidecar = this.#startSidecar()
  }

  #startContainer(container: ContainerSpec, index: number): LocalProcess {
    const { inherited, processes } = this.#machine
    const isServing = index === 0
    const port = isServing ? this.#port : null
    return processes.run(
      {
        name: isServing ? this.name : `${this.name}/${container.name}`,
        command: containerCommand(container, this.#identity, port),
        folder: container.folder,
        env: containerEnvironment(container, this.#identity, inherited, port),
        limits: container.limits,
        graceMs: this.#graceMs,
        announces: false,
        hasLifeline: false,
      },
      {
        onStarted: (at) => {
          if (!isServing) return
          this.#startedAt = at
          this.#owner.onChange()
        },
        onAnnounced: () => {},
        onEnded: (end) =>
          this.#onProcessEnded(isServing ? 'its process' : `container ${container.name}`, end),
      },
    )
  }

  #startSidecar(): LocalProcess {
    const { processes, queueProxy, sidecarEnv } = this.#machine
    return processes.run(
      {
        name: `${this.name}/queue-proxy`,
        command: [process.execPath, ...queueProxy],
        folder: process.cwd(),
        env: sidecarEnvironment(this.#template, this.#identity, sidecarEnv, this.#port),
        limits: NO_LIMITS,
        // It ends by itself, when the last request that it may have is over.
        graceMs: this.#template.timeouts.totalMs + GRACE_MAX_MS,
        announces: true,
        hasLifeline: true,
      },
      {
        onStarted: () => {},
        onAnnounced: (message) => this.#onAnnounced(message as SidecarMessage),
        onEnded: (end) => this.#onProcessEnded('its queue-proxy', end),
      },
    )
  }

  get #graceMs(): number {
    return Math.min(GRACE_MAX_MS, Math.max(GRACE_MIN_MS, this.#template.timeouts.totalMs))
  }

  #exec(
    container: ContainerSpec,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<{ ok: boolean; detail: string }> {
    const { inherited, processes } = this.#machine
    const port = container === this.#template.containers[0] ? this.#port : null
    return processes.probe({
      command,
      folder: container.folder,
      env: containerEnvironment(container, this.#identity, inherited, port),
      timeoutMs,
    })
  }

  #onAnnounced({ main, ready, listeningMs, readyMs }: SidecarMessage): void {
    if (this.#state === 'ending') return
    const now = this.#machine.clock.now()
    if (main !== undefined) {
      this.#address = `127.0.0.1:${main}`
      this.#owner.onChange()
      this.#health!.onSidecar(this.#address)
    }
    if (ready !== true) return
    this.#listeningAt = listeningMs == null ? null : now - listeningMs
    this.#appReadyAt = readyMs == null ? null : now - readyMs
    this.#owner.onChange()
    this.#health!.onSidecarReady()
  }

  #onReady(): void {
    if (this.#state === 'ending') return
    this.#cancelDeadline()
    this.onSettled()
    this.#state = 'ready'
    this.readyAt = this.#machine.clock.now()
    this.#owner.onChange()
  }

  #onNotReady(): void {
    if (this.#state !== 'ready') return
    this.#state = 'not-ready'
    this.readyAt = null
    this.#owner.onChange()
  }

  #onUnhealthy(container: string, reason: string): void {
    const who = this.#template.containers.length > 1 ? `container ${container}` : 'it'
    this.#fail({ reason: `${who} is not healthy: ${reason}`, isFinal: false })
  }

  #onDeadline(ms: number): void {
    this.#fail({
      reason: `it was not ready within ${ms / 1000} s (progress-deadline)`,
      isFinal: false,
    })
  }

  #onProcessEnded(who: string, { code, signal, failure }: ProcessEnd): void {
    if (this.#state === 'ending') return
    if (failure !== '') return this.#fail({ reason: failure, isFinal: true })
    const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`
    const when = this.#state === 'starting' ? ' before it was ready' : ''
    this.#fail({ reason: `${who} ${how}${when}`, isFinal: false })
  }

  #fail(failure: InstanceFailure): void {
    if (this.#state === 'ending') return
    // What is told first is that it cannot be used.
    void this.stop()
    this.#owner.onFailed(this, failure)
  }

  /** Ends it without losing a request: the activator must have been told before that it is not to be used. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop(false))
  }

  /** Ends it although the sidecar may have requests: nobody waits for them any more. */
  stopNow(): Promise<void> {
    const processes = [this.#sidecar, ...this.#containers]
    for (const process of processes) void process?.stop()
    const cancel = this.#machine.clock.after(GRACE_AT_END_MS, () => {
      for (const process of processes) process?.kill()
    })
    this.#stopping ??= this.#stop(true)
    return this.#stopping.finally(cancel)
  }

  async #stop(isAtOnce: boolean): Promise<void> {
    this.#state = 'ending'
    this.#cancelDeadline()
    this.onSettled()
    this.#health?.close()
    this.#owner.onChange()
    const drained = this.#sidecar?.stop()
    if (!isAtOnce) await drained
    await Promise.all([drained, ...this.#containers.map((container) => container.stop())])
    if (this.#port !== 0) this.#machine.ports.release(this.#port)
    this.#owner.onGone(this)
  }
}
