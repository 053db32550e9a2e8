import { endFields } from './known-fields.ts'
import type { ClusterSettings } from './config-maps.ts'
import type { ManifestDocument } from './manifest-documents.ts'
import type { ServiceManifest } from './manifest-set.ts'
import { readMetadata } from './metadata-reader.ts'
import { refuseScaling } from './scaling-reader.ts'
import type { RevisionUse } from './revision-names.ts'
import type { ServiceScope } from './service-scope.ts'
import { readTemplate } from './template-reader.ts'
import { readTraffic } from './traffic-reader.ts'
import { UNUSED_SERVICE } from './unused-fields.ts'

/** Reads one Service; null when nothing of it can be used. What it has to do with others is checked later: see {@link RevisionUse}. */
export function readService(
  { file, section }: ManifestDocument,
  settings: ClusterSettings,
  commands: ReadonlyMap<string, string>,
): RevisionUse | null {
  const { folder, warnings } = file
  const { annotations, name, nameItem, namespace } = readMetadata(section, warnings)
  refuseScaling(annotations)
  const spec = section.required('spec', 'a map with a template')?.section() ?? null
  endFields(section, { read: ['apiVersion', 'kind', 'metadata', 'spec'], unused: UNUSED_SERVICE }, warnings)
  if (spec === null) return null
  const service = name ?? ''
  const commandLine = commands.get(service) ?? null
  const scope: ServiceScope = { ...settings, service, file: file.name, folder, warnings, commandLine }
  const read = readTemplate(spec, scope)
  const at = { file: file.name, line: nameItem?.line ?? 1 }
  const traffic = readTraffic(spec, scope, at)
  endFields(spec, { read: ['template', 'traffic'], unused: {} }, warnings)
  if (read === null || name === null || nameItem === null) return null
  const manifest: ServiceManifest = {
    namespace,
    name,
    at,
    template: read.template,
    traffic: traffic.map(({ entry }) => entry),
  }
  const { isNameSure, nameItem: templateItem } = read
  return { manifest, serviceItem: nameItem, nameItem: templateItem, isNameSure, traffic }
}
