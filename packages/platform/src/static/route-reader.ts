import type { Item } from '../document/section.ts'
import { Unique } from '../document/unique.ts'
import type { Route, TrafficTarget } from '../platform.ts'
import { readName, readNamespaceOf, readOptionalName, readRouteHost } from './static-names.ts'
import { keyOf } from './static-config.ts'

const PERCENT = { min: 0, max: 100 }
/** Revisions that are named when one is not known. */
const NAMED_MAX = 10

/** What a route may refer to. */
export interface RouteScope {
  /** Namespaces and names of all revisions, joined by a slash. */
  readonly revisions: ReadonlySet<string>
  /** Hosts of all routes so far. */
  readonly hosts: Unique
}

/** Reads one of `routes`; null when it is no map. */
export function readRoute(item: Item, scope: RouteScope): Route | null {
  const section = item.section()
  if (section === null) return null
  const namespace = readNamespaceOf(section)
  const hosts = readHosts(section.required('hosts', 'a list of host names'), scope.hosts)
  const traffic = readTraffic(section.required('traffic', 'a list of revisions'), namespace, scope)
  section.end()
  return { namespace, hosts, traffic }
}

function readHosts(item: Item | null, seen: Unique): string[] {
  const members = item?.list() ?? []
  if (item?.kind === 'list' && members.length === 0)
    item.complain('is empty: it must have one host name at least')
  const hosts: string[] = []
  for (const member of members) {
    const host = readRouteHost(member)
    if (host === '') continue
    seen.take(member, host, 'a host that leads to one route')
    hosts.push(host)
  }
  return hosts
}

function readTraffic(item: Item | null, namespace: string, scope: RouteScope): TrafficTarget[] {
  const members = item?.list() ?? []
  const tags = new Unique()
  const traffic: TrafficTarget[] = []
  for (const member of members) {
    const target = readTarget(member, namespace, scope, tags)
    if (target !== null) traffic.push(target)
  }
  if (item?.kind !== 'list') return traffic
  if (members.length === 0) item.complain('is empty: it must have one revision at least')
  // What a target that cannot be read would have added is not known.
  if (members.length === 0 || traffic.length < members.length) return traffic
  const sum = traffic.reduce((total, { percent }) => total + percent, 0)
  const isTagsOnly = sum === 0 && traffic.every(({ tag }) => tag !== '')
  if (sum !== 100 && !isTagsOnly)
    item.complain(`adds up to ${sum} percent: it must be 100, or 0 when every target has a tag`)
  return traffic
}

function readTarget(item: Item, namespace: string, scope: RouteScope, tags: Unique): TrafficTarget | null {
  const section = item.section()
  if (section === null) return null
  const revision = readName(section, 'revision')
  const percent = section.integer('percent', PERCENT, '', 0)
  const tag = readOptionalName(section, 'tag')
  if (tag !== '') tags.take(section.get('tag')!, tag, 'a tag that its route has once')
  if (revision !== '' && !scope.revisions.has(keyOf({ namespace, name: revision })))
    section.get('revision')!.mustBe(knownRule(namespace, scope.revisions))
  section.end()
  return { revision, percent, tag }
}

function knownRule(namespace: string, revisions: ReadonlySet<string>): string {
  const own = Array.from(revisions)
    .filter((key) => key.startsWith(`${namespace}/`))
    .map((key) => key.slice(namespace.length + 1))
  if (own.length === 0) return `a revision of the namespace ${namespace}, which has none`
  const more = own.length > NAMED_MAX ? ` and ${own.length - NAMED_MAX} more` : ''
  return `a revision of the namespace ${namespace}: ${own.slice(0, NAMED_MAX).join(', ')}${more}`
}
