import type { Item, Section } from '../document/section.ts'
import { isLabel, LABEL_RULE } from '../static/network-names.ts'
import { endFields } from './known-fields.ts'
import { UNUSED_METADATA, UNUSED_PREFIXES } from './unused-fields.ts'
import type { Warnings } from './warnings.ts'

/** What {@link isServiceName} wants. */
export const NAME_RULE: string = `${LABEL_RULE}, that begins with a letter`

/** Labels or annotations. */
export interface Texts {
  readonly values: Readonly<Record<string, string>>
  readonly items: ReadonlyMap<string, Item>
}

/** What an object says of itself. */
export interface Metadata {
  /** Null when there is none that can be used. */
  readonly name: string | null
  readonly nameItem: Item | null
  readonly namespace: string
  readonly labels: Texts
  readonly annotations: Texts
}

const NO_TEXTS: Texts = { values: {}, items: new Map() }
const EMPTY: Metadata = {
  name: null,
  nameItem: null,
  namespace: 'default',
  labels: NO_TEXTS,
  annotations: NO_TEXTS,
}

/** Whether Kubernetes takes a text as the name of a Service (RFC 1035), which is a part of host names. */
export function isServiceName(text: string): boolean {
  return isLabel(text) && /^[a-z]/.test(text)
}

/** Reads the `metadata` of a document, which must have a name. */
export function readMetadata(document: Section, warnings: Warnings): Metadata {
  const section = document.required('metadata', 'a map with a name')?.section() ?? null
  if (section === null) return EMPTY
  const nameItem = section.required('name', NAME_RULE)
  return { ...readRest(section, warnings), name: readName(nameItem), nameItem }
}

/** Reads the `metadata` of a template, whose name may be left out. */
export function readTemplateMetadata(template: Section, warnings: Warnings): Metadata {
  const section = template.section('metadata')
  if (section === null) return EMPTY
  const nameItem = section.get('name')
  return { ...readRest(section, warnings), name: readName(nameItem), nameItem }
}

function readRest(section: Section, warnings: Warnings): Omit<Metadata, 'name' | 'nameItem'> {
  const namespace = readName(section.get('namespace'), isLabel, LABEL_RULE) ?? 'default'
  const labels = readTexts(section.section('labels'), warnings)
  const annotations = readTexts(section.section('annotations'), warnings)
  const known = { read: ['name', 'namespace', 'labels', 'annotations'], unused: UNUSED_METADATA }
  endFields(section, known, warnings)
  return { namespace, labels, annotations }
}

function readName(item: Item | null, isValid = isServiceName, rule = NAME_RULE): string | null {
  if (item === null) return null
  if (item.kind === 'text' && isValid(item.text())) return item.text()
  item.mustBe(rule)
  return null
}

function readTexts(section: Section | null, warnings: Warnings): Texts {
  if (section === null) return NO_TEXTS
  const values: [string, string][] = []
  const items = new Map<string, Item>()
  for (const [name, item] of section.entries()) {
    const text = item.text()
    if (item.kind !== 'text') continue
    values.push([name, text])
    items.set(name, item)
    for (const [prefix, why] of Object.entries(UNUSED_PREFIXES))
      if (name.startsWith(prefix)) warnings.noEffect(item, why)
  }
  return { values: Object.fromEntries(values), items }
}
