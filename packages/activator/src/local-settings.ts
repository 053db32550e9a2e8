import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '@pilotlight/telemetry'

/** What the local platform is told. */
export interface LocalSettings {
  /** Files with manifests; `-` is standard input. */
  readonly manifests: readonly string[]
  /** Command lines by service, which count more than what a manifest says. */
  readonly commands: ReadonlyMap<string, string>
  /** Program of the sidecar. */
  readonly queueProxy: string
  /** Instances there may be at a time, of all services together. */
  readonly instancesMax: number
  /** `OBSERVABILITY_CONFIG` of the sidecars: the traces of ours, since their ports for metrics would be the same one. */
  readonly sidecarObservability: string
}

const INSTANCES_MAX = 10_000
/** Where the sidecar is beside this program, in the repository as well as in the package. */
const QUEUE_PROXY = fileURLToPath(
  new URL(join('..', '..', 'queue-proxy', 'dist', 'bin', 'queue-proxy.cjs'), import.meta.url),
)

/** Reads what the local platform is told by the environment. docs/reference/activator.md has the variables. */
export function readLocal(env: Environment): LocalSettings {
  const manifests = env
    .text('ACTIVATOR_MANIFESTS', '')
    .split(delimiter)
    .filter((file) => file !== '')
  if (manifests.length === 0)
    env.problems.push(
      `ACTIVATOR_MANIFESTS is not set: it must name files with Knative Services, joined by "${delimiter}"; "-" is standard input`,
    )
  return {
    manifests,
    commands: readCommands(env),
    queueProxy: env.text('ACTIVATOR_QUEUE_PROXY', '') || QUEUE_PROXY,
    instancesMax: env.bounded(
      'ACTIVATOR_LOCAL_INSTANCES_MAX',
      100,
      { min: 1, max: INSTANCES_MAX },
      'instances',
    ),
    sidecarObservability: tracingOf(env.text('OBSERVABILITY_CONFIG', '')),
  }
}

/** What it says of traces. One that cannot be read is told elsewhere. */
function tracingOf(config: string): string {
  const tracing = (parsed(config) as { tracing?: unknown } | null)?.tracing
  return tracing === undefined ? '' : JSON.stringify({ tracing })
}

function readCommands(env: Environment): ReadonlyMap<string, string> {
  const text = env.text('ACTIVATOR_COMMANDS', '')
  if (text === '') return new Map()
  const commands = parsed(text)
  if (isTexts(commands)) return new Map(Object.entries(commands))
  env.problems.push(
    `ACTIVATOR_COMMANDS is ${JSON.stringify(text)}: it must be a JSON object of command lines by service, such as {"hello":"node server.js"}`,
  )
  return new Map()
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isTexts(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((one) => typeof one === 'string')
}
