import type { Builtin } from './template-functions.ts'
import type { Value } from './go-values.ts'

/** A parsed template, or the body of one of its controls. */
export type List = readonly Node[]

/** One element of a {@link List}. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly pipe: Pipe
      readonly list: List
      readonly otherwise: List
    }
  | { readonly kind: 'break' | 'continue' }

/** A pipeline; each command has the value of the one before as its last argument. */
export interface Pipe {
  readonly kind: 'pipe'
  /** Slots of the variables that are set. */
  readonly slots: readonly number[]
  readonly commands: readonly Command[]
}

/** Its first operand decides; the others are its arguments. */
export type Command = readonly [Operand, ...Operand[]]

/** A value, or a function with its arguments behind it. */
export type Operand =
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'nil' }
  | { readonly kind: 'dot' }
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly slot: number; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly builtin: Builtin }
  | { readonly kind: 'chain'; readonly inner: Operand; readonly names: readonly string[] }
  | Pipe
