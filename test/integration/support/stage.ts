import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { eventually } from '../../conformance/support/within.ts'
import { send, type Pending, type RequestOptions } from './client.ts'
import { type ServiceProcess, startActivator } from './service-process.ts'

/** Host that leads to the revision of every test. */
export const HOST = 'hello.example.com'
/** What the activator logs when it has taken a changed file. */
const READ_AGAIN = 'The configuration was read again.'
const REVISION = 'hello-00001'

/** What a test says of its revision, in the words of the file. */
export interface RevisionText {
  readonly containerConcurrency?: number
  readonly timeoutSeconds?: number
  readonly protocol?: 'http1' | 'h2c'
  readonly wake?: { readonly exec: readonly string[] }
}

/** How a stage begins. */
export interface StageOptions {
  readonly revision?: RevisionText
  readonly env?: Readonly<Record<string, string>>
}

/** An activator in a process of its own, and the file that says where the instances are. */
export class Stage {
  readonly directory: string
  readonly activator: ServiceProcess
  readonly #revision: RevisionText

  private constructor(directory: string, activator: ServiceProcess, revision: RevisionText) {
    this.directory = directory
    this.activator = activator
    this.#revision = revision
  }

  /** Starts it with a revision that has no instance. */
  static async start(t: Test, { revision = {}, env = {} }: StageOptions = {}): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'pilotlight-'))
    t.teardown(() => rm(directory, { recursive: true, force: true }))
    const file = join(directory, 'static.yaml')
    await writeFile(file, configText(revision, []))
    return new Stage(directory, await startActivator(t, file, env), revision)
  }

  /** Port for HTTP/1.1, and for HTTP/2 as well. */
  get port(): number {
    return this.activator.ports['http1']
  }

  /** Names the instances of the revision. Resolves when the activator knows them. */
  async instances(...addresses: string[]): Promise<void> {
    const before = this.activator.count(READ_AGAIN)
    await this.write(configText(this.#revision, addresses))
    let seen = 0
    await this.activator.lines.find(READ_AGAIN, (line) => line.includes(READ_AGAIN) && ++seen > before)
  }

  /** Puts this text in the place of the file. */
  async write(text: string): Promise<void> {
    const file = join(this.directory, 'static.yaml')
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }

  /** Resolves when so many requests wait, by the activator's metrics. */
  async held(count: number): Promise<void> {
    await eventually(
      `${count} requests wait`,
      () => this.metric('kn_revision_request_queued'),
      (held) => held === count,
    )
  }

  /** Resolves when so many requests are at the instances, by the activator's metrics. */
  async active(count: number): Promise<void> {
    await eventually(
      `${count} requests are at the instances`,
      () => this.metric('kn_revision_request_active'),
      (active) => active === count,
    )
  }

  /** Sum of what the activator's metrics say under this name. */
  async metric(name: string): Promise<number> {
    const { body } = await send(this.activator.ports['metrics'], { path: '/metrics' }).answer
    let sum = 0
    for (const line of body.toString().split('\n'))
      if (line.startsWith(`${name}{`)) sum += Number(line.slice(line.lastIndexOf(' ')))
    return sum
  }

  /** A request for the revision, on a connection of its own. */
  send(options: RequestOptions = {}): Pending {
    return send(this.port, { ...options, headers: { Host: HOST, ...options.headers } })
  }
}

/** The file, as JSON, which is YAML. */
function configText(revision: RevisionText, endpoints: readonly string[]): string {
  return JSON.stringify({
    revisions: [{ name: REVISION, ...revision, endpoints }],
    routes: [{ hosts: [HOST], traffic: [{ revision: REVISION, percent: 100 }] }],
  })
}
