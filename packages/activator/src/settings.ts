import { POLICY_NAMES, type PolicyName, type TenantLimits } from '@pilotlight/admission'
import {
  type ObservabilitySettings,
  readListenAddress,
  readObservability,
  readTlsRules,
  TrustedPeers,
} from '@pilotlight/service'
import type { TlsSettings } from '@pilotlight/relay'
import { Environment } from '@pilotlight/telemetry'
import { hostname } from 'node:os'
import { type AdminSettings, readAdmin } from './admin/admin-settings.ts'
import type { Burst } from './balance/instance.ts'
import type { CallerSource } from './caller.ts'
import { readTold, type ToldSettings } from './cold-starts/told-settings.ts'
import { readDuration } from './go-duration.ts'
import { type LocalSettings, readLocal } from './local-settings.ts'
import { MESH_MODES, type MeshMode } from './probing/endpoint-watch.ts'
import type { ProbePace } from './probing/instance-probe.ts'
import { clusterDomain } from './routing/cluster-domain.ts'
import { VERSION } from './version.ts'

/** Where the instances are. */
export const PLATFORMS = ['static', 'local'] as const
/** One of {@link PLATFORMS}. */
export type PlatformName = (typeof PLATFORMS)[number]

/** Where requests and scrapers come in; 0 is any free port. */
export interface PortSettings {
  /** The address on which they are open; `::` is every one of this machine. */
  readonly host: string
  readonly http: number
  readonly h2c: number
  /** Null when no certificate is configured. */
  readonly tls: { readonly port: number; readonly settings: Partial<TlsSettings> } | null
  readonly profiling: number
}

/** TLS towards the sidecars. */
export interface UpstreamTls {
  /** PEM file of the authorities that sign the sidecars' certificates. */
  readonly caFile: string
  /** Port that takes the place of the one of a plain address. */
  readonly port: number
}

/** Bounds of everything that waits. Infinity is no bound. */
export interface HoldSettings {
  readonly heldMax: number
  readonly heldBytesMax: number
  readonly revisionHeldMax: number
  readonly revisionHeldBytesMax: number
  /** Of a namespace that has no bounds of its own. */
  readonly namespace: TenantLimits
  /** Body bytes that are buffered for one request. */
  readonly holdBytes: number
  /** How long a request may wait when its revision does not say, ms; 0 for as long as its total clock allows. */
  readonly queueMs: number
}

/** Everything the activator is told by its environment. Times are ms. docs/reference/activator.md has the variables. */
export interface ActivatorSettings {
  /** Who this is in reports and logs. */
  readonly podName: string
  /** Its address, by which it finds its place among others; may be empty. */
  readonly podIp: string
  readonly systemNamespace: string
  readonly platform: PlatformName
  /** The file of the static platform; empty with another one. */
  readonly configFile: string
  /** Null with another platform. */
  readonly local: LocalSettings | null
  /** Whether it ends when the process that started it does. */
  readonly hasLifeline: boolean
  readonly ports: PortSettings
  /** Null without an admin port. */
  readonly admin: AdminSettings | null
  readonly upstreamTls: UpstreamTls | null
  readonly clusterDomain: string
  readonly meshMode: MeshMode
  readonly probes: ProbePace
  readonly policy: PolicyName
  readonly burst: Burst
  readonly attemptsMax: number
  readonly hold: HoldSettings
  readonly callerSource: CallerSource
  readonly callerWeights: ReadonlyMap<string, number>
  readonly heedsPriority: boolean
  /** Null trusts everybody. */
  readonly trusted: TrustedPeers | null
  readonly told: ToldSettings
  readonly connectionsMax: number
  readonly windowBytes: number
  readonly idleConnectionsMax: number
  readonly idleConnectionsPerHostMax: number
  /** How long everything is served after readiness began to fail. */
  readonly drainMs: number
  /** How long upgraded connections may go on after that. */
  readonly drainTunnelMs: number
  readonly loggingConfig: string
  readonly loggingLevel: string
  readonly observability: ObservabilitySettings
}

const MIB = 1024 * 1024
const DAY_SECONDS = 24 * 60 * 60
const COUNT_MAX = 10_000_000
const BYTES_MAX = 64 * 1024 * MIB
const WEIGHT_MAX = 1000
/** Where Knative's activator shows its metrics. */
const PROMETHEUS_PORT = 9090

/**
 * Reads the environment of the activator. `problems` has one sentence for each thing that is wrong; the settings are usable only
 * when it is empty.
 */
