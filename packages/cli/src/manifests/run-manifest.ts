/** What `pilotlight run` was told of a service. */
export interface RunService {
  readonly name: string
  readonly command: readonly string[]
  /** Absolute path. */
  readonly folder: string
  /** Requests of an instance at a time; 0 for no limit. */
  readonly concurrency: number
  readonly minScale: number
  /** 0 for no limit. */
  readonly maxScale: number
  readonly timeoutSeconds: number
  readonly env: readonly (readonly [name: string, value: string])[]
  readonly isHttp2: boolean
  /** Empty for a connection as the probe. */
  readonly readinessPath: string
}

/** The Knative Service of a command, as JSON. */
export function runManifest(service: RunService): string {
  const { env, isHttp2, maxScale, minScale, name, readinessPath } = service
  const annotations = {
    'autoscaling.knative.dev/min-scale': String(minScale),
    'autoscaling.knative.dev/max-scale': String(maxScale),
  }
  const container = {
    command: service.command.map(literal),
    workingDir: service.folder,
    ...(env.length === 0
      ? {}
      : { env: env.map(([variable, value]) => ({ name: variable, value: literal(value) })) }),
    ...(isHttp2 ? { ports: [{ name: 'h2c' }] } : {}),
    ...(readinessPath === '' ? {} : { readinessProbe: { httpGet: { path: readinessPath } } }),
  }
  const spec = {
    containerConcurrency: service.concurrency,
    timeoutSeconds: service.timeoutSeconds,
    containers: [container],
  }
  return JSON.stringify({
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name },
    spec: { template: { metadata: { annotations }, spec } },
  })
}

/** Kubernetes makes one `$` of two; a shell's `$$` is to stay. `$(PORT)` is meant as in a manifest. */
function literal(text: string): string {
  return text.replaceAll('$$', () => '$$$$')
}
