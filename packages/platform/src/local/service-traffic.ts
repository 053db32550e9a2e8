import type { TrafficEntry } from '../manifest/manifest-set.ts'
import type { Route, TrafficTarget } from '../platform.ts'

/** What a route of a service follows from. */
export interface RoutedService {
  readonly namespace: string
  readonly name: string
  readonly traffic: readonly TrafficEntry[]
  /** Name of the revision that stands for the latest one. */
  readonly latest: string
  /** Whether it is the only service there is: then it has every other host as well. */
  readonly isAlone: boolean
}

/** The host under which a service answers on this machine. */
export function hostOf(service: { readonly name: string; readonly namespace: string }): string {
  return `${service.name}.${service.namespace}.localhost`
}

/** The route of a service. Entries for the latest one lead to whichever that is at the moment. */
export function routeOf(service: RoutedService): Route {
  const traffic = service.traffic.map(({ revision, percent, tag }): TrafficTarget => ({
    revision: revision === '' ? service.latest : revision,
    percent,
    tag,
  }))
  const host = hostOf(service)
  return { namespace: service.namespace, hosts: service.isAlone ? [host, '*'] : [host], traffic }
}
