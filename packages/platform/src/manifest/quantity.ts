import type { Item } from '../document/section.ts'

const QUANTITY =
  /^\+?((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([numkMGTPE]|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?[0-9]{1,2}))?$/
/** Powers of ten. */
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}
/** Powers of two. */
const BINARY: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }
/** The least that Kubernetes can tell apart, of a core. */
const CPU_MIN = 0.001

/** What {@link cpuOf} takes. */
export const CPU_RULE: string = 'a number of cores of at least 0.001, such as 500m or 2; 0 is no limit'
/** What {@link memoryOf} takes. */
export const MEMORY_RULE: string = 'a number of bytes of at least 1, such as 128Mi or 1G; 0 is no limit'

/** A number as Kubernetes writes quantities, such as `500m`, `0.5`, `128Mi` or `1e3`; NaN for a text that is none, or negative. */
export function parseQuantity(text: string): number {
  const [, digits, unit, exponent] = (QUANTITY.exec(text) ?? []) as (string | undefined)[]
  if (digits === undefined) return Number.NaN
  if (unit !== undefined && Object.hasOwn(BINARY, unit)) return Number(digits) * 2 ** BINARY[unit]
  return Number(`${digits}e${exponent ?? (unit === undefined ? 0 : DECIMAL[unit])}`)
}

/** Cores; null is no limit, undefined a text that means none. */
export function cpuOf(text: string): number | null | undefined {
  const cores = parseQuantity(text)
  if (cores === 0) return null
  return cores >= CPU_MIN ? cores : undefined
}

/** Whole bytes, as {@link cpuOf}. */
export function memoryOf(text: string): number | null | undefined {
  const bytes = parseQuantity(text)
  if (bytes === 0) return null
  return bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER ? Math.ceil(bytes) : undefined
}

/** Reads a quantity, which may be written as a number. Notes a problem when it is none. */
export function readQuantity<T>(
  item: Item,
  parse: (text: string) => T | null | undefined,
  rule: string,
): T | null {
  const { kind } = item
  const everything = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY }
  const text = kind === 'number' ? String(item.number(everything, '', 0)) : kind === 'text' ? item.text() : ''
  const value = parse(text)
  if (value !== undefined) return value
  item.mustBe(rule)
  return null
}
