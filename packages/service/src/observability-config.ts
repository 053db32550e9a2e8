import type { ListenSettings } from '@pilotlight/relay'
import {
  DEFAULT_BATCHING,
  type Environment,
  type MetricPushSettings,
  type TracingSettings,
} from '@pilotlight/telemetry'
import { exportEndpoint } from './export-endpoint.ts'
import { JsonSection } from './json-section.ts'
import { readResource } from './resource-attributes.ts'
import { readSampling } from './trace-sampling.ts'
import { readTlsRules } from './tls-rules.ts'

/** Metrics on a page that is asked for. */
export interface PrometheusSettings {
  readonly protocol: 'prometheus'
  readonly listen: ListenSettings
}

/** What is reported of the requests, and where to. */
export interface ObservabilitySettings {
  /** Null for none. */
  readonly metrics: PrometheusSettings | MetricPushSettings | null
  /** Null for none. */
  readonly tracing: TracingSettings | null
  readonly isProfiling: boolean
  readonly requestLog: RequestLogSettings
  /** Who we are, for metrics and traces: attributes of OpenTelemetry's resource. */
  readonly resource: Readonly<Record<string, string>>
}

/** The request log, as far as it is configured here. */
export interface RequestLogSettings {
  readonly isEnabled: boolean
  /** Null for the default template. */
  readonly template: string | null
  /** Whether probes are logged too. */
  readonly includesProbes: boolean
}

/** What differs between services. */
export interface ObservabilityDefaults {
  /** Attributes of OpenTelemetry's resource; empty ones are left out. */
  readonly resource: Readonly<Record<string, string>>
  /** Port of the Prometheus page. */
  readonly prometheusPort: number
}

const METRICS_PROTOCOLS = ['none', 'prometheus', 'http/protobuf', 'grpc'] as const
const TRACING_PROTOCOLS = ['none', 'stdout', 'http/protobuf', 'grpc'] as const

/** Knative's words. */
const FAILURE = 'failed to parse OBSERVABILITY_CONFIG'
const DAY_MS = 24 * 60 * 60 * 1000
/** OpenTelemetry's default. */
const EXPORT_INTERVAL_MS = 60_000
const EXPORT_TIMEOUT_MS = 30_000
/** More waiting spans than this are a leak with a name. */
const SPANS_MAX = 65_536

/**
 * Reads OBSERVABILITY_CONFIG and the OTEL_ and METRICS_PROMETHEUS_ variables. What is wrong is appended to the problems
 * of `env`.
 */
export function readObservability(env: Environment, own: ObservabilityDefaults): ObservabilitySettings {
  const config = JsonSection.parse(env.text('OBSERVABILITY_CONFIG', ''), FAILURE, env.problems)
  const template = config.text('requestLogTemplate')
  return {
    metrics: readMetrics(env, config.section('requestMetrics'), own.prometheusPort),
    tracing: readTracing(env, config.section('tracing')),
    isProfiling: config.section('runtime').text('profiling') === 'enabled',
    requestLog: {
      isEnabled: config.flag('enableRequestLog'),
      template: template === '' ? null : template,
      includesProbes: config.flag('enableProbeRequestLog'),
    },
    resource: readResource(env, own.resource),
  }
}

function readMetrics(
  env: Environment,
  section: JsonSection,
  prometheusPort: number,
): ObservabilitySettings['metrics'] {
  const protocol = section.choice('protocol', METRICS_PROTOCOLS)
  const endpoint = section.text('endpoint')
  const configuredMs = section.milliseconds('exportInterval', EXPORT_INTERVAL_MS, DAY_MS)
  if (protocol === 'none') return null
  if (protocol === 'prometheus') return { protocol, listen: readListener(env, endpoint, prometheusPort) }
  return {
    protocol,
    endpoint: exportEndpoint(env, 'METRICS', protocol, endpoint),
    intervalMs: milliseconds(env, 'OTEL_METRIC_EXPORT_INTERVAL', configuredMs),
    timeoutMs: milliseconds(env, 'OTEL_METRIC_EXPORT_TIMEOUT', EXPORT_TIMEOUT_MS),
  }
}

