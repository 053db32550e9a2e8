import {
  AUTOSCALER_KEYS,
  type AutoscalerConfig,
  DEPLOYMENT_KEYS,
  readAutoscalerConfig,
  type Texts,
} from '@pilotlight/autoscaler'
import type { Item, Section } from '../document/section.ts'
import { type ClusterDefaults, DEFAULTS_KEYS, readClusterDefaults } from './cluster-defaults.ts'
import { endFields, type KnownFields } from './known-fields.ts'
import type { ManifestDocument } from './manifest-documents.ts'
import { readMetadata } from './metadata-reader.ts'
import { complainOf } from './sentences.ts'
import { UNUSED_AUTOSCALER, UNUSED_CONFIG_MAP, UNUSED_DEFAULTS, UNUSED_DEPLOYMENT } from './unused-fields.ts'
import { nearestName } from './nearest-name.ts'
import type { Warnings } from './warnings.ts'

/** What holds for all services. */
export interface ClusterSettings {
  readonly defaults: ClusterDefaults
  readonly autoscaler: AutoscalerConfig
}

type ConfigName = keyof typeof CONFIG_MAPS

/** The ConfigMaps that are read, and their keys. */
const CONFIG_MAPS = {
  'config-autoscaler': { read: Object.keys(AUTOSCALER_KEYS), unused: UNUSED_AUTOSCALER },
  'config-defaults': { read: DEFAULTS_KEYS, unused: UNUSED_DEFAULTS },
  'config-deployment': { read: Object.keys(DEPLOYMENT_KEYS), unused: UNUSED_DEPLOYMENT },
} as const satisfies Record<string, KnownFields>

/** A key with a documentation of the others, in every ConfigMap of Knative. */
const EXAMPLE = '_example'
const ALLOWS_ZERO = 'allow-zero-initial-scale'

interface Data {
  readonly items: Map<string, Item>
  /** Where what is wrong with the whole is told. */
  readonly section: Section
  readonly place: string
}

/** Reads all ConfigMaps there are. */
export function readConfigMaps(documents: readonly ManifestDocument[]): ClusterSettings {
  const found = new Map<ConfigName, Data>()
  for (const document of documents) if (document.kind === 'ConfigMap') readOne(document, found)
  const autoscaler = found.get('config-autoscaler')
  const deployment = found.get('config-deployment')
  const { config, problems } = readAutoscalerConfig(
    withLocalDefaults(textsOf(autoscaler)),
    textsOf(deployment),
  )
  for (const sentence of problems) {
    const { section, items } = sentence.startsWith('progress-deadline') ? deployment! : autoscaler!
    complainOf(sentence, items, section)
  }
  return {
    defaults: readClusterDefaults(found.get('config-defaults')?.items ?? new Map<string, Item>()),
    autoscaler: config,
  }
}

/** On one machine nothing is to run that nobody asks for, unless somebody says so. */
function withLocalDefaults(texts: Texts): Texts {
  const allowsZero = Object.hasOwn(texts, ALLOWS_ZERO) ? texts[ALLOWS_ZERO] : 'true'
  return /^(?:1|t|true)$/i.test(allowsZero)
    ? { 'initial-scale': '0', ...texts, [ALLOWS_ZERO]: allowsZero }
    : texts
}

function textsOf(data: Data | undefined): Texts {
  const entries = Array.from(data?.items ?? [], ([key, item]) => [key, item.text()] as const)
  return Object.fromEntries(entries)
}

function readOne({ section, file }: ManifestDocument, found: Map<ConfigName, Data>): void {
  const { warnings } = file
  const { nameItem, name } = readMetadata(section, warnings)
  const data = section.section('data')
  endFields(
    section,
    { read: ['apiVersion', 'kind', 'metadata', 'data'], unused: UNUSED_CONFIG_MAP },
    warnings,
  )
  if (nameItem === null || name === null) return
  if (!Object.hasOwn(CONFIG_MAPS, name)) {
    warnings.noEffect(nameItem, `only the ConfigMaps ${Object.keys(CONFIG_MAPS).join(', ')} are read`)
    return
  }
  const before = found.get(name as ConfigName)
  const place = `${file.name}:${nameItem.line}`
  if (before !== undefined) nameItem.mustBe(`a ConfigMap that is there once, and ${before.place} has it`)
  const items =
    data === null ? new Map<string, Item>() : readData(data, CONFIG_MAPS[name as ConfigName], warnings)
  if (before === undefined) found.set(name as ConfigName, { items, section: data ?? section, place })
}

function readData(data: Section, { read, unused }: KnownFields, warnings: Warnings): Map<string, Item> {
  const items = new Map<string, Item>()
  for (const [key, item] of data.entries()) {
    const text = item.text()
    if (item.kind !== 'text' || key === EXAMPLE) continue
    const field = Object.hasOwn(unused, key) ? unused[key] : null
    if (field !== null && text !== field.usual) warnings.noEffect(item, field.why)
    if (read.includes(key)) items.set(key, item)
    else if (field === null) {
      const nearest = nearestName(key, [...read, ...Object.keys(unused)])
      warnings.noEffect(item, nearest === null ? 'there is no such key' : `did you mean ${nearest}?`)
    }
  }
  return items
}
