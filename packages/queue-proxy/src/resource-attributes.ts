import type { Environment } from '@pilotlight/telemetry'

/** Name of this container, as Knative's controller calls it. */
const CONTAINER = 'queue-proxy'

/**
 * Who we are, for metrics and traces, in the attributes Knative gives its resource. OTEL_RESOURCE_ATTRIBUTES may add
 * others. The pod is POD_NAME, then SERVING_POD, then HOSTNAME: Knative leaves SERVING_POD out, and so takes the name
 * of the machine for the pod's where the pod shares the machine's network.
 */
export function readResource(env: Environment, version: string): Readonly<Record<string, string>> {
  const values = (...names: string[]): string[] => names.map((name) => env.text(name, ''))
  const pod = firstOf(values('POD_NAME', 'SERVING_POD', 'HOSTNAME'))
  const [service, configuration, revision] = values(
    'SERVING_SERVICE',
    'SERVING_CONFIGURATION',
    'SERVING_REVISION',
  )
  const attributes = {
    'service.name': firstOf([env.text('OTEL_SERVICE_NAME', ''), service, configuration, revision, pod]),
    'service.version': version,
    'service.instance.id': pod,
    'container.name': CONTAINER,
    'k8s.namespace.name': env.text('SERVING_NAMESPACE', ''),
    'k8s.pod.name': pod,
    'kn.service.name': service,
    'kn.configuration.name': configuration,
    'kn.revision.name': revision,
  }
  const known = Object.entries(attributes).filter(([, value]) => value !== '')
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

function firstOf(values: readonly string[]): string {
  return values.find((value) => value !== '') ?? ''
}