function readTracing(env: Environment, section: JsonSection): TracingSettings | null {
  const protocol = section.choice('protocol', TRACING_PROTOCOLS)
  const endpoint = section.text('endpoint')
  const rate = section.number('samplingRate')
  if (protocol === 'none') return null
  const queueMax = spans(env, 'OTEL_BSP_MAX_QUEUE_SIZE', DEFAULT_BATCHING.queueMax)
  return {
    protocol,
    endpoint: protocol === 'stdout' ? '' : exportEndpoint(env, 'TRACES', protocol, endpoint),
    sampling: readSampling(env, protocol === 'stdout', rate),
    delayMs: milliseconds(env, 'OTEL_BSP_SCHEDULE_DELAY', DEFAULT_BATCHING.delayMs),
    timeoutMs: milliseconds(env, 'OTEL_BSP_EXPORT_TIMEOUT', DEFAULT_BATCHING.timeoutMs),
    queueMax,
    batchMax: Math.min(queueMax, spans(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', DEFAULT_BATCHING.batchMax)),
    textMax: DEFAULT_BATCHING.textMax,
  }
}

function milliseconds(env: Environment, name: string, fallback: number): number {
  return env.bounded(name, fallback, { min: 1, max: DAY_MS }, 'ms')
}

function spans(env: Environment, name: string, fallback: number): number {
  return env.bounded(name, fallback, { min: 1, max: SPANS_MAX }, 'spans')
}

/** Where the page is served. `endpoint` is `host:port`, of which either may be left out; the variables win. */
function readListener(env: Environment, endpoint: string, prometheusPort: number): ListenSettings {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]]*))(?::(?<port>\d{1,5}))?$/.exec(endpoint)
  const parts = match?.groups ?? {}
  const configured = Number(parts['port'] ?? prometheusPort)
  if (match === null || !isUserPort(configured))
    env.problems.push(
      `${FAILURE}: .requestMetrics.endpoint is ${JSON.stringify(endpoint)}: it must be host:port with a port from 1024 to 65535`,
    )
  const host = nonEmpty(env.text('METRICS_PROMETHEUS_HOST', ''), parts['v6'], parts['host'])
  const port = env.port('METRICS_PROMETHEUS_PORT', configured)
  if (port !== configured && !isUserPort(port))
    env.problems.push(
      `METRICS_PROMETHEUS_PORT is ${JSON.stringify(env.raw('METRICS_PROMETHEUS_PORT'))}: it must be a port from 1024 to 65535, or 0 for any free one`,
    )
  const tls = readListenerTls(env)
  return { host: host === '' ? '::' : host, port, ...(tls === undefined ? {} : { tls }) }
}

function isUserPort(port: number): boolean {
  return port === 0 || (port >= 1024 && port <= 65_535)
}

/** TLS for the page, when both files are named. */
function readListenerTls(env: Environment): ListenSettings['tls'] {
  const prefix = 'METRICS_PROMETHEUS_TLS_'
  const certFile = env.text(`${prefix}CERT`, '')
  const keyFile = env.text(`${prefix}KEY`, '')
  const clientAuth = env.choice(`${prefix}CLIENT_AUTH`, ['none', 'optional', 'require'], 'none')
  const clientCaFile = env.text(`${prefix}CLIENT_CA_FILE`, '')
  // Whoever wants clients to prove who they are must not get a page that is open to everybody.
  if (clientAuth !== 'none' && (clientCaFile === '' || (certFile === '' && keyFile === '')))
    env.problems.push(
      `${prefix}CLIENT_AUTH is ${clientAuth}: ${prefix}CERT, ${prefix}KEY and ${prefix}CLIENT_CA_FILE must be set with it`,
    )
  if (certFile === '' && keyFile === '') return undefined
  if (certFile === '' || keyFile === '') {
    const [has, lacks] = certFile === '' ? ['KEY', 'CERT'] : ['CERT', 'KEY']
    env.problems.push(`${prefix}${has} is set and ${prefix}${lacks} is not: they must be set together`)
  }
  return { certFile, keyFile, clientAuth, clientCaFile, ...readTlsRules(env, prefix) }
}

function nonEmpty(...values: (string | undefined)[]): string {
  return values.find((value) => value !== undefined && value !== '') ?? ''
}
