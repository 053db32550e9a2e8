import type { Overflow } from '@pilotlight/admission'
import { Environment } from '@pilotlight/telemetry'
import type { Clocks } from '@pilotlight/relay'
import {
  type ObservabilitySettings,
  readListenAddress,
  readObservability,
  TrustedPeers,
} from '@pilotlight/service'
import type { AppProtocol } from './app.ts'
import { type ProbeSpec, parseProbes } from './readiness/probe-spec.ts'
import { ownAttributes } from './own-attributes.ts'
import { readStarter, type StarterSettings } from './starter.ts'
import { readTls, type TlsFiles } from './tls-files.ts'
import { VERSION } from './version.ts'

/** Who we are in reports, logs, metrics and traces. */
export interface Identity {
  readonly namespace: string
  readonly service: string
  readonly configuration: string
  readonly revision: string
  readonly pod: string
  readonly podIp: string
}

/** Everything the sidecar is told by its environment. Times are ms. docs/reference/queue-proxy.md has the variables. */
export interface QueueProxySettings {
  readonly identity: Identity
  /** The address on which our ports are open; `::` is every one of this machine. The page of metrics has its own. */
  readonly host: string
  /** 0 is any free port, here and below. */
  readonly servingPort: number
  /** Null when no certificate is mounted. */
  readonly tls: TlsFiles | null
  readonly adminPort: number
  readonly autoscalingPort: number
  readonly profilingPort: number
  /** Where the app listens on 127.0.0.1. */
  readonly userPort: number
  readonly appProtocol: AppProtocol
  /** Requests at the app at the same time; 0 for no limit. */
  readonly containerConcurrency: number
  /** Requests that may wait for a slot. */
  readonly queueDepth: number
  readonly overflow: Overflow
  readonly clocks: Clocks
  readonly probes: readonly ProbeSpec[]
  /** Whether the prober tries HTTP/2 before HTTP/1.1. */
  readonly detectsHttp2: boolean
  /** Null trusts everybody. */
  readonly trusted: TrustedPeers | null
  /** How long no request may arrive before the listeners close. */
  readonly drainQuietMs: number
  /** How long upgraded connections may go on after that. */
  readonly drainTunnelMs: number
  readonly connectionsMax: number
  readonly holdBytes: number
  readonly loggingConfig: string
  readonly loggingLevel: string
  readonly observability: ObservabilitySettings
  readonly starter: StarterSettings
}

/** Places for waiting requests per slot, as in Knative. */
const DEPTH_PER_SLOT = 10
/** Longest pod name there can be in Kubernetes; a longer one would not fit into a report to the autoscaler. */
const POD_NAME_MAX = 253
const PORT_MAX = 65_535
const COUNT_MAX = 1_000_000
const DAY_SECONDS = 24 * 60 * 60
/** Where Knative's queue-proxy shows request metrics. */
const PROMETHEUS_PORT = 9091
const HOLD_BYTES_MAX = 16 * 1024 * 1024

/**
 * Reads the environment of the sidecar. `problems` has one sentence for each thing that is wrong, the first being what
 * Knative's queue-proxy would say; the settings are usable only when it is empty.
 */
export function readSettings(values: Readonly<Record<string, string | undefined>>): {
  settings: QueueProxySettings
  problems: readonly string[]
} {
  const env = new Environment(values)
  // In the order in which Knative reads them: the first problem is the same.
  const containerConcurrency = Math.max(
    0,
    env.requiredInteger('CONTAINER_CONCURRENCY', 'ContainerConcurrency'),
  )
  const servingPort = requiredPort(env, 'QUEUE_SERVING_PORT')
  const tlsPort = requiredPort(env, 'QUEUE_SERVING_TLS_PORT')
  const userPort = readUserPort(env)
  const clocks = readClocks(env)
  const probes = readProbes(env)
  env.flag('ENABLE_HTTP_FULL_DUPLEX', 'EnableHTTPFullDuplex', true)
  const detectsHttp2 = env.flag('ENABLE_HTTP2_AUTO_DETECTION', 'EnableHTTP2AutoDetection', false)
  const loggingConfig = env.requiredText('SERVING_LOGGING_CONFIG')
  const loggingLevel = env.requiredText('SERVING_LOGGING_LEVEL')
  const settings: QueueProxySettings = {
    identity: readIdentity(env),
    servingPort,
    userPort,
    containerConcurrency,
    clocks,
    probes,
    detectsHttp2,
    loggingConfig,
    loggingLevel,
    host: readListenAddress(env, 'QUEUE_HOST'),
    tls: readTls(env, tlsPort),
    adminPort: env.port('QUEUE_ADMIN_PORT', 8022),
    autoscalingPort: env.port('QUEUE_METRICS_PORT', 9090),
    profilingPort: env.port('PROFILING_PORT', 8008),
    appProtocol: env.choice<AppProtocol>('QUEUE_APP_PROTOCOL', ['auto', 'mirror', 'http1', 'h2c'], 'auto'),
    queueDepth: count(env, 'QUEUE_DEPTH', DEPTH_PER_SLOT * containerConcurrency, 'requests'),
    overflow: env.choice<Overflow>('QUEUE_OVERFLOW', ['refuse-newest', 'refuse-oldest'], 'refuse-newest'),
    trusted: readTrusted(env),
    drainQuietMs: seconds(env, 'QUEUE_DRAIN_SECONDS', 30),
    drainTunnelMs: seconds(env, 'QUEUE_DRAIN_TUNNEL_SECONDS', 60),
    connectionsMax: env.bounded('QUEUE_CONNECTIONS_MAX', 20_000, { min: 1, max: COUNT_MAX }, 'connections'),
    holdBytes: env.bounded('QUEUE_HOLD_BYTES', 65_536, { min: 0, max: HOLD_BYTES_MAX }, 'bytes'),
    observability: readObservability(env, {
      resource: ownAttributes(env, VERSION),
      prometheusPort: PROMETHEUS_PORT,
    }),
    starter: readStarter(env),
  }
  return { settings, problems: env.problems }
}

