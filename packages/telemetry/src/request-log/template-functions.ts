import { escapeHtml, escapeJavaScript, escapeQuery } from './go-escapes.ts'
import { escapable, formatValues, parseFormat, printLine, printValues } from './go-format.ts'
import type { Format } from './go-format.ts'
import { ExecutionError, Float, isDictionary, isTrue, NIL_STRINGS, Strings, Struct } from './go-values.ts'
import { typeName } from './go-values.ts'
import type { Value } from './go-values.ts'

/** A function of the language. */
export interface Builtin {
  readonly name: string
  readonly argumentsMin: number
  readonly argumentsMax: number
  /** Throws an {@link ExecutionError} when an argument does not fit. */
  call(values: readonly Value[]): Value
}

/** The functions of Go's text/template, but `call`: no data here is a function. `and` and `or` are the evaluator's. */
export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(
  [
    builtin('and', 1, Infinity, (values) => values[values.length - 1]),
    builtin('or', 1, Infinity, (values) => values[values.length - 1]),
    builtin('not', 1, 1, ([value]) => !isTrue(value)),
    builtin('eq', 1, Infinity, isEqualToAny),
    builtin('ne', 2, 2, (values) => !isEqualToAny(values)),
    builtin('lt', 2, 2, ([a, b]) => compare(a, b) < 0),
    builtin('le', 2, 2, ([a, b]) => compare(a, b) <= 0),
    // As in Go, where they are the opposites of `le` and `lt`; a NaN shows the difference.
    builtin('gt', 2, 2, ([a, b]) => !(compare(a, b) <= 0)),
    builtin('ge', 2, 2, ([a, b]) => !(compare(a, b) < 0)),
    builtin('index', 1, Infinity, ([item, ...indexes]) => indexes.reduce(element, item)),
    builtin('slice', 1, 4, sliceOf),
    builtin('len', 1, 1, ([value]) => lengthOf(value)),
    builtin('print', 0, Infinity, printValues),
    builtin('println', 0, Infinity, printLine),
    builtin('printf', 1, Infinity, ([format, ...values]) => formatValues(toFormat(format), values)),
    builtin('js', 0, Infinity, (values) => escapeJavaScript(escapable(values))),
    builtin('html', 0, Infinity, (values) => escapeHtml(escapable(values))),
    builtin('urlquery', 0, Infinity, (values) => escapeQuery(escapable(values))),
  ].map((each) => [each.name, each]),
)

/** `printf` with a format that is known when the template is compiled. Throws as {@link parseFormat}. */
export function printfOf(text: string): Builtin {
  const format = parseFormat(text)
  return builtin('printf', 1, Infinity, ([, ...values]) => formatValues(format, values))
}

function builtin(
  name: string,
  argumentsMin: number,
  argumentsMax: number,
  call: (values: readonly Value[]) => Value,
): Builtin {
  return { name, argumentsMin, argumentsMax, call }
}

function toFormat(value: Value): Format {
  if (typeof value !== 'string') throw new ExecutionError(`a format must be a string, not ${typeName(value)}`)
  return parseFormat(value)
}

function isEqualToAny([first, ...others]: readonly Value[]): boolean {
  if (others.length === 0) throw new ExecutionError('missing argument for comparison')
  return others.some((other) => isEqual(first, other))
}

function isEqual(a: Value, b: Value): boolean {
  if (isAbsent(a) || isAbsent(b)) return !isBasic(a) && !isBasic(b) && isNil(a) && isNil(b)
  if (isBasic(a) || isBasic(b)) {
    if (kindOf(a) !== kindOf(b)) throw incompatible(a, b)
    return a instanceof Float ? a.value === (b as Float).value : a === b
  }
  if (kindOf(a) !== kindOf(b)) throw incompatible(a, b)
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b)
  if (a instanceof Struct && b instanceof Struct) {
    // A URL is parsed anew each time it is asked for.
    if (a.type !== b.type || a.type.text === undefined) return a.type === b.type && a.data === b.data
    return a.type.text(a.data as never) === a.type.text(b.data as never)
  }
  throw new ExecutionError(`non-comparable type ${typeName(b)}`)
}

/** Less than 0 when `a` is less than `b`; NaN when they have no order. */
function compare(a: Value, b: Value): number {
  if (!isBasic(a) || !isBasic(b) || typeof a === 'boolean')
    throw new ExecutionError('invalid type for comparison')
  if (kindOf(a) !== kindOf(b)) throw incompatible(a, b)
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  return a instanceof Float ? difference(a.value, (b as Float).value) : Number(a) - Number(b)
}

function difference(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : a > b ? 1 : NaN
}

function isBasic(value: Value): boolean {
  return typeof value !== 'object' ? value !== undefined : value instanceof Float
}

function isAbsent(value: Value): value is null | undefined {
  return value === null || value === undefined
}

function isNil(value: Value): boolean {
  return isAbsent(value) || value === NIL_STRINGS || (value instanceof Struct && value.data === null)
}

function kindOf(value: Value): string {
  if (value instanceof Struct) return 'pointer'
  return isDictionary(value) ? 'map' : typeName(value)
}

function incompatible(a: Value, b: Value): ExecutionError {
  return new ExecutionError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`)
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value instanceof Strings) return value.items.length
  if (isDictionary(value)) return value.keys().length
  throw new ExecutionError(`len of type ${typeName(value)}`)
}

function element(item: Value, index: Value): Value {
  if (isDictionary(item)) {
    if (typeof index !== 'string')
      throw new ExecutionError(`value has type ${typeName(index)}; should be string`)
    return item.get(index) ?? NIL_STRINGS
  }
  if (typeof item !== 'string' && !(item instanceof Strings))
    throw new ExecutionError(`can't index item of type ${typeName(item)}`)
  const at = position(index, lengthOf(item) - 1)
  return typeof item === 'string' ? Buffer.from(item)[at] : item.items[at]
}

function sliceOf([item, ...indexes]: readonly Value[]): Value {
  if (typeof item !== 'string' && !(item instanceof Strings))
    throw new ExecutionError(`can't slice item of type ${typeName(item)}`)
  if (indexes.length > 2) throw new ExecutionError('a slice with three indexes is not supported')
  const length = lengthOf(item)
  const start = indexes.length > 0 ? position(indexes[0], length) : 0
  const end = indexes.length > 1 ? position(indexes[1], length) : length
  if (start > end) throw new ExecutionError(`invalid slice index: ${start} > ${end}`)
  if (typeof item === 'string') return Buffer.from(item).subarray(start, end).toString('utf8')
  return new Strings(item.items.slice(start, end))
}

function position(index: Value, max: number): number {
  if (typeof index !== 'number')
    throw new ExecutionError(`cannot index slice/array with type ${typeName(index)}`)
  if (index < 0 || index > max) throw new ExecutionError(`index out of range: ${index}`)
  return index
}
