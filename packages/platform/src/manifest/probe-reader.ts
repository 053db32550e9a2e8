import type { Item, Section } from '../document/section.ts'
import { endFields } from './known-fields.ts'
import type { ContainerProbe } from './manifest-set.ts'
import { ACTION_NAMES, type ProbeScope, readAction } from './probe-action-reader.ts'

type Timing = Omit<ContainerProbe, 'action'>

const COUNT = { min: 0, max: 2 ** 31 - 1 }
/** Kubernetes' defaults; 0 stands for them too. */
const TIMEOUT_SECONDS = 1
const PERIOD_SECONDS = 10
const SUCCESS_THRESHOLD = 1
const FAILURE_THRESHOLD = 3
const NUMBER_NAMES = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const
type Numbers = Readonly<Record<(typeof NUMBER_NAMES)[number], number>>
const KNOWN = { read: [...ACTION_NAMES, ...NUMBER_NAMES], unused: {} }

/**
 * Reads a readiness probe; null when there is none. One that names no action is a connection to the port of the app, and one that names no
 * period is tried as closely as the sidecar can, as in Knative.
 */
export function readReadiness(item: Item | null, scope: ProbeScope): ContainerProbe | null {
  const section = item?.section() ?? null
  if (section === null) return null
  const numbers = readNumbers(section)
  for (const name of ['timeoutSeconds', 'failureThreshold'] as const)
    if (numbers.periodSeconds === 0 && numbers[name] > 0)
      section.get(name)!.mustBe('left out as long as periodSeconds is 0 or left out')
  const action = readAction(section, scope) ?? ({ kind: 'tcpSocket', host: '', port: '0' } as const)
  if (!scope.isServing && !hasAction(section)) section.complain(NO_ACTION)
  endFields(section, KNOWN, scope.warnings)
  return { action, ...timingOf(numbers, 0) }
}

/** Reads a liveness probe or a startup probe, which must name an action; null when there is none. */
export function readHealthProbe(item: Item | null, scope: ProbeScope): ContainerProbe | null {
  const section = item?.section() ?? null
  if (section === null) return null
  const numbers = readNumbers(section)
  if (numbers.successThreshold > 1) section.get('successThreshold')!.mustBe('1')
  const action = readAction(section, scope)
  if (!hasAction(section)) section.complain(NO_ACTION)
  endFields(section, KNOWN, scope.warnings)
  return action === null ? null : { action, ...timingOf(numbers, PERIOD_SECONDS) }
}

const NO_ACTION = `has no action: it must have one of ${ACTION_NAMES.join(', ')}`

function hasAction(section: Section): boolean {
  return ACTION_NAMES.some((name) => section.get(name) !== null)
}

/** As they are written; 0 for what is left out. */
function readNumbers(section: Section): Numbers {
  const seconds = (name: string): number => section.integer(name, COUNT, 'seconds', 0)
  return {
    initialDelaySeconds: seconds('initialDelaySeconds'),
    timeoutSeconds: seconds('timeoutSeconds'),
    // One that is wrong is none that was left out.
    periodSeconds: section.get('periodSeconds')?.integer(COUNT, 'seconds', PERIOD_SECONDS) ?? 0,
    successThreshold: section.integer('successThreshold', COUNT, '', 0),
    failureThreshold: section.integer('failureThreshold', COUNT, '', 0),
  }
}

function timingOf(numbers: Numbers, periodSeconds: number): Timing {
  return {
    initialDelayMs: numbers.initialDelaySeconds * 1000,
    timeoutMs: (numbers.timeoutSeconds || TIMEOUT_SECONDS) * 1000,
    periodMs: (numbers.periodSeconds || periodSeconds) * 1000,
    successThreshold: numbers.successThreshold || SUCCESS_THRESHOLD,
    failureThreshold: numbers.failureThreshold || FAILURE_THRESHOLD,
  }
}