export function readSettings(values: Readonly<Record<string, string | undefined>>): {
  settings: ActivatorSettings
  problems: readonly string[]
} {
  const env = new Environment(values)
  const platform = env.choice<PlatformName>('ACTIVATOR_PLATFORM', PLATFORMS, 'static')
  const settings: ActivatorSettings = {
    podName: env.text('POD_NAME', hostname()),
    podIp: env.text('POD_IP', ''),
    systemNamespace: env.text('SYSTEM_NAMESPACE', 'knative-serving'),
    platform,
    configFile: platform === 'static' ? readConfigFile(env) : '',
    local: platform === 'local' ? readLocal(env) : null,
    hasLifeline: readLifeline(env),
    ports: readPorts(env),
    admin: readAdmin(env),
    upstreamTls: readUpstreamTls(env),
    clusterDomain: clusterDomain(env.text('CLUSTER_DOMAIN', '')),
    meshMode: env.choice<MeshMode>('ACTIVATOR_MESH', MESH_MODES, platform === 'local' ? 'disabled' : 'auto'),
    probes: {
      timeoutMs: readDuration(env, 'PROBE_TIMEOUT', '300ms'),
      frequencyMs: readDuration(env, 'PROBE_FREQUENCY', '200ms'),
      waitSeconds: env.bounded('ACTIVATOR_PROBE_WAIT_SECONDS', 10, { min: 0, max: 600 }, 'seconds'),
    },
    policy: env.choice<PolicyName>('ACTIVATOR_POLICY', POLICY_NAMES, 'knative'),
    burst: {
      requests: env.bounded('ACTIVATOR_BURST', 100, { min: 1, max: COUNT_MAX }, 'requests'),
      ms: env.bounded('ACTIVATOR_BURST_MS', 1000, { min: 0, max: DAY_SECONDS * 1000 }, 'ms'),
    },
    attemptsMax: env.bounded('ACTIVATOR_ATTEMPTS_MAX', 4, { min: 1, max: 100 }, 'attempts'),
    hold: readHold(env),
    callerSource: readCallerSource(env),
    callerWeights: readCallerWeights(env),
    heedsPriority: env.flag('ACTIVATOR_PRIORITY', 'Priority', false),
    trusted: readTrusted(env),
    told: readTold(env, platform === 'local'),
    connectionsMax: env.bounded(
      'ACTIVATOR_CONNECTIONS_MAX',
      50_000,
      { min: 1, max: 1_000_000 },
      'connections',
    ),
    windowBytes: env.bounded('ACTIVATOR_WINDOW_BYTES', 256 * 1024, { min: 65_535, max: 1024 * MIB }, 'bytes'),
    idleConnectionsMax: env.bounded('MAX_IDLE_PROXY_CONNS', 1000, { min: 0, max: 1_000_000 }, 'connections'),
    idleConnectionsPerHostMax: env.bounded(
      'MAX_IDLE_PROXY_CONNS_PER_HOST',
      100,
      { min: 0, max: 1_000_000 },
      'connections',
    ),
    drainMs: env.bounded('ACTIVATOR_DRAIN_SECONDS', 45, { min: 0, max: DAY_SECONDS }, 'seconds') * 1000,
    drainTunnelMs:
      env.bounded('ACTIVATOR_DRAIN_TUNNEL_SECONDS', 60, { min: 0, max: DAY_SECONDS }, 'seconds') * 1000,
    loggingConfig: env.text('ACTIVATOR_LOGGING_CONFIG', ''),
    loggingLevel: env.text('ACTIVATOR_LOGGING_LEVEL', ''),
    observability: readObservability(env, {
      resource: {
        'service.name': env.text('OTEL_SERVICE_NAME', '') || 'activator',
        'service.version': VERSION,
        'k8s.namespace.name': env.text('SYSTEM_NAMESPACE', ''),
        'k8s.pod.name': env.text('POD_NAME', hostname()),
      },
      prometheusPort: PROMETHEUS_PORT,
    }),
  }
  return { settings, problems: env.problems }
}

function readLifeline(env: Environment): boolean {
  const hasLifeline = env.choice('ACTIVATOR_LIFELINE', ['none', 'ipc'], 'none') === 'ipc'
  if (hasLifeline && process.send === undefined)
    env.problems.push(
      'ACTIVATOR_LIFELINE is "ipc": there must be an IPC channel to the process that starts this one',
    )
  return hasLifeline
}

function readConfigFile(env: Environment): string {
  const file = env.text('ACTIVATOR_CONFIG', '')
  if (file === '')
    env.problems.push(
      'ACTIVATOR_CONFIG is not set: it must be the path of a YAML file with revisions and routes',
    )
  return file
}

