import type { PlatformEvents, RevisionSpec } from '@pilotlight/platform'
import { createLogger, type Logger } from '@pilotlight/telemetry'
import type { ClientRequest, IncomingHttpHeaders } from 'node:http'
import type { Test } from 'tap'
import type { Activator } from '../../src/activator.ts'
import { build } from '../../src/build.ts'
import { readSettings } from '../../src/settings.ts'
import { HELLO, ToldPlatform } from './told-platform.ts'
import { within } from './within.ts'

const http = process.getBuiltinModule('node:http')

/** The least an activator has to be told, with every port free. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  ACTIVATOR_CONFIG: 'unused.yaml',
  ACTIVATOR_HTTP_PORT: '0',
  ACTIVATOR_H2C_PORT: '0',
  PROFILING_PORT: '0',
  METRICS_PROMETHEUS_PORT: '0',
  POD_NAME: 'activator-1',
  CLUSTER_DOMAIN: 'cluster.local',
  ACTIVATOR_DRAIN_SECONDS: '0',
}

/** How a scene begins. */
export interface SceneOptions {
  /** Variables of the environment beside {@link ENVIRONMENT}. */
  readonly env?: Readonly<Record<string, string>>
  /** What differs from the revision of most tests. */
  readonly spec?: Partial<RevisionSpec>
  /** What the platform knows at the start beside the revision. */
  readonly begin?: (events: PlatformEvents) => void
  /** Where it logs; nowhere by default. */
  readonly log?: Logger
}

/** An activator in this process, on real sockets, in front of instances the test names. */
export class Scene {
  readonly platform: ToldPlatform
  readonly activator: Activator
  readonly spec: RevisionSpec

  private constructor(platform: ToldPlatform, activator: Activator, spec: RevisionSpec) {
    this.platform = platform
    this.activator = activator
    this.spec = spec
  }

  static async start(t: Test, options: SceneOptions = {}): Promise<Scene> {
    const { env = {}, spec = {}, begin = () => {} } = options
    const { settings, problems } = readSettings({ ...ENVIRONMENT, ...env })
    if (problems.length > 0) throw new Error(problems.join('\n'))
    const revision = { ...HELLO, ...spec }
    const platform = new ToldPlatform((events) => {
      events.onRevision(revision)
      begin(events)
    })
    const log = options.log ?? createLogger({ config: '', level: 'fatal', name: 'test', fields: {} })
    const activator = await build(settings, log, platform)
    t.teardown(() => activator.destroy())
    return new Scene(platform, activator, revision)
  }

  get port(): number {
    return this.activator.ports['http1']
  }

  /** Names the instances of the revision. */
  instances(...addresses: string[]): void {
    this.platform.instances(addresses, this.spec)
  }

  /** A request for the revision, by Knative's fields. */
  send(options: RequestOptions = {}): Pending {
    const headers = {
      'Knative-Serving-Namespace': this.spec.namespace,
      'Knative-Serving-Revision': this.spec.name,
      ...options.headers,
    }
    return send(this.port, { ...options, headers })
  }
}

/** An answer, its body read. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface RequestOptions {
  readonly path?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  /** Sent at once; without it the request has no body. */
  readonly body?: string
  /** The body is sent by the test through {@link Pending.request}. */
  readonly isStreamed?: boolean
}

/** A request under way. */
export interface Pending {
  readonly request: ClientRequest
  readonly answer: Promise<Answer>
  /** Leaves without waiting for the answer. */
  leave(): void
}

/** Sends a request on a connection of its own. */
export function send(port: number, options: RequestOptions = {}): Pending {
  const request = http.request({
    host: '127.0.0.1',
    port,
    path: options.path ?? '/',
    method: options.method ?? (options.body === undefined && options.isStreamed !== true ? 'GET' : 'POST'),
    headers: options.headers ?? {},
    agent: false,
  })
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
      response.on('error', reject)
    })
  })
  const inTime = within('the answer comes', answer)
  // Whoever leaves does not wait for it.
  inTime.catch(() => {})
  if (options.isStreamed !== true) request.end(options.body)
  return {
    request,
    answer: inTime,
    leave: () => request.destroy(),
  }
}
