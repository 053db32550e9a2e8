import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'
import { eventually, within } from '../../conformance/support/within.ts'
import { ServiceProcess } from '../../integration/support/service-process.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const APP = join(import.meta.dirname, '..', 'fixtures', 'app.mjs')

/** How a request was answered. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** One request to a local activator. */
export interface Ask {
  /** `hello.default.localhost` by default. */
  readonly host?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** An activator with the local platform, in a folder of its own. */
export class Local {
  readonly folder: string
  readonly service: ServiceProcess

  private constructor(folder: string, service: ServiceProcess) {
    this.folder = folder
    this.service = service
  }

  /** Starts it with manifests by file name, in a folder of the test. */
  static start(
    t: Test,
    manifests: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Local> {
    const folder = folderOf(t, manifests)
    const files = Object.keys(manifests).map((name) => join(folder, name))
    return Local.#start(t, folder, files, env)
  }

  /** Starts it with manifests that are there, by path from the top of the repository. */
  static startWith(
    t: Test,
    files: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Local> {
    return Local.#start(
      t,
      folderOf(t, {}),
      files.map((file) => join(ROOT, file)),
      env,
    )
  }

  static async #start(
    t: Test,
    folder: string,
    files: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Local> {
    // The last thing before the folder goes: whatever the test did, nobody is left.
    t.teardown(() => nobodyRuns(folder))
    const service = await ServiceProcess.start(t, {
      script: join(ROOT, 'packages', 'activator', 'src', 'main.ts'),
      startedBy: 'Starting the knative activator',
      env: {
        ACTIVATOR_PLATFORM: 'local',
        ACTIVATOR_MANIFESTS: files.join(delimiter),
        ACTIVATOR_HTTP_PORT: '0',
        ACTIVATOR_H2C_PORT: '0',
        ACTIVATOR_DRAIN_SECONDS: '0',
        NOTES: join(folder, 'notes'),
        ...env,
      },
    })
    return new Local(folder, service)
  }

  /** Sends a GET. Resolves with the answer, whatever it is. */
  ask(request: Ask = {}): Promise<Answer> {
    return ask(this.service.ports['http1'], request)
  }

  /** Replaces a manifest, as editors do. */
  replace(name: string, text: string): void {
    writeFileSync(join(this.folder, `${name}.new`), text)
    renameSync(join(this.folder, `${name}.new`), join(this.folder, name))
  }

  /** Processes of apps that run. */
  get alive(): number[] {
    return aliveIn(this.folder)
  }

  /** Resolves when no app runs any more. */
  nobodyRuns(): Promise<void> {
    return nobodyRuns(this.folder)
  }
}

/** Sends a GET to an activator on this port. Resolves with the answer, whatever it is. */
export function ask(
  port: number,
  { host = 'hello.default.localhost', path = '/', headers = {} }: Ask = {},
): Promise<Answer> {
  const answered = new Promise<Answer>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers: { host, ...headers } }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    })
    sent.on('error', reject)
    sent.end()
  })
  return within(`${host}${path} is answered`, answered)
}

function aliveIn(folder: string): number[] {
  try {
    const notes = readFileSync(join(folder, 'notes'), 'utf8')
    return notes
      .trim()
      .split('\n')
      .map(Number)
      .filter((pid) => isAlive(pid))
  } catch {
    return []
  }
}

/** Resolves when no app that noted itself in this folder runs any more. */
export async function nobodyRuns(folder: string): Promise<void> {
  await eventually(
    'no app runs any more',
    () => Promise.resolve(aliveIn(folder)),
    (alive) => alive.length === 0,
  )
}

/** A folder with these files, removed at the end of the test. */
export function folderOf(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-local-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** Whether a process runs; one that has ended and that nobody asked about does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return process.platform !== 'linux'
  }
}

/** What a manifest of the app says beside its command. */
export interface AppManifest {
  readonly name?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Fields of the container. */
  readonly container?: object
  /** Fields of the template's spec. */
  readonly spec?: object
  readonly traffic?: readonly object[]
}

/** A manifest of the app, as JSON, which is YAML too. */
export function appManifest(app: AppManifest = {}): string {
  const { name = 'hello', annotations = {}, env = {}, container = {}, spec = {}, traffic } = app
  const prefixed = Object.entries(annotations).map(([key, value]) => [
    key.includes('/') ? key : `autoscaling.knative.dev/${key}`,
    value,
  ])
  return JSON.stringify({
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name },
    spec: {
      template: {
        metadata: { annotations: Object.fromEntries(prefixed) as object },
        spec: {
          ...spec,
          containers: [
            {
              command: [process.execPath, APP],
              env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
              ...container,
            },
          ],
        },
      },
      ...(traffic === undefined ? {} : { traffic }),
    },
  })
}
