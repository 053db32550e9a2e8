import type { Route, TrafficTarget } from '@pilotlight/platform'
import { shareOf } from './traffic-share.ts'

/** Where a host leads: a route, and the tag its name stands for. */
export interface RouteMatch {
  readonly namespace: string
  readonly split: TrafficSplit
  /** Revision that the host stands for by its tag, or empty. */
  readonly tagged: string
}

/** Remembered hosts; beyond it they are forgotten, so that many names cannot fill memory. */
const REMEMBERED_MAX = 4096

/**
 * Which host leads where. An exact name wins over a wildcard, the longest wildcard over shorter ones, and `*` is for all others; `<tag>-<name>` before an exact
 * name leads to the target of that tag alone, as in Knative.
 */
export class RouteTable {
  /** What it was made of. */
  readonly list: readonly Route[]
  readonly #exact = new Map<string, RouteMatch>()
  /** By the name behind `*.`. */
  readonly #wildcards = new Map<string, RouteMatch>()
  readonly #remembered = new Map<string, RouteMatch>()
  /** Where every host leads that nobody names. */
  #other: RouteMatch | null = null

  constructor(routes: readonly Route[]) {
    this.list = routes
    for (const route of routes) this.#add(route)
  }

  #add({ namespace, hosts, traffic }: Route): void {
    const split = new TrafficSplit(traffic)
    for (const host of hosts.map((one) => one.toLowerCase())) {
      if (host === '*') {
        this.#other = { namespace, split, tagged: '' }
        continue
      }
      const isWildcard = host.startsWith('*.')
      const table = isWildcard ? this.#wildcards : this.#exact
      table.set(isWildcard ? host.slice(2) : host, { namespace, split, tagged: '' })
      if (isWildcard) continue
      for (const { tag, revision } of traffic) {
        if (tag !== '') setIfFree(this.#exact, `${tag}-${host}`, { namespace, split, tagged: revision })
      }
    }
  }

  /** Where `host` leads, with or without a port and in any case, or null. */
  find(host: string): RouteMatch | null {
    const known = this.#remembered.get(host)
    if (known !== undefined) return known
    const match = this.#search(nameOf(host))
    if (match === null) return null
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear()
    // The host is a piece of a whole head, which must not live as long as the table.
    this.#remembered.set(Buffer.from(host, 'latin1').toString('latin1'), match)
    return match
  }

  #search(name: string): RouteMatch | null {
    const exact = this.#exact.get(name)
    if (exact !== undefined) return exact
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const match = this.#wildcards.get(name.slice(dot + 1))
      if (match !== undefined) return match
    }
    return this.#other
  }
}

/** The revisions of a route and their shares. */
export class TrafficSplit {
  readonly #targets: readonly TrafficTarget[]
  #next = 0

  constructor(targets: readonly TrafficTarget[]) {
    this.#targets = targets
  }

  /**
   * The revision for a request, or empty when there is none. A tag that the route has decides; otherwise its share does: the same request
   * id always comes to the same revision, and without one the shares are kept as exactly as whole requests allow.
   */
  choose(tag: string, requestId: string): string {
    if (tag !== '') {
      const tagged = this.#targets.find((target) => target.tag === tag)
      if (tagged !== undefined) return tagged.revision
    }
    const share = requestId === '' ? this.#nextShare() : shareOf(requestId)
    let end = 0
    for (const { revision, percent } of this.#targets) {
      end += percent / 100
      if (share < end) return revision
    }
    return ''
  }

  /** Multiples of the golden ratio: any run of them is spread evenly, however short. */
  #nextShare(): number {
    this.#next = (this.#next + 0.618_033_988_749_895) % 1
    return this.#next
  }
}

/** The name without port, in lower case. */
function nameOf(host: string): string {
  const colon = host.lastIndexOf(':')
  const name = colon > host.lastIndexOf(']') ? host.slice(0, colon) : host
  return name.toLowerCase()
}

/** A name that a route has itself is not taken from it by a tag of another. */
function setIfFree(table: Map<string, RouteMatch>, name: string, match: RouteMatch): void {
  if (!table.has(name)) table.set(name, match)
}
