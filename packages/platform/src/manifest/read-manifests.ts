import type { Problem } from '../document/problems.ts'
import { quoted } from '../document/shown.ts'
import { readConfigMaps } from './config-maps.ts'
import { ManifestDocuments, type ManifestFile } from './manifest-documents.ts'
import type { ManifestSet, ServiceManifest } from './manifest-set.ts'
import { checkHostNames } from './host-names.ts'
import { checkRevisions } from './revision-names.ts'
import { readService } from './service-reader.ts'

/** What manifests are read from. */
export interface ManifestInput {
  readonly files: readonly ManifestFile[]
  /**
   * Command lines by the names of services, for `sh -c`: what their serving containers run instead of what the manifest says. `$(PORT)` and
   * the like count as in a manifest.
   */
  readonly commands: ReadonlyMap<string, string>
  /** Revisions that `traffic` may name although no file makes them: names by `<namespace>/<service>`; none by default. */
  readonly revisions?: ReadonlyMap<string, readonly string[]>
}

/**
 * Reads manifests of Knative: Services, and the ConfigMaps that matter to them, in YAML or JSON. The set is usable only when it has no
 * problems. docs/reference/local-platform.md has the fields. Opens no file. Never throws.
 */
export function readManifests({ commands, files, revisions = new Map() }: ManifestInput): ManifestSet {
  const documents = new ManifestDocuments(files)
  const isSound = documents.isSound
  const settings = readConfigMaps(documents.all)
  const found = documents.all.filter(({ kind }) => kind === 'Service')
  const uses = found.flatMap((document) => readService(document, settings, commands) ?? [])
  // Those that cannot be read may be the ones that are meant somewhere.
  const areAll = isSound && uses.length === found.length
  checkRevisions(uses, revisions, areAll)
  checkHostNames(uses)
  const services = uses.map(({ manifest }) => manifest)
  const { autoscaler } = settings
  return {
    services,
    autoscaler,
    progressDeadlineMs: autoscaler.progressDeadlineMs,
    problems: [...documents.problems, ...checkCommands(commands, services, areAll)],
    warnings: documents.warnings,
  }
}

function checkCommands(
  commands: ReadonlyMap<string, string>,
  services: readonly ServiceManifest[],
  areAll: boolean,
): Problem[] {
  const names = new Set(services.map(({ name }) => name))
  const problems: Problem[] = []
  const complain = (name: string, text: string): void => {
    const shown = /^[\w.-]{1,63}$/.test(name) ? name : quoted(name)
    problems.push({ line: 0, text: `--command ${shown}: ${text}` })
  }
  for (const [name, line] of commands) {
    if (line.trim() === '' || line.includes('\0'))
      complain(name, `the command line is ${quoted(line)}: it must be a command, such as 'node server.js'`)
    if (areAll && !names.has(name))
      complain(
        name,
        `there is no such service: it must be ${names.size === 0 ? 'one' : [...names].join(', ')}`,
      )
  }
  return problems
}
