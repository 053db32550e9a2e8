import { readAutoscalerConfig, readRevisionScaling } from '@pilotlight/autoscaler'
import type { InstanceHealthEvents, InstanceHealthOptions } from '../../src/local/health/instance-health.ts'
import { InstanceNames } from '../../src/local/instance-names.ts'
import type { LocalMachine } from '../../src/local/local-machine.ts'
import { StartGate } from '../../src/local/start-gate.ts'
import type {
  LocalProcess,
  ProcessEnd,
  ProcessEvents,
  ProcessSpec,
} from '../../src/local/processes/processes.ts'
import type { RevisionTemplate, ServiceManifest, TrafficEntry } from '../../src/manifest/manifest-set.ts'
import { FakeClock } from './fake-clock.ts'
import { KeptLog } from './kept-log.ts'

/** A process that does what a test says. Real ones are in the tests of the processes, and of the whole platform. */
export class FakeProcess implements LocalProcess {
  readonly pid: number
  readonly spec: ProcessSpec
  readonly gone: Promise<ProcessEnd>
  isStopped = false
  hasEnded = false
  readonly #events: ProcessEvents
  #resolve: (end: ProcessEnd) => void = () => {}

  constructor(pid: number, spec: ProcessSpec, events: ProcessEvents) {
    this.pid = pid
    this.spec = spec
    this.#events = events
    this.gone = new Promise((resolve) => (this.#resolve = resolve))
  }

  get isSidecar(): boolean {
    return this.spec.announces
  }

  begin(at: number): void {
    this.#events.onStarted(at)
    if (this.isSidecar) this.#events.onAnnounced({ main: 20_000 + this.pid })
  }

  announce(message: unknown): void {
    this.#events.onAnnounced(message)
  }

  end(end: Partial<ProcessEnd>): void {
    if (this.hasEnded) return
    this.hasEnded = true
    const full = { code: 0, signal: null, lastLines: [], failure: '', ...end }
    this.#resolve(full)
    this.#events.onEnded(full)
  }

  stop(): Promise<ProcessEnd> {
    this.isStopped = true
    return this.gone
  }

  kill(): void {
    this.end({ code: null, signal: 'SIGKILL' })
  }
}

/** The health of an instance, as a test says. */
export class FakeHealth {
  readonly events: InstanceHealthEvents
  readonly appPort: number
  isClosed = false

  constructor({ events, appPort }: InstanceHealthOptions) {
    this.events = events
    this.appPort = appPort
  }

  onSidecar(): void {}
  /** The test says when it is. */
  onSidecarReady(): void {}

  close(): void {
    this.isClosed = true
  }
}

/** A machine whose processes and probes do what a test says. */
export class FakeMachine implements LocalMachine {
  readonly clock = new FakeClock()
  readonly log = new KeptLog()
  readonly names = new InstanceNames()
  readonly gate = new StartGate(100, this.clock)
  readonly queueProxy = ['queue-proxy']
  readonly inherited = {}
  readonly sidecarEnv = {}
  readonly run: FakeProcess[] = []
  readonly healths: FakeHealth[] = []
  readonly portsTaken = new Set<number>()
  instancesMax = 100
  instances = 0
  full: string[] = []
  #nextPort = 10_000

  readonly processes = {
    run: (spec: ProcessSpec, events: ProcessEvents): LocalProcess => {
      const started = new FakeProcess(this.run.length + 1, spec, events)
      this.run.push(started)
      return started
    },
    probe: () => Promise.resolve({ ok: true, detail: '' }),
  }

  readonly ports = {
    take: (): Promise<number> => {
      const port = this.#nextPort++
      this.portsTaken.add(port)
      return Promise.resolve(port)
    },
    release: (port: number): void => void this.portsTaken.delete(port),
  }

  readonly createHealth = (options: InstanceHealthOptions): FakeHealth => {
    const health = new FakeHealth(options)
    this.healths.push(health)
    return health
  }

  onFull(revision: string): void {
    this.full.push(revision)
  }

  /** Processes that run and were not told to end. */
  get running(): FakeProcess[] {
    return this.run.filter(({ isStopped, hasEnded }) => !isStopped && !hasEnded)
  }

  /** Everything that was started and says nothing yet is up, and ready. */
  becomeReady(): void {
    for (const one of this.running) one.begin(this.clock.now())
    for (const health of this.healths) if (!health.isClosed) health.events.onReady()
  }

  /** Whoever was told to end does. */
  endStopped(): void {
    for (const one of this.run) if (one.isStopped) one.end({ code: 0 })
  }
}

/** A template whose only container runs `command`. */
export function template(command: string, annotations: Record<string, string> = {}): RevisionTemplate {
  const { config } = readAutoscalerConfig({
    'allow-zero-initial-scale': 'true',
    'initial-scale': '0',
  })
  const prefixed = Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [`autoscaling.knative.dev/${key}`, value]),
  )
  const { scaling } = readRevisionScaling({ annotations: prefixed, containerConcurrency: 0 }, config)
  const container = {
    name: 'user-container',
    command: [command],
    folder: '/',
    env: [],
    readiness: null,
    liveness: null,
    startup: null,
    limits: { cpu: null, memoryBytes: null },
  }
  return {
    name: '',
    labels: {},
    annotations: prefixed,
    containerConcurrency: 0,
    timeouts: { totalMs: 300_000, responseStartMs: 0, idleMs: 0, queueMs: 0, tunnelMs: 0 },
    protocol: 'http1',
    containers: [container],
    scaling,
  }
}

/** A document of the service `hello`. */
export function manifest(
  of: RevisionTemplate,
  traffic: readonly Partial<TrafficEntry>[] = [{}],
): ServiceManifest {
  const at = { file: 'a.yaml', line: 1 }
  return {
    namespace: 'default',
    name: 'hello',
    at,
    template: of,
    traffic: traffic.map((entry) => ({ revision: '', percent: 100, tag: '', at, ...entry })),
  }
}