function readIdentity(env: Environment): Identity {
  const identity = {
    namespace: env.requiredText('SERVING_NAMESPACE'),
    service: env.text('SERVING_SERVICE', ''),
    configuration: env.requiredText('SERVING_CONFIGURATION'),
    revision: env.requiredText('SERVING_REVISION'),
    pod: env.requiredText('SERVING_POD'),
    podIp: env.requiredText('SERVING_POD_IP'),
  }
  if (Buffer.byteLength(identity.pod) > POD_NAME_MAX)
    env.problems.push(
      `SERVING_POD has ${Buffer.byteLength(identity.pod)} bytes: it must be at most ${POD_NAME_MAX}`,
    )
  return identity
}

/**
 * Knative's clocks in ours. Its response-start clock includes the time in the queue; as soon as the queue has a clock
 * of its own, it does not. A revision timeout of 0 is no timeout: in Knative it answers everything with 504 at once.
 */
function readClocks(env: Environment): Clocks {
  const total = env.requiredInteger('REVISION_TIMEOUT_SECONDS', 'RevisionTimeoutSeconds')
  const responseStart = env.integer(
    'REVISION_RESPONSE_START_TIMEOUT_SECONDS',
    'RevisionResponseStartTimeoutSeconds',
    0,
  )
  const idle = env.integer('REVISION_IDLE_TIMEOUT_SECONDS', 'RevisionIdleTimeoutSeconds', 0)
  const queueMs = seconds(env, 'QUEUE_TIMEOUT_SECONDS', 0)
  return {
    queueMs,
    responseStartMs: toMs(env, 'REVISION_RESPONSE_START_TIMEOUT_SECONDS', responseStart),
    responseStartIncludesQueue: queueMs === 0,
    idleMs: toMs(env, 'REVISION_IDLE_TIMEOUT_SECONDS', idle),
    totalMs: toMs(env, 'REVISION_TIMEOUT_SECONDS', total),
    tunnelMs: seconds(env, 'QUEUE_TUNNEL_MAX_SECONDS', 0),
  }
}

/** Knative takes what is not above 0 for none. */
function toMs(env: Environment, name: string, value: number): number {
  if (value <= 30 * DAY_SECONDS) return Math.max(0, value) * 1000
  env.problems.push(
    `${name} is ${JSON.stringify(env.raw(name))}: it must be at most ${30 * DAY_SECONDS} s, which is 30 days`,
  )
  return 0
}

function readProbes(env: Environment): readonly ProbeSpec[] {
  const isList = env.flag('ENABLE_MULTI_CONTAINER_PROBES', 'EnableMultiContainerProbes', false)
  const json = env.text('SERVING_READINESS_PROBE', '')
  if (json === '') return []
  try {
    return parseProbes(json, isList)
  } catch (error) {
    env.problems.push(
      `Queue container failed to parse readiness probe: SERVING_READINESS_PROBE: ${(error as Error).message}`,
    )
    return []
  }
}

function readTrusted(env: Environment): TrustedPeers | null {
  const networks = env.text('QUEUE_TRUSTED_PEERS', '*').trim()
  return networks === '*' ? null : new TrustedPeers(networks, 'QUEUE_TRUSTED_PEERS', env.problems)
}

/** Where the app listens; unlike our own ports it cannot be any free one. */
function readUserPort(env: Environment): number {
  const text = env.requiredText('USER_PORT')
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= PORT_MAX) return port
  if (env.raw('USER_PORT') !== undefined)
    env.problems.push(`USER_PORT is ${JSON.stringify(text)}: it must be the app's port, 1 to ${PORT_MAX}`)
  return 0
}

/** Knative takes ports as texts and fails when it listens; we say so at once. */
function requiredPort(env: Environment, name: string): number {
  env.requiredText(name)
  return env.port(name, 0)
}

function seconds(env: Environment, name: string, fallback: number): number {
  return env.bounded(name, fallback, { min: 0, max: DAY_SECONDS }, 'seconds') * 1000
}

function count(env: Environment, name: string, fallback: number, unit: string): number {
  return env.bounded(name, Math.min(fallback, COUNT_MAX), { min: 0, max: COUNT_MAX }, unit)
}
