/**
 * A value of a template. Go's types are static and JavaScript's are not, so those that would be confused have a class
 * of their own: a number is an int, a `Float` a float64. `undefined` is Go's missing value (an absent key of a
 * map), `null` the literal nil.
 */
export type Value = string | number | boolean | null | undefined | Float | Strings | Dictionary | Struct

/** A float64. */
export class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** A []string. */
export class Strings {
  readonly items: readonly string[]

  constructor(items: readonly string[]) {
    this.items = items
  }
}

/** The []string of a key that a map does not have: nil in Go. */
export const NIL_STRINGS: Strings = new Strings([])

/** A method a template may call; all its parameters are strings. */
export interface Method<Data> {
  readonly parameters: number
  call(data: Data, args: readonly string[]): Value
}

/** A map[string][]string: request headers and the parameters of a query. */
export interface Dictionary {
  readonly kind: 'dictionary'
  /** Go's name of the type. */
  readonly typeName: string
  readonly methods: ReadonlyMap<string, Method<Dictionary>>
  get(key: string): Strings | undefined
  /** In the order in which Go prints and ranges: sorted. */
  keys(): readonly string[]
}

/** A pointer to a struct, or a nil pointer when `data` is null. */
export class Struct {
  readonly type: StructType
  readonly data: unknown

  constructor(type: StructType, data: unknown) {
    this.type = type
    this.data = data
  }
}

/** What a template may know of a struct. */
export interface StructType {
  /** Go's name of the pointer type. */
  readonly name: string
  readonly fields: ReadonlyMap<string, (data: never) => Value>
  readonly methods: ReadonlyMap<string, Method<never>>
  /** Go's String method, for types that have it. */
  readonly text?: (data: never) => string
  /** Fields that are printed with the struct, in order; without it the struct cannot be printed. */
  readonly printed?: readonly string[]
}

/** Why a template failed at a request. Its message is for tests and never reaches the log. */
export class ExecutionError extends Error {}

/** Whether it is a map. */
export function isDictionary(value: Value): value is Dictionary {
  return typeof value === 'object' && value !== null && 'kind' in value
}

/** Go's name of the value's type. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      return 'int'
    case 'boolean':
      return 'bool'
    default:
      if (value === null || value === undefined) return 'nil'
      if (value instanceof Float) return 'float64'
      if (value instanceof Strings) return '[]string'
      return value instanceof Struct ? value.type.name : value.typeName
  }
}

/** Go's truth: false, 0, nil and what is empty are false. */
export function isTrue(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value)
  if (value instanceof Float) return value.value !== 0
  if (value instanceof Strings) return value.items.length > 0
  if (value instanceof Struct) return value.data !== null
  return value.keys().length > 0
}
