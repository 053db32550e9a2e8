import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Events } from './events.ts'
import { passes, within } from './within.ts'
import { freePort } from '../../support/free-port.ts'

export { freePort }

/** Whose queue-proxy is looked at. */
export type Kind = 'knative' | 'ours'

/** Where a queue-proxy listens; 0 is not open. */
export interface Ports {
  readonly main: number
  readonly tls: number
  readonly admin: number
  readonly autoscaling: number
  readonly metrics: number
}

export type Environment = Readonly<Record<string, string | undefined>>

const root = join(import.meta.dirname, '..', '..', '..')
const MAIN = join(root, 'packages', 'queue-proxy', 'src', 'main.ts')
/** Knative's ports that no setting moves. */
const KNATIVE_PORTS = { tls: 8112, admin: 8022, autoscaling: 9090, metrics: 9091 }
export const KNATIVE_FIXED_PORTS: readonly number[] = [8022, 9090, 9091, 8112]

/** Where the certificate must stand for Knative's queue-proxy. */
export const KNATIVE_CERTIFICATES = '/var/lib/knative/certs'

/** The program and its arguments: what the environment names, or our sources. */
export function commandOf(kind: Kind): string[] {
  if (kind === 'knative') return [process.env['KNATIVE_QUEUE_PROXY'] ?? '']
  const named = process.env['PILOTLIGHT_QUEUE_PROXY']
  if (named !== undefined && named !== '') return named.split(' ')
  return [process.execPath, '--conditions=@pilotlight/source', MAIN]
}

/** What must stand in the environment, for an application on `userPort`. */
export function requiredEnvironment(userPort: number): Record<string, string> {
  return {
    CONTAINER_CONCURRENCY: '0',
    QUEUE_SERVING_PORT: '8012',
    QUEUE_SERVING_TLS_PORT: '8112',
    USER_PORT: String(userPort),
    REVISION_TIMEOUT_SECONDS: '60',
    SERVING_LOGGING_CONFIG: '',
    SERVING_LOGGING_LEVEL: '',
    SERVING_NAMESPACE: 'default',
    SERVING_CONFIGURATION: 'hello',
    SERVING_REVISION: 'hello-00001',
    SERVING_POD: 'hello-00001-pod',
    SERVING_POD_IP: '10.1.2.3',
  }
}

/** What only ours understands: any free port, and waits as short as a test wants them. */
const OUR_ENVIRONMENT = {
  QUEUE_SERVING_PORT: '0',
  QUEUE_SERVING_TLS_PORT: '0',
  QUEUE_ADMIN_PORT: '0',
  QUEUE_METRICS_PORT: '0',
  METRICS_PROMETHEUS_PORT: '0',
  PROFILING_PORT: '0',
}

/** Where our sources are kept compiled, '' for nowhere: a start is four times as fast. */
let compileCache = ''

/** Starts ours once, so that what it loads stands compiled in `folder`. */
export async function compileInto(folder: string): Promise<void> {
  compileCache = folder
  const subject = await Subject.start('ours', 1, { QUEUE_DRAIN_SECONDS: '0' })
  // Node writes the cache when a process ends by itself.
  subject.signal('SIGTERM')
  await subject.exited
}

/** Whether something accepts connections on a port here. */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** Processes that must not outlive this one, however it ends. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A queue-proxy in a process of its own. */
export class Subject {
  readonly kind: Kind
  readonly stderr = new Events<string>('lines on stderr')
  readonly stdout = new Events<string>('lines on stdout')
  readonly exited: Promise<Exit>
  #ports: Ports = { main: 0, tls: 0, admin: 0, autoscaling: 0, metrics: 0 }
  #exit: Exit | null = null
  readonly #child: ChildProcess

  private constructor(kind: Kind, environment: Environment) {
    this.kind = kind
    const [program, ...args] = commandOf(kind)
    this.#child = spawn(program, args, {
      env: {
        PATH: process.env['PATH'],
        ...(compileCache === '' ? {} : { NODE_COMPILE_CACHE: compileCache }),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(this.#child)
    this.#child.once('close', () => running.delete(this.#child))
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.stdout.push(line))
    createInterface({ input: this.#child.stderr! }).on('line', (line) => this.stderr.push(line))
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => {
        this.#exit = { code, signal }
        resolve(this.#exit)
      })
    })
  }

  /** Starts it without waiting for anything; for a start that is expected to fail. */
  static launch(kind: Kind, userPort: number, environment: Environment): Subject {
    const base = { ...requiredEnvironment(userPort), ...(kind === 'ours' ? OUR_ENVIRONMENT : {}) }
    return new Subject(kind, { ...base, ...environment })
  }

  /** Starts it and waits until every port is open. */
  static async start(kind: Kind, userPort: number, environment: Environment): Promise<Subject> {
    const own = kind === 'knative' ? { QUEUE_SERVING_PORT: String(await freePort()) } : {}
    const subject = Subject.launch(kind, userPort, { ...own, ...environment })
    try {
      await subject.#opens(Number(own.QUEUE_SERVING_PORT ?? 0))
    } catch (error) {
      await subject.stop()
      throw error
    }
    return subject
  }

  /** Whether the process is still there. */
  get isRunning(): boolean {
    return this.#exit === null
  }

  get ports(): Ports {
    return this.#ports
  }

  /** Everything that was written to stderr. */
  get log(): string {
    return this.stderr.all.join('\n')
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async stop(): Promise<void> {
    if (this.#exit === null) this.#child.kill('SIGKILL')
    await this.exited.catch(() => {})
  }

  /** Resolves with the first line of the log with this message, past or future, as an object. */
  async logged(message: string, ms?: number): Promise<Record<string, unknown>> {
    const line = await this.stderr.find(message, (one) => one.includes(message), ms)
    return JSON.parse(line) as Record<string, unknown>
  }

  async #opens(servingPort: number): Promise<void> {
    const failed = this.exited.then(({ code }) => {
      throw new Error(`the queue-proxy ended with ${code}:\n${this.log}`)
    })
    failed.catch(() => {})
    if (this.kind === 'ours') {
      const started = await Promise.race([this.logged('Starting queue-proxy'), failed])
      const ports = started['ports'] as Partial<Ports>
      this.#ports = { ...this.#ports, ...ports }
      return
    }
    const opens = async (): Promise<void> => {
      for (const port of [servingPort, KNATIVE_PORTS.admin, KNATIVE_PORTS.autoscaling])
        while (!(await accepts(port))) await passes(5)
      this.#ports = { ...KNATIVE_PORTS, main: servingPort }
    }
    await Promise.race([within("Knative's ports open", opens()), failed])
  }
}
