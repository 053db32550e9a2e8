type Variables = Readonly<Record<string, string | undefined>>

/** What the activator is told by, what belongs to its own pipes, and what every instance is told anew. */
const OURS = [
  /^(?:ACTIVATOR|NODE_CHANNEL)_/,
  /^(?:NODE_UNIQUE_ID|PORT|K_SERVICE|K_CONFIGURATION|K_REVISION)$/,
]

/** What a sidecar is told by: all that it shall know of it is said for each instance. */
const OF_SIDECARS = [
  /^(?:QUEUE|SERVING|REVISION|METRICS_PROMETHEUS|ENABLE_HTTP)_/,
  /^(?:CONTAINER_CONCURRENCY|USER_PORT|PROFILING_PORT|OBSERVABILITY_CONFIG|ENABLE_HTTP2_AUTO_DETECTION|ENABLE_MULTI_CONTAINER_PROBES)$/,
]

/**
 * What an app gets of the environment in which the platform was started: all of it but what is meant for the activator or one instance.
 * Whoever runs an app on a machine of their own expects what their shell has, such as `PATH`, keys, proxies, and a `QUEUE_URL`.
 */
export function inheritedEnvironment(env: Variables): Record<string, string> {
  return without(env, OURS)
}

/** What a sidecar gets of it: nothing that is a setting of its own. */
export function inheritedBySidecars(env: Variables): Record<string, string> {
  return without(env, [...OURS, ...OF_SIDECARS])
}

function without(env: Variables, patterns: readonly RegExp[]): Record<string, string> {
  const rest: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !patterns.some((pattern) => pattern.test(name))) rest[name] = value
  return rest
}
