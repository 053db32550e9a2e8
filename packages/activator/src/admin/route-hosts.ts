import type { Route } from '@pilotlight/platform'
import type { RevisionStatus } from '@pilotlight/telemetry'
import type { RouteTable } from '../routing/route-table.ts'

type Hosts = RevisionStatus['routes']

/** Which hosts lead to which revision. It is worked out once for a table of routes. */
export class RouteHosts {
  #table: RouteTable | null = null
  #byRevision = new Map<string, RevisionStatus['routes'][number][]>()

  /** The hosts in `table` that lead to a revision, with their shares. */
  of(table: RouteTable, namespace: string, revision: string): Hosts {
    if (table !== this.#table) {
      this.#table = table
      this.#byRevision = new Map()
      for (const route of table.list) this.#add(route)
    }
    return this.#byRevision.get(keyOf(namespace, revision)) ?? []
  }

  #add({ namespace, hosts, traffic }: Route): void {
    const shares = new Map<string, number>()
    for (const { revision, percent } of traffic) shares.set(revision, (shares.get(revision) ?? 0) + percent)
    for (const host of hosts) {
      for (const [revision, percent] of shares)
        if (percent > 0) this.#put(namespace, revision, { host, percent, tag: '' })
      // Behind a wildcard a tag is only asked for by its field.
      if (host.startsWith('*')) continue
      for (const { revision, tag } of traffic)
        if (tag !== '') this.#put(namespace, revision, { host: `${tag}-${host}`, percent: 100, tag })
    }
  }

  #put(namespace: string, revision: string, host: Hosts[number]): void {
    const key = keyOf(namespace, revision)
    const hosts = this.#byRevision.get(key)
    if (hosts === undefined) this.#byRevision.set(key, [host])
    else hosts.push(host)
  }
}

function keyOf(namespace: string, revision: string): string {
  return `${namespace}/${revision}`
}
