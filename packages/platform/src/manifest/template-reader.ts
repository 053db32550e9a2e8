import type { Item, Section } from '../document/section.ts'
import type { RevisionTimeouts } from '../platform.ts'
import { readContainers } from './containers-reader.ts'
import { endFields } from './known-fields.ts'
import type { RevisionTemplate } from './manifest-set.ts'
import { readTemplateMetadata } from './metadata-reader.ts'
import { readScaling } from './scaling-reader.ts'
import type { ServiceScope } from './service-scope.ts'
import { UNUSED_POD } from './unused-fields.ts'

const KNOWN_SPEC = {
  read: [
    'containers',
    'containerConcurrency',
    'timeoutSeconds',
    'responseStartTimeoutSeconds',
    'idleTimeoutSeconds',
  ],
  unused: UNUSED_POD,
}

/** A template, and where its name stands. */
export interface ReadTemplate {
  readonly template: RevisionTemplate
  /** Null when the name is to be made. */
  readonly nameItem: Item | null
  /** Whether that name is what was meant, and not what is left of one that is wrong. */
  readonly isNameSure: boolean
}

/** Reads the `template` of a Service; null when there is nothing that could be one. */
export function readTemplate(spec: Section, scope: ServiceScope): ReadTemplate | null {
  const section = spec.required('template', 'a map with a spec')?.section() ?? null
  if (section === null) return null
  const { warnings } = scope
  const { annotations, labels, name, nameItem } = readTemplateMetadata(section, warnings)
  const isNameSure = (section.get('metadata')?.kind ?? 'map') === 'map' && checkName(nameItem, name, scope)
  const pod = section.required('spec', 'a map with containers')?.section() ?? null
  endFields(section, { read: ['metadata', 'spec'], unused: {} }, warnings)
  const containerConcurrency = readConcurrency(pod, scope)
  const scaling = readScaling({
    annotations,
    containerConcurrency,
    config: scope.autoscaler,
    template: section,
    warnings,
  })
  if (pod === null) return null
  const timeouts = readTimeouts(pod, scope)
  const { protocol, specs: containers } = readContainers(pod, scope)
  endFields(pod, KNOWN_SPEC, warnings)
  const template = {
    name: name ?? '',
    labels: labels.values,
    annotations: annotations.values,
    containerConcurrency,
    timeouts,
    protocol,
    containers,
    scaling,
  }
  return { template, nameItem, isNameSure }
}

/** As in Knative, so that no two services have a revision of the same name. */
function checkName(item: Item | null, name: string | null, { service }: ServiceScope): boolean {
  if (item === null) return true
  if (name === null) return false
  if (service === '' || name.startsWith(`${service}-`)) return true
  item.mustBe(`a name that begins with ${service}-, or left out`)
  return false
}

function readConcurrency(pod: Section | null, { defaults }: ServiceScope): number {
  const usual = defaults.containerConcurrency
  const min = defaults.allowsConcurrencyZero ? 0 : 1
  return (
    pod?.integer('containerConcurrency', { min, max: defaults.containerConcurrencyMax }, '', usual) ?? usual
  )
}

function readTimeouts(pod: Section, { defaults }: ServiceScope): RevisionTimeouts {
  const { idleSeconds, responseStartSeconds, timeoutSeconds, timeoutSecondsMax } = defaults
  const seconds = (name: string, max: number, usual: number): number =>
    pod.integer(name, { min: 0, max }, 'seconds', usual)
  // 0 is as good as nothing, in Knative too.
  const total = seconds('timeoutSeconds', timeoutSecondsMax, 0) || timeoutSeconds
  // The defaults count where they are shorter than the whole.
  const shorter = (usual: number): number => (usual < total ? usual : 0)
  return {
    totalMs: total * 1000,
    responseStartMs: seconds('responseStartTimeoutSeconds', total, shorter(responseStartSeconds)) * 1000,
    idleMs: seconds('idleTimeoutSeconds', total, shorter(idleSeconds)) * 1000,
    queueMs: 0,
    tunnelMs: 0,
  }
}
