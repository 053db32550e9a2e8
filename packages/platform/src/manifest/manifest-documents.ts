import { readDocuments } from '../document/documents.ts'
import type { Problem, Problems } from '../document/problems.ts'
import type { Section } from '../document/section.ts'
import { endFields } from './known-fields.ts'
import { UNUSED_METADATA } from './unused-fields.ts'
import { Warnings } from './warnings.ts'

/** A file as it is handed in. */
export interface ManifestFile {
  /** What messages call it. */
  readonly name: string
  readonly text: string
  /** Where its commands run, an absolute path. */
  readonly folder: string
}

/** A file, and what was found in it. */
export interface OpenFile {
  readonly name: string
  readonly folder: string
  readonly problems: Problems
  readonly warnings: Warnings
}

/** One object of a file. */
export interface ManifestDocument {
  readonly kind: 'Service' | 'ConfigMap'
  readonly section: Section
  readonly file: OpenFile
}

/** `apiVersion` of what is read, by kind. */
const VERSIONS = { Service: 'serving.knative.dev/v1', ConfigMap: 'v1', List: 'v1' } as const
type KnownKind = keyof typeof VERSIONS

/** The objects of some files, in their order, and what is wrong with the files. */
export class ManifestDocuments {
  readonly all: readonly ManifestDocument[]
  readonly #files: OpenFile[] = []

  /** Takes the files apart. Never throws. */
  constructor(files: readonly ManifestFile[]) {
    this.all = files.flatMap((file) => this.#open(file))
  }

  /** Whether every file could be taken apart without a problem so far. */
  get isSound(): boolean {
    return this.#files.every(({ problems }) => problems.isEmpty)
  }

  /** What was found in all files so far. */
  get problems(): readonly Problem[] {
    return this.#files.flatMap(({ problems }) => problems.all)
  }

  /** See {@link problems}. */
  get warnings(): readonly Problem[] {
    return this.#files.flatMap(({ warnings }) => warnings.all)
  }

  #open({ name, folder, text }: ManifestFile): ManifestDocument[] {
    const { sections, problems } = readDocuments(text, name)
    // A file that is being written anew is empty for a moment: it must not be taken for one that names nothing.
    if (sections.length === 0 && problems.isEmpty)
      problems.add(0, 'the file is empty: it must have a Service or a ConfigMap')
    const file = { name, folder, problems, warnings: new Warnings(name) }
    this.#files.push(file)
    return sections.flatMap((section) => objectsOf(section, file, ['Service', 'ConfigMap', 'List']))
  }
}

function objectsOf(section: Section, file: OpenFile, kinds: readonly KnownKind[]): ManifestDocument[] {
  const kind = readKind(section, kinds)
  if (kind === null) return []
  if (kind !== 'List') return [{ kind, section, file }]
  const objects: ManifestDocument[] = []
  for (const item of section.list('items')) {
    const one = item.section()
    if (one !== null) objects.push(...objectsOf(one, file, ['Service', 'ConfigMap']))
  }
  const metadata = section.section('metadata')
  if (metadata !== null) endFields(metadata, { read: [], unused: UNUSED_METADATA }, file.warnings)
  endFields(section, { read: ['apiVersion', 'kind', 'metadata', 'items'], unused: {} }, file.warnings)
  return objects
}

function readKind(section: Section, kinds: readonly KnownKind[]): KnownKind | null {
  const kindItem = section.required('kind', kinds.join(', '))
  const versionItem = section.required(
    'apiVersion',
    kinds.map((one) => `${VERSIONS[one]} for ${one}`).join(', '),
  )
  if (kindItem === null) return null
  const name = kindItem.kind === 'text' ? kindItem.text() : ''
  const kind = kinds.find((one) => one === name)
  if (kind === undefined) {
    kindItem.mustBe(`one of ${kinds.join(', ')}: only Knative Services and ConfigMaps are read`)
    return null
  }
  if (versionItem === null) return null
  if (versionItem.kind === 'text' && versionItem.text() === VERSIONS[kind]) return kind
  versionItem.mustBe(`${VERSIONS[kind]} for ${kind}`)
  return null
}
