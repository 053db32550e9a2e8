import { availableParallelism } from 'node:os'
import { type PlatformClock, PROCESS_CLOCK } from '../clock.ts'
import type { ManifestSet, ServiceManifest } from '../manifest/manifest-set.ts'
import type { ActivityStat, Platform, PlatformEvents, RevisionName, Route } from '../platform.ts'
import type { PlatformLog } from '../platform-log.ts'
import { InstanceHealth } from './health/instance-health.ts'
import { InstanceNames } from './instance-names.ts'
import type { LocalMachine } from './local-machine.ts'
import type { LocalRevision } from './local-revision.ts'
import { LocalService } from './local-service.ts'
import { ManifestFiles } from './manifest-files.ts'
import { FreePorts } from './processes/free-ports.ts'
import { inheritedBySidecars, inheritedEnvironment } from './processes/inherited-environment.ts'
import { OutputLines } from './processes/output-lines.ts'
import { Processes } from './processes/processes.ts'
import { SECOND_MS } from './scale-driver.ts'
import { StartGate } from './start-gate.ts'

/** What a local platform is told. */
export interface LocalPlatformOptions {
  /** Paths of manifests; `-` is standard input. */
  readonly manifests: readonly string[]
  /** Command lines by service, which count more than what a manifest says. */
  readonly commands: ReadonlyMap<string, string>
  /** Arguments with which Node runs the queue-proxy. */
  readonly queueProxy: readonly string[]
  /** What its environment has beside what the platform sets. */
  readonly sidecarEnv: Readonly<Record<string, string>>
  /** Instances there may be at a time, of all services together. */
  readonly instancesMax: number
  readonly log: PlatformLog
  /** Where the output of instances goes. */
  readonly output: NodeJS.WritableStream
  readonly input: AsyncIterable<Buffer | string>
  /** The environment that instances inherit. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Tests pass their own. */
  readonly clock?: PlatformClock
}

/** Instances that may start at the same moment, for each processor; and at least. */
const STARTS_PER_PROCESSOR = 4
const STARTS_MIN = 8

/**
 * Services as processes of this machine, started and ended by what Knative manifests and their autoscaler say. docs/reference/local-platform.md
 * has what of a manifest counts here, and how.
 */
export class LocalPlatform implements Platform {
  readonly name = 'local'
  readonly #options: LocalPlatformOptions
  readonly #clock: PlatformClock
  readonly #files: ManifestFiles
  readonly #services = new Map<string, LocalService>()
  #machine: LocalMachine | null = null
  #processes: Processes | null = null
  /** Why limits have no effect; empty when they have. */
  #limitsReason = ''
  #events: PlatformEvents | null = null
  #problems = ''
  #warnings: ReadonlySet<string> = new Set()
  #isApplying = false
  #isTimed = false
  #cancelSecond: () => void = () => {}
  #isClosed = false

  constructor(options: LocalPlatformOptions) {
    const { clock = PROCESS_CLOCK, commands, input, manifests } = options
    this.#options = options
    this.#clock = clock
    this.#files = new ManifestFiles({ files: manifests, commands, input, clock }, () => this.#reload())
  }

