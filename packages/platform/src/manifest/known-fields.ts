import type { Item, Kind, Section } from '../document/section.ts'
import { nearestName } from './nearest-name.ts'
import type { Warnings } from './warnings.ts'

/** A field that is valid and does nothing here. */
export interface UnusedField {
  /** What it has to be all the same. */
  readonly kind: Kind
  /** Why it has no effect; empty when nobody needs to know. */
  readonly why: string
  /** The value that makes no difference. */
  readonly usual?: string | boolean
}

/** What may stand in a map. */
export interface KnownFields {
  /** Those that its reader reads. */
  readonly read: readonly string[]
  readonly unused: Readonly<Record<string, UnusedField>>
}

const KIND_TEXTS: Readonly<Record<Kind, string>> = {
  text: 'a text',
  number: 'a number',
  flag: 'true or false',
  list: 'a list',
  map: 'a map',
  empty: 'empty',
  other: 'something else',
}

/** Unknown fields of one map that a hint is looked for: who has more of them did not mistype. */
const HINTS_MAX = 20

/** Tells of every field that its reader does not read: it has no effect, or is not known. */
export function endFields(section: Section, known: KnownFields, warnings: Warnings): void {
  let hints = HINTS_MAX
  for (const [name, item] of section.entries()) {
    if (known.read.includes(name)) continue
    const field = Object.hasOwn(known.unused, name) ? known.unused[name] : null
    if (field === null)
      section.complainOf(name, hints-- > 0 ? `is not known: ${hintOf(name, known)}` : 'is not known')
    else if (item.kind !== 'empty') checkUnused(item, field, warnings)
  }
}

function checkUnused(item: Item, { kind, why, usual }: UnusedField, warnings: Warnings): void {
  if (item.kind !== kind) item.mustBe(KIND_TEXTS[kind])
  else if (why !== '' && !isUsual(item, usual) && !isEmpty(item)) warnings.noEffect(item, why)
}

function isUsual(item: Item, usual: string | boolean | undefined): boolean {
  if (typeof usual === 'string') return item.text() === usual
  return typeof usual === 'boolean' && item.flag(usual) === usual
}

function isEmpty(item: Item): boolean {
  if (item.kind === 'list') return item.list().length === 0
  return item.kind === 'map' && item.section()?.entries().length === 0
}

function hintOf(name: string, { read, unused }: KnownFields): string {
  const known = [...read, ...Object.keys(unused).filter((one) => unused[one].why !== '')]
  const nearest = nearestName(name, known)
  return nearest === null ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`
}
