import { readDocuments } from '../document/documents.ts'
import type { Problem } from '../document/problems.ts'
import type { Item, Section } from '../document/section.ts'
import { Unique } from '../document/unique.ts'
import { readNamespace } from './namespace-reader.ts'
import { readRevision } from './revision-reader.ts'
import { readRoute } from './route-reader.ts'
import { keyOf, type StaticConfig } from './static-config.ts'
import { URL_RULE } from './network-names.ts'
import { readHost, readUrl } from './static-names.ts'

/**
 * Reads the file of the static platform, whose parts may stand in several documents. `file` is the name that problems are told under; the
 * configuration is usable only when there are none. docs/reference/static-platform.md has the fields. Never throws.
 */
export function parseStaticConfig(
  text: string,
  file: string,
): { readonly config: StaticConfig; readonly problems: readonly Problem[] } {
  const { sections, problems } = readDocuments(text, file)
  // A file that is being written anew is empty for a moment: it must not be taken for one that names nothing.
  if (sections.length === 0 && problems.isEmpty)
    problems.add(0, 'the file is empty: it must have revisions, routes, namespaces, activators or reports')
  const once = new Unique()
  const revisions = readAll(sections, 'revisions', (item) => readRevision(item, once))
  const scope = { revisions: new Set(revisions.map(({ spec }) => keyOf(spec))), hosts: new Unique() }
  const routes = readAll(sections, 'routes', (item) => readRoute(item, scope))
  const namespaceNames = new Unique()
  const namespaces = readAll(sections, 'namespaces', (item) => readNamespace(item, namespaceNames))
  const activatorNames = new Unique()
  const activators = readAll(sections, 'activators', (item) => readActivator(item, activatorNames))
  const reportUrl = readReports(sections)
  for (const section of sections) section.end()
  return { config: { revisions, routes, namespaces, activators, reportUrl }, problems: problems.all }
}

/** The members that `read` makes something of, over all documents. */
function readAll<T>(sections: readonly Section[], name: string, read: (item: Item) => T | null): T[] {
  return sections
    .flatMap((section) => section.list(name))
    .map(read)
    .filter((one) => one !== null)
}

function readActivator(item: Item, seen: Unique): string | null {
  const host = readHost(item)
  if (host === '') return null
  seen.take(item, host, 'an address that is named once')
  return host
}

function readReports(sections: readonly Section[]): string {
  const once = new Unique()
  let url = ''
  for (const document of sections) {
    const item = document.get('reports')
    const section = item?.section() ?? null
    if (item === null || section === null) continue
    once.take(item, 'reports', 'in the file once')
    url = readUrl(section.required('http', URL_RULE))
    section.end()
  }
  return url
}
