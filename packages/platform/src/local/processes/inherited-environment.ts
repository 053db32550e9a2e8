/** What we and our sidecars are told by, and what belongs to our own pipes. */
const OURS = [
  /^(?:ACTIVATOR|QUEUE|SERVING|REVISION|METRICS_PROMETHEUS|ENABLE_HTTP|NODE_CHANNEL)_/,
  /^(?:CONTAINER_CONCURRENCY|USER_PORT|PROFILING_PORT|OBSERVABILITY_CONFIG|ENABLE_MULTI_CONTAINER_PROBES|NODE_UNIQUE_ID)$/,
  // What an app is told by is its own instance's.
  /^(?:PORT|K_SERVICE|K_CONFIGURATION|K_REVISION)$/,
]

/**
 * What every process gets of the environment in which the platform was started: all of it but what is meant for the platform, its sidecars
 * or one instance. Whoever runs an app on a machine of their own expects what their shell has, such as `PATH`, keys and proxies.
 */
export function inheritedEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const inherited: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !OURS.some((pattern) => pattern.test(name))) inherited[name] = value
  return inherited
}
