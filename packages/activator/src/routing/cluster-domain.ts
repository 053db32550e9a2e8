import { readFileSync } from 'node:fs'

/** Domain of a cluster that does not say. */
export const DEFAULT_CLUSTER_DOMAIN = 'cluster.local'

const RESOLV_CONF = '/etc/resolv.conf'

/**
 * The cluster's domain as Knative finds it: `configured` if it is not empty, else what the first search entry that begins with `svc.`
 * goes on with, else `cluster.local`. Unlike Knative, `configured` counts also where there is no resolver file.
 */
export function clusterDomain(configured: string, resolverFile: string = RESOLV_CONF): string {
  if (configured !== '') return configured
  for (const line of linesOf(resolverFile)) {
    const [keyword, ...entries] = line.trim().split(/\s+/)
    const entry = keyword === 'search' ? entries.find((one) => one.startsWith('svc.')) : undefined
    if (entry !== undefined) return entry.slice('svc.'.length).replace(/\.$/, '')
  }
  return DEFAULT_CLUSTER_DOMAIN
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
