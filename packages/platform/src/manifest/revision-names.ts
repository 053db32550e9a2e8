import { isDeepStrictEqual } from 'node:util'
import type { Item } from '../document/section.ts'
import type { Place, ServiceManifest } from './manifest-set.ts'
import type { ReadTraffic } from './traffic-reader.ts'

/** A Service, and where it names revisions. */
export interface RevisionUse {
  readonly manifest: ServiceManifest
  /** Name of the service. */
  readonly serviceItem: Item
  /** Name of its template; null when that is to be made. */
  readonly nameItem: Item | null
  /** Whether that name is what was meant. */
  readonly isNameSure: boolean
  readonly traffic: readonly ReadTraffic[]
}

/** What a name of a revision stands for. */
interface Owner {
  readonly manifest: ServiceManifest
  readonly at: Place
}

const NUMBER_DIGITS = 5
/** Revisions that are named when one is not known. */
const NAMED_MAX = 10

/**
 * Checks what documents say of each other's revisions: names that two templates have, and `traffic` to revisions that are not there. `known`
 * are those that there are although no document makes them, by `<namespace>/<service>`. `areAll` says that no document is missing.
 */
export function checkRevisions(
  uses: readonly RevisionUse[],
  known: ReadonlyMap<string, readonly string[]>,
  areAll: boolean,
): void {
  const names = new Map<string, Set<string>>()
  for (const { manifest } of uses) names.set(keyOf(manifest), new Set(known.get(keyOf(manifest))))
  for (const name of nameAll(uses)) names.get(name.key)!.add(name.revision)
  // The revision that is missing may be one whose name or document is wrong, which is told already.
  if (!areAll || uses.some(({ isNameSure }) => !isNameSure)) return
  for (const { manifest, traffic } of uses) {
    const own = names.get(keyOf(manifest))!
    for (const { entry, revisionItem } of traffic)
      if (revisionItem !== null && !own.has(entry.revision))
        revisionItem.mustBe(`a revision of ${manifest.name}: ${listOf([...own])}`)
  }
}

/** The revisions that the documents make, in their order. */
function nameAll(uses: readonly RevisionUse[]): { readonly key: string; readonly revision: string }[] {
  const owners = new Map<string, Owner>()
  const templates = new Map<string, ServiceManifest[]>()
  return uses.map((use) => {
    const { manifest } = use
    const key = keyOf(manifest)
    const before = templates.get(key) ?? []
    templates.set(key, before)
    // A template that was there before is the revision that it was.
    let number = before.findIndex(({ template }) => isDeepStrictEqual(template, manifest.template)) + 1
    if (number === 0) number = before.push(manifest)
    const made = `${manifest.name}-${String(number).padStart(NUMBER_DIGITS, '0')}`
    const revision = manifest.template.name === '' ? made : manifest.template.name
    claim(owners, revision, use)
    return { key, revision }
  })
}

function claim(owners: Map<string, Owner>, revision: string, use: RevisionUse): void {
  const { manifest, nameItem, serviceItem } = use
  const full = `${manifest.namespace}/${revision}`
  const owner = owners.get(full)
  if (owner === undefined) {
    owners.set(full, { manifest, at: { file: manifest.at.file, line: (nameItem ?? serviceItem).line } })
    return
  }
  const isSame =
    owner.manifest.name === manifest.name && isDeepStrictEqual(owner.manifest.template, manifest.template)
  if (isSame) return
  const other = `${owner.at.file}:${owner.at.line} has a revision of this name with other content`
  if (nameItem === null)
    serviceItem.complain(`leads to the revision ${revision}: ${other}, which must be another`)
  else nameItem.mustBe(`a name of its own: ${other}`)
}

/** A name in its namespace, as one text. */
export function keyOf({ namespace, name }: Pick<ServiceManifest, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`
}

function listOf(names: readonly string[]): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : ''
  return `${names.slice(-NAMED_MAX).join(', ')}${more}`
}
