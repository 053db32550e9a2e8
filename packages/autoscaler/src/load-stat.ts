/** What one source says of one second. A sidecar's report, an activator's, or the sum over several of them. */
export interface LoadStat {
  /** Requests in flight, waiting ones included, averaged over the second. */
  readonly averageConcurrency: number
  /** The same of those that came through an activator, which reports them too. */
  readonly averageProxiedConcurrency: number
  /** Requests that arrived, per second. */
  readonly requestRate: number
  /** The same of those that came through an activator. */
  readonly proxiedRequestRate: number
}

/** An activator's report: everything it has is its own to count. `requestCount` is per second. */
export function activatorStat(averageConcurrency: number, requestCount: number): LoadStat {
  return {
    averageConcurrency,
    averageProxiedConcurrency: 0,
    requestRate: requestCount,
    proxiedRequestRate: 0,
  }
}

/** Adds up the reports of several sources. */
export function sumOf(stats: readonly LoadStat[]): LoadStat {
  const sum = { averageConcurrency: 0, averageProxiedConcurrency: 0, requestRate: 0, proxiedRequestRate: 0 }
  for (const stat of stats) {
    sum.averageConcurrency += stat.averageConcurrency
    sum.averageProxiedConcurrency += stat.averageProxiedConcurrency
    sum.requestRate += stat.requestRate
    sum.proxiedRequestRate += stat.proxiedRequestRate
  }
  return sum
}

/** What all `pods` have, judging by those that were asked: their mean, for each pod. `answers` is not empty. */
export function extrapolate(answers: readonly LoadStat[], pods: number): LoadStat {
  const sum = sumOf(answers)
  const toAll = (value: number): number => (value / answers.length) * pods
  return {
    averageConcurrency: toAll(sum.averageConcurrency),
    averageProxiedConcurrency: toAll(sum.averageProxiedConcurrency),
    requestRate: toAll(sum.requestRate),
    proxiedRequestRate: toAll(sum.proxiedRequestRate),
  }
}
