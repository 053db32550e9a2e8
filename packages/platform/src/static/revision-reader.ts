import type { Item, Section } from '../document/section.ts'
import { Unique } from '../document/unique.ts'
import type { RevisionSpec } from '../platform.ts'
import { readAddress, readName, readNamespaceOf, readOptionalName, readUrl } from './static-names.ts'
import { keyOf, type StaticRevision, type WakeAction } from './static-config.ts'

const CONCURRENCY = { min: 0, max: 1_000_000 }
/** What the relay's clocks can measure: 30 days. */
const SECONDS = { min: 0, max: 2_592_000 }
/** Knative's default of `timeoutSeconds`. */
const TIMEOUT_SECONDS = 300
const WAKE_SECONDS = { min: 1, max: 3600 }
/** A command may wait until what it starts is there. */
const EXEC_SECONDS = 300
/** A call hands over to somebody who works on. */
const CALL_SECONDS = 10

/** Reads one of `revisions`; null when it is no map. */
export function readRevision(item: Item, names: Unique): StaticRevision | null {
  const section = item.section()
  if (section === null) return null
  const spec = readSpec(section)
  if (spec.name !== '')
    names.take(section.get('name')!, keyOf(spec), `a name of its own in the namespace ${spec.namespace}`)
  const addresses = new Unique()
  const ready = readAddresses(section.list('endpoints'), addresses)
  const notReady = readAddresses(section.list('notReady'), addresses)
  const clusterAddress = readClusterAddress(section.get('clusterAddress'))
  const wake = readWake(section.get('wake'))
  section.end()
  return { spec, ready, notReady, clusterAddress, wake }
}

function readSpec(section: Section): RevisionSpec {
  return {
    namespace: readNamespaceOf(section),
    name: readName(section, 'name'),
    service: readOptionalName(section, 'service'),
    configuration: readOptionalName(section, 'configuration'),
    protocol: section.choice('protocol', ['http1', 'h2c'], 'http1'),
    containerConcurrency: section.integer('containerConcurrency', CONCURRENCY, '', 0),
    timeouts: {
      totalMs: readMs(section, 'timeoutSeconds', TIMEOUT_SECONDS),
      responseStartMs: readMs(section, 'responseStartTimeoutSeconds', 0),
      idleMs: readMs(section, 'idleTimeoutSeconds', 0),
      queueMs: readMs(section, 'queueTimeoutSeconds', 0),
      tunnelMs: readMs(section, 'tunnelMaxSeconds', 0),
    },
    mayUseEarly: section.flag('mayUseEarly', true),
  }
}

function readMs(section: Section, name: string, fallback: number): number {
  return section.integer(name, SECONDS, 'seconds', fallback) * 1000
}

function readAddresses(items: readonly Item[], seen: Unique): string[] {
  const addresses: string[] = []
  for (const item of items) {
    const address = readAddress(item)
    if (address === '') continue
    seen.take(item, address, 'an address that its revision names once')
    addresses.push(address)
  }
  return addresses
}

function readClusterAddress(item: Item | null): string {
  if (item === null || (item.kind === 'text' && item.text() === '')) return ''
  return readAddress(item)
}

function readWake(item: Item | null): WakeAction | null {
  const section = item?.section() ?? null
  if (section === null) return null
  const exec = section.get('exec')
  const http = section.get('http')
  const fallback = exec === null ? CALL_SECONDS : EXEC_SECONDS
  const timeoutMs = section.integer('timeoutSeconds', WAKE_SECONDS, 'seconds', fallback) * 1000
  section.end()
  if ((exec === null) === (http === null)) {
    item!.complain(
      `has ${exec === null ? 'neither exec nor http' : 'both exec and http'}: it must have one of the two`,
    )
    return null
  }
  if (http !== null) return { kind: 'http', url: readUrl(http), timeoutMs }
  return { kind: 'exec', command: readCommand(exec!), timeoutMs }
}

function readCommand(item: Item): string[] {
  const rule = 'a list of texts: a program and its arguments'
  const parts = item.list()
  if (item.kind === 'list' && parts.length === 0) item.complain(`is empty: it must be ${rule}`)
  return parts.map((part, i) => {
    const text = part.text()
    if (text.includes('\0') || (i === 0 && text === '' && part.kind === 'text'))
      part.mustBe(i === 0 ? 'the path or the name of a program' : 'a text without a NUL')
    return text
  })
}
