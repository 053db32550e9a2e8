import type { Environment } from '@pilotlight/telemetry'

/** Name of this container, as Knative's controller calls it. */
const CONTAINER = 'queue-proxy'

/**
 * Who we are, for metrics and traces, in the attributes Knative gives its resource; those that are not known are
 * empty. The pod is POD_NAME, then SERVING_POD, then HOSTNAME: Knative leaves SERVING_POD out, and so takes the name
 * of the machine for the pod's where the pod shares the machine's network.
 */
export function ownAttributes(env: Environment, version: string): Readonly<Record<string, string>> {
  const values = (...names: string[]): string[] => names.map((name) => env.text(name, ''))
  const pod = firstOf(values('POD_NAME', 'SERVING_POD', 'HOSTNAME'))
  const [service, configuration, revision] = values(
    'SERVING_SERVICE',
    'SERVING_CONFIGURATION',
    'SERVING_REVISION',
  )
  return {
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
}

function firstOf(values: readonly string[]): string {
  return values.find((value) => value !== '') ?? ''
}
