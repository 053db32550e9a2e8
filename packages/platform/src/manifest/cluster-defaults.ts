import type { Item } from '../document/section.ts'
import { CPU_RULE, cpuOf, MEMORY_RULE, memoryOf, readQuantity } from './quantity.ts'

/** What `config-defaults` says of revisions. Times are seconds. */
export interface ClusterDefaults {
  readonly timeoutSeconds: number
  readonly timeoutSecondsMax: number
  readonly responseStartSeconds: number
  readonly idleSeconds: number
  readonly containerConcurrency: number
  readonly containerConcurrencyMax: number
  readonly allowsConcurrencyZero: boolean
  /** Cores; null is no limit. */
  readonly cpu: number | null
  readonly memoryBytes: number | null
}

type Key =
  | 'revision-timeout-seconds'
  | 'max-revision-timeout-seconds'
  | 'revision-response-start-timeout-seconds'
  | 'revision-idle-timeout-seconds'
  | 'container-concurrency'
  | 'container-concurrency-max-limit'

const INT32_MAX = 2 ** 31 - 1
/** What our clocks can measure: 30 days. */
const SECONDS_MAX = 2_592_000
const NUMBERS: Readonly<Record<Key, { readonly min: number; readonly max: number; readonly usual: number }>> =
  {
    'revision-timeout-seconds': { min: 1, max: SECONDS_MAX, usual: 300 },
    'max-revision-timeout-seconds': { min: 1, max: SECONDS_MAX, usual: 600 },
    'revision-response-start-timeout-seconds': { min: 0, max: SECONDS_MAX, usual: 300 },
    'revision-idle-timeout-seconds': { min: 0, max: SECONDS_MAX, usual: 0 },
    'container-concurrency': { min: 0, max: INT32_MAX, usual: 0 },
    'container-concurrency-max-limit': { min: 1, max: INT32_MAX, usual: 1000 },
  }

/** Keys of `config-defaults` that are read. */
export const DEFAULTS_KEYS: readonly string[] = [
  ...Object.keys(NUMBERS),
  'allow-container-concurrency-zero',
  'revision-cpu-limit',
  'revision-memory-limit',
]

/** Reads the `data` of `config-defaults`, which are texts; without any, Knative's defaults hold. */
export function readClusterDefaults(data: ReadonlyMap<string, Item>): ClusterDefaults {
  const numbers = Object.fromEntries(
    Object.keys(NUMBERS).map((key) => [key, readNumber(data.get(key), key as Key)]),
  ) as Record<Key, number>
  checkTogether(data, numbers)
  const cpu = data.get('revision-cpu-limit')
  const memory = data.get('revision-memory-limit')
  return {
    timeoutSeconds: numbers['revision-timeout-seconds'],
    timeoutSecondsMax: numbers['max-revision-timeout-seconds'],
    responseStartSeconds: numbers['revision-response-start-timeout-seconds'],
    idleSeconds: numbers['revision-idle-timeout-seconds'],
    containerConcurrency: numbers['container-concurrency'],
    containerConcurrencyMax: numbers['container-concurrency-max-limit'],
    allowsConcurrencyZero: readFlag(data.get('allow-container-concurrency-zero')),
    cpu: cpu === undefined ? null : readQuantity(cpu, cpuOf, CPU_RULE),
    memoryBytes: memory === undefined ? null : readQuantity(memory, memoryOf, MEMORY_RULE),
  }
}

function readNumber(item: Item | undefined, key: Key): number {
  const { min, max, usual } = NUMBERS[key]
  if (item === undefined) return usual
  const text = item.text()
  const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  item.mustBe(`a whole number from ${min} to ${max}`)
  return usual
}

function readFlag(item: Item | undefined): boolean {
  if (item === undefined) return true
  const text = item.text().toLowerCase()
  if (text !== 'true' && text !== 'false') item.mustBe('"true" or "false"')
  return text !== 'false'
}

/** Values that are fine alone and impossible together. */
function checkTogether(data: ReadonlyMap<string, Item>, numbers: Record<Key, number>): void {
  atMost('revision-timeout-seconds', 'max-revision-timeout-seconds')
  // As in Knative, where it is the timeout unless it is named.
  if (!data.has('revision-response-start-timeout-seconds'))
    numbers['revision-response-start-timeout-seconds'] = numbers['revision-timeout-seconds']
  atMost('revision-response-start-timeout-seconds', 'revision-timeout-seconds')
  atMost('revision-idle-timeout-seconds', 'revision-timeout-seconds')
  atMost('container-concurrency', 'container-concurrency-max-limit')

  function atMost(key: Key, maxKey: Key): void {
    const max = numbers[maxKey]
    if (numbers[key] <= max) return
    const item = data.get(key)
    if (item === undefined) data.get(maxKey)?.mustBe(`at least ${key}, which is ${numbers[key]}`)
    else item.mustBe(`at most ${maxKey}, which is ${max}`)
    numbers[key] = max
  }
}
