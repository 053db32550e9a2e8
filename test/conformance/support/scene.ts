import { App, type Speaks } from './app.ts'
import { Client, type RequestOptions } from './client.ts'
import { H2Client } from './h2-client.ts'
import type { Answer } from './messages.ts'
import { type Environment, type Kind, Subject } from './subject.ts'

type Cleanup = () => unknown

/** What a scenario has in its hands: a queue-proxy before an application, and clients. */
export class Scene {
  readonly kind: Kind
  readonly app: App
  /** The folder of the certificate in use, '' without TLS. */
  readonly certificates: string
  #subject: Subject | null = null
  #cleanups: Cleanup[] = []
  readonly #atTheEnd: Cleanup[] = []

  /** What every queue-proxy of the group has in its environment. */
  readonly #environment: Environment

  private constructor(kind: Kind, app: App, certificates: string, environment: Environment) {
    this.kind = kind
    this.app = app
    this.certificates = certificates
    this.#environment = environment
  }

  static async open(
    kind: Kind,
    speaks: Speaks,
    certificates: string,
    environment: Environment,
  ): Promise<Scene> {
    return new Scene(kind, await App.start(speaks), certificates, environment)
  }

  /** The queue-proxy of the group. */
  get subject(): Subject {
    if (this.#subject === null) throw new Error('this group starts its queue-proxies itself')
    return this.#subject
  }

  /** Starts the queue-proxy of the group. */
  async starts(environment: Environment, userPort: number): Promise<void> {
    this.#subject = await Subject.start(this.kind, userPort, { ...this.#environment, ...environment })
  }

  /** Starts another queue-proxy, of this scenario only. With Knative's fixed ports there is one at a time. */
  async another(environment: Environment, userPort: number = this.app.port): Promise<Subject> {
    const subject = await Subject.start(this.kind, userPort, { ...this.#environment, ...environment })
    this.afterwards(() => subject.stop())
    return subject
  }

  /** Starts a queue-proxy that is expected to end by itself; says how it did. */
  async fails(environment: Environment): Promise<{ code: number | null; log: string }> {
    const subject = Subject.launch(this.kind, this.app.port, { ...this.#environment, ...environment })
    this.afterwards(() => subject.stop())
    const { code } = await subject.exited
    return { code, log: subject.log }
  }

  /** The end of the log of the group's queue-proxy, and whether it is still there: for a scenario that failed. */
  lastWords(): string[] {
    if (this.#subject === null) return []
    return [
      ...this.#subject.stderr.all.slice(-20),
      this.#subject.isRunning ? 'It is running.' : 'It has ended.',
    ]
  }

  /** Called when the scenario is over, the last one first. */
  afterwards(cleanup: Cleanup): void {
    this.#cleanups.push(cleanup)
  }

  /** Called when all scenarios of the group are over. */
  finally(cleanup: Cleanup): void {
    this.#atTheEnd.push(cleanup)
  }

  /** Ends what the scenario opened. */
  async endsScenario(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).toReversed()) await cleanup()
  }

  async close(): Promise<void> {
    await this.#subject?.stop()
    await this.app.stop()
    for (const cleanup of this.#atTheEnd.toReversed()) await cleanup()
  }

  /** A client's connection. */
  async client(port: number = this.subject.ports.main): Promise<Client> {
    const client = await Client.open(port)
    this.afterwards(() => client.close())
    return client
  }

  /** A client's connection over HTTP/2. */
  async h2(port: number = this.subject.ports.main, scheme: 'http' | 'https' = 'http'): Promise<H2Client> {
    const client = await H2Client.open(port, scheme)
    this.afterwards(() => client.close())
    return client
  }

  /** One request over a connection of its own. */
  async asks(target: string, options: RequestOptions = {}, port?: number): Promise<Answer> {
    const client = await this.client(port)
    const answer = await client.asks(target, options)
    client.close()
    return answer
  }

  /** Sends the same request over `count` connections at the same time. */
  async sendsMany(count: number, target: string, options: RequestOptions = {}): Promise<Client[]> {
    const clients = await Promise.all(Array.from({ length: count }, () => this.client()))
    for (const client of clients) client.sends(target, options)
    return clients
  }
}
