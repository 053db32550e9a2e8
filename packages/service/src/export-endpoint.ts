import type { Environment } from '@pilotlight/telemetry'

/** What is exported, as OpenTelemetry's variables spell it. */
export type Signal = 'METRICS' | 'TRACES'

/** Paths of OTLP over HTTP, below a base. */
const PATHS: Readonly<Record<Signal, string>> = { METRICS: 'v1/metrics', TRACES: 'v1/traces' }
const SECTIONS: Readonly<Record<Signal, string>> = { METRICS: 'requestMetrics', TRACES: 'tracing' }

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

/**
 * Where a signal is sent to. OpenTelemetry's variables win over `configured`, as in Knative: the one of the signal is
 * taken as it stands, the common one is a base that gets the signal's path. Empty when nothing is said. What is no
 * address is appended to the problems of `env`.
 */
export function exportEndpoint(
  env: Environment,
  signal: Signal,
  protocol: 'http/protobuf' | 'grpc',
  configured: string,
): string {
  const own = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`
  const common = 'OTEL_EXPORTER_OTLP_ENDPOINT'
  const isHttp = protocol === 'http/protobuf'
  for (const name of [own, common]) {
    const value = env.text(name, '').trim()
    if (value === '') continue
    // Over gRPC the exporter takes an address without a scheme; whether it is TLS is for OTEL_EXPORTER_OTLP_INSECURE.
    const url = checkedUrl(env, name, isHttp || SCHEME.test(value) ? value : `https://${value}`)
    if (url === null) return ''
    if (!isHttp || name === own) return value
    return withPath(url, `${url.pathname.replace(/\/$/, '')}/${PATHS[signal]}`)
  }
  if (configured === '') return ''
  const full = SCHEME.test(configured) ? configured : `https://${configured}`
  const url = checkedUrl(
    env,
    `failed to parse OBSERVABILITY_CONFIG: .${SECTIONS[signal]}.endpoint`,
    full,
    configured,
  )
  if (url === null) return ''
  // Nothing listens at the root of a collector; what has no path means the usual one.
  return isHttp && url.pathname === '/' ? withPath(url, `/${PATHS[signal]}`) : full
}

function withPath(url: URL, path: string): string {
  const copy = new URL(url)
  copy.pathname = path
  return copy.href
}

function checkedUrl(env: Environment, place: string, text: string, given = text): URL | null {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  env.problems.push(`${place} is ${JSON.stringify(given)}: it must be a URL with http:// or https://`)
  return null
}
