import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { Events } from '../../conformance/support/events.ts'
import { within } from '../../conformance/support/within.ts'

const PACKAGES = join(import.meta.dirname, '..', '..', '..', 'packages')

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** How a process is started. */
export interface ProcessOptions {
  /** Its main file: an absolute path. */
  readonly script: string
  /** All it finds in its environment beside PATH. */
  readonly env: Readonly<Record<string, string>>
  /** Message of the log line that has its ports. */
  readonly startedBy: string
}

/** Processes that must not outlive this one, however it ends. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process of Node that runs from source, and ends with its test at the latest. */
export class ServiceProcess {
  /** Lines of both outputs. */
  readonly lines: Events<string>
  readonly exited: Promise<Exit>
  #ports: Readonly<Record<string, number>> = {}
  readonly #child: ChildProcess

  private constructor({ script, env }: ProcessOptions) {
    this.lines = new Events<string>(`lines of ${script}`)
    this.#child = spawn(process.execPath, ['--conditions=@pilotlight/source', script], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(this.#child)
    for (const input of [this.#child.stdout!, this.#child.stderr!])
      createInterface({ input }).on('line', (line) => this.lines.push(line))
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => {
        running.delete(this.#child)
        resolve({ code, signal })
      })
    })
  }

  /** Resolves when it says that it has started. It is killed when the test ends. */
  static async start(t: Test, options: ProcessOptions): Promise<ServiceProcess> {
    const service = new ServiceProcess(options)
    t.teardown(() => service.kill())
    const failed = service.exited.then(({ code }) => {
      throw new Error(`${options.script} ended with ${code}:\n${service.lines.all.join('\n')}`)
    })
    failed.catch(() => {})
    const logged = service.lines.find(options.startedBy, (line) => line.includes(options.startedBy), Infinity)
    const line = await within(`${options.script} starts`, Promise.race([logged, failed]))
    const started = JSON.parse(line) as Record<string, unknown>
    service.#ports = started['ports'] as Record<string, number>
    return service
  }

  /** Where it listens, by name. */
  get ports(): Readonly<Record<string, number>> {
    return this.#ports
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** The first log line with this message, past or future, as an object. */
  async logged(message: string): Promise<Record<string, unknown>> {
    const line = await this.lines.find(message, (one) => one.includes(message))
    return JSON.parse(line) as Record<string, unknown>
  }

  /** How many lines had this message so far. */
  count(message: string): number {
    return this.lines.all.filter((line) => line.includes(message)).length
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Resolves when it has ended by itself. */
  ended(): Promise<Exit> {
    return within('the process ends', this.exited)
  }

  /** Ends it, also when it is stopped. */
  async kill(): Promise<void> {
    if (running.has(this.#child)) this.#child.kill('SIGKILL')
    await this.exited.catch(() => {})
  }
}

/** The activator, with the static platform. */
export function startActivator(
  t: Test,
  configFile: string,
  env: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  return ServiceProcess.start(t, {
    script: join(PACKAGES, 'activator', 'src', 'main.ts'),
    startedBy: 'Starting the knative activator',
    env: {
      ACTIVATOR_PLATFORM: 'static',
      ACTIVATOR_CONFIG: configFile,
      ACTIVATOR_HTTP_PORT: '0',
      ACTIVATOR_H2C_PORT: '0',
      ACTIVATOR_DRAIN_SECONDS: '0',
      PROFILING_PORT: '0',
      METRICS_PROMETHEUS_PORT: '0',
      OBSERVABILITY_CONFIG: JSON.stringify({ requestMetrics: { protocol: 'prometheus' } }),
      CLUSTER_DOMAIN: 'cluster.local',
      POD_NAME: 'activator-1',
      ...env,
    },
  })
}

/** The queue-proxy of an app on `userPort`. */
export async function startQueueProxy(
  t: Test,
  userPort: number,
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  return ServiceProcess.start(t, {
    script: join(PACKAGES, 'queue-proxy', 'src', 'main.ts'),
    startedBy: 'Starting queue-proxy',
    env: {
      CONTAINER_CONCURRENCY: '0',
      QUEUE_SERVING_PORT: '0',
      QUEUE_SERVING_TLS_PORT: '0',
      QUEUE_ADMIN_PORT: '0',
      QUEUE_METRICS_PORT: '0',
      METRICS_PROMETHEUS_PORT: '0',
      PROFILING_PORT: '0',
      USER_PORT: String(userPort),
      REVISION_TIMEOUT_SECONDS: '60',
      SERVING_LOGGING_CONFIG: '',
      SERVING_LOGGING_LEVEL: '',
      SERVING_NAMESPACE: 'default',
      SERVING_CONFIGURATION: 'hello',
      SERVING_REVISION: 'hello-00001',
      SERVING_POD: 'hello-00001-pod',
      SERVING_POD_IP: '127.0.0.1',
      SERVING_READINESS_PROBE: JSON.stringify({ tcpSocket: { host: '127.0.0.1', port: userPort } }),
      ...env,
    },
  })
}

/** Where a queue-proxy takes requests. */
export function addressOf(queueProxy: ServiceProcess): string {
  return `127.0.0.1:${queueProxy.ports['main']}`
}
