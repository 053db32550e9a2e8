import { resolve } from 'node:path'
import type { Item, Section } from '../document/section.ts'
import { Unique } from '../document/unique.ts'
import { isLabel, LABEL_RULE } from '../static/network-names.ts'
import { readCommand } from './command-reader.ts'
import { readEnv, refuseEnvFrom } from './env-reader.ts'
import { endFields } from './known-fields.ts'
import { readLimits } from './limits-reader.ts'
import type { ContainerSpec } from './manifest-set.ts'
import { type DeclaredPort, DEFAULT_PORT, readPorts } from './port-reader.ts'
import { readHealthProbe, readReadiness } from './probe-reader.ts'
import { ReferenceTexts } from './reference-texts.ts'
import type { ServiceScope } from './service-scope.ts'
import { UNUSED_CONTAINER } from './unused-fields.ts'
import { readText } from './words.ts'

/** The containers of a template. */
export interface Containers {
  /** The serving one first; empty when none can be read. */
  readonly specs: readonly ContainerSpec[]
  readonly protocol: 'http1' | 'h2c'
}

/** One that was looked at. */
interface Draft {
  readonly item: Item
  readonly section: Section
  readonly port: DeclaredPort | null
  /** Its name when it has none of its own. */
  readonly usualName: string
}

interface ContainerScope extends ServiceScope {
  readonly app: DeclaredPort
  readonly isServing: boolean
  readonly names: Unique
}

/** Knative's name for a container without one. */
const USUAL_NAME = 'user-container'
const SIDECAR_NAME = 'queue-proxy'
const KNOWN = {
  read: [
    'name',
    'image',
    'command',
    'args',
    'workingDir',
    'ports',
    'env',
    'envFrom',
    'resources',
    'readinessProbe',
    'livenessProbe',
    'startupProbe',
  ],
  unused: UNUSED_CONTAINER,
}

/** Reads the `containers` of a pod, of which one serves. */
export function readContainers(pod: Section, scope: ServiceScope): Containers {
  const list = pod.required('containers', 'a list of containers')
  const items = list?.list() ?? []
  if (list?.kind === 'list' && items.length === 0)
    list.complain('is empty: it must have one container at least')
  const drafts = items.flatMap((item, i) => {
    const section = item.section()
    if (section === null) return []
    const usualName = items.length === 1 ? USUAL_NAME : `${USUAL_NAME}-${i}`
    return [{ item, section, port: readPorts(section, scope.warnings), usualName }]
  })
  const serving = findServing(drafts, list)
  if (serving === null) return { specs: [], protocol: 'http1' }
  const app = serving.port ?? DEFAULT_PORT
  const names = new Unique()
  const specs = drafts.map((draft) =>
    readContainer(draft, { ...scope, app, isServing: draft === serving, names }),
  )
  const first = specs[drafts.indexOf(serving)]
  return { specs: [first, ...specs.filter((spec) => spec !== first)], protocol: app.protocol }
}

function findServing(drafts: readonly Draft[], list: Item | null): Draft | null {
  if (drafts.length <= 1) return drafts[0] ?? null
  const serving = drafts.filter(({ port }) => port !== null)
  if (serving.length !== 1)
    list!.complain(
      `has ${drafts.length} containers, of which ${serving.length} have ports: one of them must, which serves`,
    )
  return serving[0] ?? drafts[0]
}

function readContainer({ item, section, usualName }: Draft, scope: ContainerScope): ContainerSpec {
  const { app, commandLine, defaults, folder, isServing, names, service, warnings } = scope
  const texts = new ReferenceTexts()
  const probes = { app, isServing, warnings }
  const name = readName(section.get('name'), usualName, names)
  refuseEnvFrom(section.get('envFrom'))
  const env = readEnv(section.list('env'), { isServing, texts, warnings })
  const workingDir = section.get('workingDir')
  const spec: ContainerSpec = {
    name,
    command: readCommand(section, item, { service, line: isServing ? commandLine : undefined, texts }),
    folder: workingDir === null ? folder : resolve(folder, readText(workingDir)),
    env,
    readiness: readReadiness(section.get('readinessProbe'), probes),
    liveness: readHealthProbe(section.get('livenessProbe'), probes),
    startup: readHealthProbe(section.get('startupProbe'), probes),
    limits: readLimits(section, defaults, warnings),
  }
  endFields(section, KNOWN, warnings)
  return spec
}

function readName(item: Item | null, usual: string, names: Unique): string {
  if (item === null) return usual
  const name = item.text()
  if (item.kind !== 'text') return usual
  if (!isLabel(name)) item.mustBe(LABEL_RULE)
  else if (name === SIDECAR_NAME) item.mustBe('another name: this one is taken by the sidecar')
  else names.take(item, name, 'a name that its template has once')
  return name
}
