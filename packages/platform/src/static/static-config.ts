import type { NamespaceLimits, RevisionName, RevisionSpec, Route, TrafficTarget } from '../platform.ts'
import { readDocuments } from '../document/documents.ts'
import type { Item, Section } from '../document/section.ts'
import { addressProblem } from './address.ts'

/** What is run when a request waits and no endpoint is ready. */
export type WakeAction =
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  | { readonly kind: 'http'; readonly url: string }

/** A revision of the file. */
export interface StaticRevision {
  readonly spec: RevisionSpec
  readonly ready: readonly string[]
  readonly notReady: readonly string[]
  readonly clusterAddress: string
  /** Null when nothing wakes it. */
  readonly wake: WakeAction | null
}

/** Everything the file says. */
export interface StaticConfig {
  readonly revisions: readonly StaticRevision[]
  readonly routes: readonly Route[]
  readonly namespaces: readonly NamespaceLimits[]
  /** Addresses of all activators in front of these endpoints; empty for this one alone. */
  readonly activators: readonly string[]
  /** Where activity is POSTed to; empty for nowhere. */
  readonly reportUrl: string
}

const COUNT = { min: 0, max: 1_000_000 }
const SECONDS = { min: 0, max: 30 * 24 * 60 * 60 }
const BYTES = { min: 0, max: 2 ** 40 }
const NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/
const NAME_RULE = 'a name of lower-case letters, digits and dashes, at most 63 characters'
const HOST = /^(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/i
const HOST_LENGTH_MAX = 253

/** Knative's default of `timeoutSeconds`. */
const TIMEOUT_SECONDS = 300

/**
 * Reads the file of the static platform. `file` is the name that problems are told under; the configuration is usable only when there are
 * none. Never throws.
 */
export function parseStaticConfig(
  text: string,
  file: string,
): { config: StaticConfig; problems: readonly string[] } {
  const { sections, problems } = readDocuments(text, file)
  const config = {
    revisions: [] as StaticRevision[],
    routes: [] as Route[],
    namespaces: [] as NamespaceLimits[],
    activators: [] as string[],
    reportUrl: '',
  }
  const hosts = new Set<string>()
  for (const section of sections) {
    const named = readRevisions(section, config.revisions)
    for (const item of section.list('routes')) readRoute(item, named, hosts, config.routes)
    for (const item of section.list('namespaces')) readNamespace(item, config.namespaces)
    for (const item of section.list('activators')) config.activators.push(item.text())
    config.reportUrl = readReports(section.get('reports')) || config.reportUrl
    section.end()
  }
  return { config, problems: problems.all.map((problem) => problem.text) }
}

/** Appends the revisions; answers all that are known by now. */
function readRevisions(section: Section, revisions: StaticRevision[]): ReadonlySet<string> {
  const known = new Set(revisions.map(({ spec }) => keyOf(spec)))
  for (const item of section.list('revisions')) {
    const revision = readRevision(item)
    if (revision === null) continue
    const key = keyOf(revision.spec)
    if (known.has(key)) item.complain(`names ${key} once more: a revision stands in the file once`)
    known.add(key)
    revisions.push(revision)
  }
  return known
}

function readRevision(item: Item): StaticRevision | null {
  const section = item.section()
  if (section === null) return null
  const name = readName(section.required('name', NAME_RULE))
  const namespace = readName(section.get('namespace')) || 'default'
  const spec: RevisionSpec = {
    namespace,
    name,
    service: section.text('service', ''),
    configuration: section.text('configuration', ''),
    protocol: section.get('protocol')?.choice(['http1', 'h2c'], 'http1') ?? 'http1',
    containerConcurrency: section.integer('containerConcurrency', COUNT, 'requests', 0),
    timeouts: {
      totalMs: seconds(section, 'timeoutSeconds', TIMEOUT_SECONDS),
      responseStartMs: seconds(section, 'responseStartTimeoutSeconds', 0),
      idleMs: seconds(section, 'idleTimeoutSeconds', 0),
      queueMs: seconds(section, 'queueTimeoutSeconds', 0),
      tunnelMs: seconds(section, 'tunnelMaxSeconds', 0),
    },
    mayUseEarly: section.flag('mayUseEarly', true),
  }
  const seen = new Set<string>()
  const ready = section.list('endpoints').map((one) => readAddress(one, seen))
  const notReady = section.list('notReady').map((one) => readAddress(one, seen))
  const cluster = section.get('clusterAddress')
  const clusterAddress = cluster === null ? '' : readAddress(cluster, new Set())
  const wake = readWake(section.get('wake'))
  section.end()
  return { spec, ready, notReady, clusterAddress, wake }
}

function readName(item: Item | null): string {
  if (item === null) return ''
  const name = item.text()
  if (name !== '' && !NAME.test(name)) item.mustBe(NAME_RULE)
  return name
}

function seconds(section: Section, name: string, fallback: number): number {
  return section.integer(name, SECONDS, 'seconds', fallback) * 1000
}

function readAddress(item: Item, seen: Set<string>): string {
  const address = item.text()
  const problem = address === '' ? '' : addressProblem(address)
  if (problem !== '') item.mustBe(problem)
  if (seen.has(address)) item.complain(`names ${address} once more: an instance is named once`)
  seen.add(address)
  return address
}

function readWake(item: Item | null): WakeAction | null {
  const section = item?.section() ?? null
  if (section === null) return null
  const exec = section.get('exec')
  const http = section.get('http')
  section.end()
  if ((exec === null) === (http === null)) {
    item!.mustBe('{exec: [command, argument …]} or {http: url}, one of the two')
    return null
  }
  if (http !== null) return { kind: 'http', url: readUrl(http) }
  const command = exec!.list().map((part) => part.text())
  if (command.length === 0 || command[0] === '') exec!.mustBe('a list of texts that begins with a command')
  return { kind: 'exec', command }
}

function readUrl(item: Item): string {
  const text = item.text()
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    item.mustBe('a URL with http:// or https://')
  return text
}

function readReports(item: Item | null): string {
  const section = item?.section() ?? null
  if (section === null) return ''
  const http = section.required('http', 'a URL with http:// or https://')
  section.end()
  return http === null ? '' : readUrl(http)
}

// ── routes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function readRoute(item: Item, known: ReadonlySet<string>, seen: Set<string>, routes: Route[]): void {
  const section = item.section()
  if (section === null) return
  const namespace = readName(section.get('namespace')) || 'default'
  const hosts =
    section
      .required('hosts', 'a list of host names')
      ?.list()
      .map((one) => readHost(one, seen)) ?? []
  const targets = section.required('traffic', 'a list of revisions with their shares')
  const traffic = targets === null ? [] : readTraffic(targets, namespace, known)
  section.end()
  routes.push({ namespace, hosts, traffic })
}