  async start(events: PlatformEvents): Promise<void> {
    await this.#files.start()
    const set = await this.#files.read(new Map())
    if (set.problems.length > 0) {
      await this.#files.close()
      throw new Error(set.problems.map(({ text }) => text).join('\n'))
    }
    if (this.#isClosed) return
    this.#events = events
    this.#machine = await this.#createMachine()
    if (this.#isClosed) return this.#processes?.close()
    events.onConnection(true, '')
    this.#apply(set)
  }

  async #createMachine(): Promise<LocalMachine> {
    const { env, instancesMax, log, output, queueProxy, sidecarEnv } = this.#options
    const clock = this.#clock
    const processes = await Processes.start({ output: new OutputLines(output), clock, log })
    this.#processes = processes
    this.#limitsReason = processes.limitsReason
    let toldFull = false
    return {
      processes,
      ports: new FreePorts(),
      createHealth: (options) => new InstanceHealth(options),
      names: new InstanceNames(),
      gate: new StartGate(Math.max(STARTS_MIN, STARTS_PER_PROCESSOR * availableParallelism()), clock),
      clock,
      log,
      queueProxy,
      inherited: inheritedEnvironment(env),
      sidecarEnv: { ...inheritedBySidecars(env), ...sidecarEnv },
      instancesMax,
      instances: 0,
      onFull(revision) {
        if (toldFull) return
        toldFull = true
        log.warn(
          `${revision} needs another instance, and there are ${instancesMax} already: no more are started at a time. ACTIVATOR_LOCAL_INSTANCES_MAX sets how many.`,
        )
      },
    }
  }

  // ── manifests ───────────────────────────────────────────────────────────────────────────────────────────────────

  async #reload(): Promise<void> {
    if (this.#events === null) return
    const names = new Map([...this.#services].map(([key, service]) => [key, service.revisionNames]))
    const set = await this.#files.read(names)
    if (this.#isClosed) return
    const problems = set.problems.map(({ text }) => text)
    if (problems.length === 0) {
      this.#apply(set)
      this.#problems = ''
      return this.#options.log.info('The manifests were read again.', { services: this.#services.size })
    }
    const text = problems.join('\n')
    if (text === this.#problems) return
    this.#problems = text
    this.#options.log.error('The manifests changed and cannot be used; what was there before stays.', {
      problems,
    })
  }

  #apply(set: ManifestSet): void {
    this.#warn(set)
    const manifests = Map.groupBy(set.services, keyOf)
    this.#isApplying = true
    for (const [key, documents] of manifests) this.#serviceOf(key, documents[0]).apply(documents)
    for (const [key, service] of this.#services) if (!manifests.has(key)) service.remove()
    this.#isApplying = false
    this.#tellRoutes()
  }

  #warn({ services, warnings }: ManifestSet): void {
    const texts = new Set(warnings.map(({ text }) => text))
    if (this.#limitsReason !== '')
      for (const { at, name, template } of services)
        if (template.containers.some(({ limits }) => limits.cpu !== null || limits.memoryBytes !== null))
          texts.add(`${at.file}:${at.line}: resources.limits of ${name}: ${this.#limitsReason}`)
    for (const text of texts) if (!this.#warnings.has(text)) this.#options.log.warn(text)
    this.#warnings = texts
  }

  #serviceOf(key: string, { namespace, name }: ServiceManifest): LocalService {
    let service = this.#services.get(key)
    if (service === undefined) {
      service = new LocalService(namespace, name, {
        machine: this.#machine!,
        events: this.#events!,
        owner: {
          onRoute: () => this.#tellRoutes(),
          onActive: () => this.#schedule(),
        },
      })
      this.#services.set(key, service)
    }
    return service
  }

  #tellRoutes(): void {
    if (this.#isApplying || this.#isClosed) return
    const routes: Route[] = []
    const present = [...this.#services.values()].filter((service) => service.route(false) !== null)
    for (const service of present) routes.push(service.route(present.length === 1)!)
    this.#events!.onRoutes(routes)
  }

  // ── load ────────────────────────────────────────────────────────────────────────────────────────────────────────

  wake(name: RevisionName): void {
    if (!this.#isClosed) this.#find(name)?.wake()
  }

  report(stats: readonly ActivityStat[]): void {
    if (this.#isClosed) return
    for (const stat of stats) this.#find(stat)?.report(stat)
  }

  #find({ namespace, name }: RevisionName): LocalRevision | null {
    for (const service of this.#services.values()) {
      if (service.namespace !== namespace) continue
      const revision = service.find(name)
      if (revision !== null) return revision
    }
    return null
  }

  /** While nothing runs, nothing wakes the process up. */
  #schedule(): void {
    if (this.#isTimed || this.#isClosed) return
    this.#isTimed = true
    this.#cancelSecond = this.#clock.after(SECOND_MS, () => this.#second())
  }

  #second(): void {
    this.#isTimed = false
    let isActive = false
    for (const [key, service] of this.#services) {
      if (service.second()) isActive = true
      if (service.isOver) this.#services.delete(key)
    }
    if (isActive) this.#schedule()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelSecond()
    await this.#files.close()
    await Promise.all([...this.#services.values()].map((service) => service.close()))
    await this.#processes?.close()
  }
}

function keyOf({ namespace, name }: ServiceManifest): string {
  return `${namespace}/${name}`
}
