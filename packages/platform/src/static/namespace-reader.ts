import type { Bounds, Item, Section } from '../document/section.ts'
import type { Unique } from '../document/unique.ts'
import type { NamespaceLimits } from '../platform.ts'
import { readName } from './static-names.ts'

const WEIGHT = { min: 1, max: 1000 }
const REQUESTS = { min: 0, max: 10_000_000 }
/** 64 GiB. */
const BYTES = { min: 0, max: 68_719_476_736 }

/** Reads one of `namespaces`; null when it is no map. */
export function readNamespace(item: Item, names: Unique): NamespaceLimits | null {
  const section = item.section()
  if (section === null) return null
  const namespace = readName(section, 'name')
  if (namespace !== '') names.take(section.get('name')!, namespace, 'a namespace that has its bounds once')
  const limits = {
    namespace,
    weight: section.integer('weight', WEIGHT, '', 1),
    runningMax: readBound(section, 'runningMax', REQUESTS, 'requests'),
    heldMax: readBound(section, 'heldMax', REQUESTS, 'requests'),
    heldBytesMax: readBound(section, 'heldBytesMax', BYTES, 'bytes'),
  }
  section.end()
  return limits
}

/** 0 and left out are no bound, as everywhere in the file and in the environment. */
function readBound(section: Section, name: string, bounds: Bounds, unit: string): number {
  return section.integer(name, bounds, unit, 0) || Infinity
}