function readHost(item: Item, seen: Set<string>): string {
  const host = item.text().toLowerCase()
  if (!HOST.test(host) || host.length > HOST_LENGTH_MAX)
    item.mustBe('a host name without port, or *. and a host name')
  if (seen.has(host)) item.complain(`names ${host} once more: a host leads to one place`)
  seen.add(host)
  return host
}

function readTraffic(item: Item, namespace: string, known: ReadonlySet<string>): TrafficTarget[] {
  const tags = new Set<string>()
  const traffic: TrafficTarget[] = []
  for (const member of item.list()) {
    const target = readTarget(member, namespace, known)
    if (target === null) continue
    if (target.tag !== '' && tags.has(target.tag))
      member.complain(`has the tag ${target.tag} of another: a tag names one`)
    tags.add(target.tag)
    traffic.push(target)
  }
  const sum = traffic.reduce((total, { percent }) => total + percent, 0)
  const isTagsOnly = sum === 0 && traffic.length > 0 && traffic.every(({ tag }) => tag !== '')
  if (sum !== 100 && !isTagsOnly)
    item.complain(`adds up to ${sum} percent: it must be 100, or 0 when every target has a tag`)
  return traffic
}

function readTarget(item: Item, namespace: string, known: ReadonlySet<string>): TrafficTarget | null {
  const section = item.section()
  if (section === null) return null
  const named = section.required('revision', 'the name of a revision')
  const revision = readName(named)
  const percent = section.integer('percent', { min: 0, max: 100 }, 'percent', 0)
  const tag = readName(section.get('tag'))
  section.end()
  if (revision !== '' && !known.has(`${namespace}/${revision}`))
    named!.mustBe(`the name of a revision of the namespace ${namespace}`)
  return { revision, percent, tag }
}

// ── namespaces ────────────────────────────────────────────────────────────────────────────────────────────────────────

function readNamespace(item: Item, namespaces: NamespaceLimits[]): void {
  const section = item.section()
  if (section === null) return
  const namespace = readName(section.required('name', NAME_RULE))
  const limits = {
    namespace,
    weight: section.integer('weight', { min: 1, max: 1000 }, 'shares', 1),
    runningMax: bound(section, 'runningMax', COUNT, 'requests'),
    heldMax: bound(section, 'heldMax', COUNT, 'requests'),
    heldBytesMax: bound(section, 'heldBytesMax', BYTES, 'bytes'),
  }
  section.end()
  if (namespaces.some((other) => other.namespace === namespace))
    item.complain(`names ${namespace} once more: a namespace stands in the file once`)
  namespaces.push(limits)
}

/** 0 bounds to none at all; left out is no bound. */
function bound(section: Section, name: string, bounds: { min: number; max: number }, unit: string): number {
  return section.integer(name, bounds, unit, Infinity)
}

function keyOf({ namespace, name }: RevisionName): string {
  return `${namespace}/${name}`
}
