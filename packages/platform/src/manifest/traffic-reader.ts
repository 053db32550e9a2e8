import type { Item, Section } from '../document/section.ts'
import { Unique } from '../document/unique.ts'
import { endFields } from './known-fields.ts'
import type { Place, TrafficEntry } from './manifest-set.ts'
import { isServiceName, NAME_RULE } from './metadata-reader.ts'
import type { ServiceScope } from './service-scope.ts'
import { UNUSED_TRAFFIC } from './unused-fields.ts'

/** An entry of `traffic`, and where it says what. */
export interface ReadTraffic {
  readonly entry: TrafficEntry
  /** Null when its revision is the latest one. */
  readonly revisionItem: Item | null
  /** Null when it has no tag. */
  readonly tagItem: Item | null
}

const PERCENT = { min: 0, max: 100 }
const KNOWN = { read: ['revisionName', 'latestRevision', 'percent', 'tag'], unused: UNUSED_TRAFFIC }
/** Longest part of a host name, characters. */
const LABEL_LENGTH_MAX = 63

/** Reads the `traffic` of a Service. Without any, everything goes to the latest revision. */
export function readTraffic(spec: Section | null, scope: ServiceScope, at: Place): ReadTraffic[] {
  const item = spec?.get('traffic') ?? null
  const members = item?.list() ?? []
  const tags = new Unique()
  const traffic = members.flatMap((member) => readEntry(member, scope, tags) ?? [])
  if (members.length === 0)
    return [{ entry: { revision: '', percent: 100, tag: '', at }, revisionItem: null, tagItem: null }]
  // What an entry that cannot be read would have added is not known.
  const sum = traffic.reduce((total, { entry }) => total + entry.percent, 0)
  if (traffic.length === members.length && !Number.isNaN(sum) && sum !== 100)
    item!.complain(`adds up to ${sum} percent: it must be 100`)
  return traffic
}

function readEntry(item: Item, scope: ServiceScope, tags: Unique): ReadTraffic | null {
  const section = item.section()
  if (section === null) return null
  const revisionItem = section.get('revisionName')
  const revision = revisionItem === null ? '' : readName(revisionItem)
  const latestItem = section.get('latestRevision')
  const isLatest = revisionItem === null
  if (latestItem !== null && latestItem.flag(isLatest) !== isLatest)
    latestItem.mustBe(isLatest ? 'true, or revisionName must name one' : 'false where revisionName names one')
  const percent = section.integer('percent', PERCENT, '', section.get('percent') === null ? 0 : Number.NaN)
  const tagItem = section.get('tag')
  const tag = readTag(tagItem, scope, tags)
  endFields(section, KNOWN, scope.warnings)
  const at = { file: scope.file, line: item.line }
  return {
    entry: { revision, percent, tag, at },
    revisionItem: revision === '' ? null : revisionItem,
    tagItem: tag === '' ? null : tagItem,
  }
}

function readName(item: Item): string {
  if (item.kind === 'text' && isServiceName(item.text())) return item.text()
  item.mustBe(NAME_RULE)
  return ''
}

function readTag(item: Item | null, { service }: ServiceScope, tags: Unique): string {
  const tag = item === null ? '' : readName(item)
  if (item === null || tag === '') return ''
  tags.take(item, tag, 'a tag that its Service has once')
  const length = tag.length + 1 + service.length
  if (length > LABEL_LENGTH_MAX)
    item.mustBe(
      `shorter: ${tag}-${service} is a part of a host name and has ${length} characters, at most are ${LABEL_LENGTH_MAX}`,
    )
  return tag
}
