import type { Environment } from '@pilotlight/telemetry'

/**
 * Who we are, for metrics and traces: `own` attributes of OpenTelemetry's resource, of which empty ones are left out,
 * and others that OTEL_RESOURCE_ATTRIBUTES adds. What is wrong is appended to the problems of `env`.
 */
export function readResource(
  env: Environment,
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const known = Object.entries(own).filter(([, value]) => value !== '')
  return { ...readExtra(env), ...Object.fromEntries(known) }
}

/** `key=value` pairs with commas between, percent-encoded. One that is wrong spoils them all, as OpenTelemetry has it. */
function readExtra(env: Environment): Record<string, string> {
  const text = env.text('OTEL_RESOURCE_ATTRIBUTES', '').trim()
  const pairs: [string, string][] = []
  for (const item of text.split(',').map((one) => one.trim())) {
    if (item === '') continue
    const pair = pairOf(item)
    if (pair === null) {
      env.problems.push(
        `OTEL_RESOURCE_ATTRIBUTES has ${JSON.stringify(item)}: it must be key=value, percent-encoded`,
      )
      return {}
    }
    pairs.push(pair)
  }
  return Object.fromEntries(pairs)
}

function pairOf(item: string): [string, string] | null {
  const equals = item.indexOf('=')
  if (equals < 1) return null
  try {
    return [
      decodeURIComponent(item.slice(0, equals).trim()),
      decodeURIComponent(item.slice(equals + 1).trim()),
    ]
  } catch {
    return null
  }
}