function readPorts(env: Environment): PortSettings {
  const certFile = env.text('ACTIVATOR_TLS_CERT_FILE', '')
  const keyFile = env.text('ACTIVATOR_TLS_KEY_FILE', '')
  if ((certFile === '') !== (keyFile === ''))
    env.problems.push(
      'ACTIVATOR_TLS_CERT_FILE and ACTIVATOR_TLS_KEY_FILE must be set together: one of them is not',
    )
  const port = env.port('ACTIVATOR_TLS_PORT', 8112)
  return {
    host: readListenAddress(env, 'ACTIVATOR_HOST'),
    http: env.port('ACTIVATOR_HTTP_PORT', 8012),
    h2c: env.port('ACTIVATOR_H2C_PORT', 8013),
    tls:
      certFile === '' || keyFile === ''
        ? null
        : { port, settings: { certFile, keyFile, ...readTlsRules(env, 'ACTIVATOR_TLS_') } },
    profiling: env.port('PROFILING_PORT', 8008),
  }
}

function readUpstreamTls(env: Environment): UpstreamTls | null {
  const caFile = env.text('ACTIVATOR_UPSTREAM_CA_FILE', '')
  const port = env.port('ACTIVATOR_UPSTREAM_TLS_PORT', 8112)
  if (caFile !== '' && port === 0)
    env.problems.push(
      'ACTIVATOR_UPSTREAM_TLS_PORT is "0": it must be the port on which sidecars take TLS, 1 to 65535',
    )
  return caFile === '' ? null : { caFile, port }
}

function readHold(env: Environment): HoldSettings {
  const holdBytes = env.bounded('ACTIVATOR_HOLD_BYTES', 64 * 1024, { min: 0, max: 1024 * MIB }, 'bytes')
  return {
    heldMax: env.bounded('ACTIVATOR_HELD_MAX', 25_000, { min: 1, max: COUNT_MAX }, 'requests'),
    heldBytesMax: env.bounded('ACTIVATOR_HELD_BYTES_MAX', 128 * MIB, { min: 0, max: BYTES_MAX }, 'bytes'),
    revisionHeldMax: env.bounded(
      'ACTIVATOR_REVISION_HELD_MAX',
      10_000,
      { min: 1, max: COUNT_MAX },
      'requests',
    ),
    revisionHeldBytesMax: unlimitedAt0(env, 'ACTIVATOR_REVISION_HELD_BYTES_MAX', BYTES_MAX, 'bytes'),
    namespace: {
      weight: 1,
      heldMax: unlimitedAt0(env, 'ACTIVATOR_NAMESPACE_HELD_MAX', COUNT_MAX, 'requests'),
      heldBytesMax: unlimitedAt0(env, 'ACTIVATOR_NAMESPACE_HELD_BYTES_MAX', BYTES_MAX, 'bytes'),
      runningMax: unlimitedAt0(env, 'ACTIVATOR_NAMESPACE_RUNNING_MAX', COUNT_MAX, 'requests'),
    },
    holdBytes,
    queueMs:
      env.bounded('ACTIVATOR_QUEUE_TIMEOUT_SECONDS', 0, { min: 0, max: DAY_SECONDS }, 'seconds') * 1000,
  }
}

/** A bound for which 0, the default, is none. */
function unlimitedAt0(env: Environment, name: string, max: number, unit: string): number {
  const bound = env.bounded(name, 0, { min: 0, max }, unit)
  return bound === 0 ? Infinity : bound
}

const FIELD_PREFIX = 'header:'

function readCallerSource(env: Environment): CallerSource {
  const text = env.text('ACTIVATOR_CALLER', '') || 'address'
  if (text === 'none' || text === 'address') return { kind: text }
  const name = text.slice(FIELD_PREFIX.length)
  if (text.startsWith(FIELD_PREFIX) && /^[\w!#$%&'*+.^`|~-]+$/.test(name))
    return { kind: 'field', name: name.toLowerCase() }
  env.problems.push(
    `ACTIVATOR_CALLER is ${JSON.stringify(text)}: it must be none, address, or header: and the name of a field`,
  )
  return { kind: 'none' }
}

function readCallerWeights(env: Environment): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const item of env.text('ACTIVATOR_CALLER_WEIGHTS', '').split(',')) {
    if (item.trim() === '') continue
    const equals = item.lastIndexOf('=')
    const weight = Number(item.slice(equals + 1))
    if (equals > 0 && Number.isInteger(weight) && weight >= 1 && weight <= WEIGHT_MAX)
      weights.set(item.slice(0, equals).trim(), weight)
    else
      env.problems.push(
        `ACTIVATOR_CALLER_WEIGHTS has ${JSON.stringify(item)}: it must be caller=weight, with a weight from 1 to ${WEIGHT_MAX}`,
      )
  }
  return weights
}

function readTrusted(env: Environment): TrustedPeers | null {
  const networks = env.text('ACTIVATOR_TRUSTED_PEERS', '*').trim()
  return networks === '*' ? null : new TrustedPeers(networks, 'ACTIVATOR_TRUSTED_PEERS', env.problems)
}
