/** What the value of an option may be. */
export type ValueKind =
  /** No value: it is there or not. */
  | { readonly kind: 'flag' }
  | { readonly kind: 'text' }
  /** Text of a form that `isValid` knows and `form` describes. */
  | { readonly kind: 'form'; readonly form: string; readonly isValid: (text: string) => boolean }
  | { readonly kind: 'file' }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }

/** One option of a command. */
export interface OptionDefinition {
  /** Without the dashes. */
  readonly name: string
  /** One letter. */
  readonly short?: string
  readonly value: ValueKind
  /** How the value is called in help; empty for a flag. */
  readonly placeholder: string
  /** May be given several times. */
  readonly isRepeated?: boolean
  /** One or two sentences without a full stop at the end. */
  readonly summary: string
  /** What counts without it, in words or as a value; empty for nothing. */
  readonly fallback?: string
}

/** What stands behind a command beside options. */
export interface OperandDefinition {
  /** As in the usage line. */
  readonly usage: string
  readonly min: number
  readonly max: number
  /** What the operand may be, when that is one of few words. */
  readonly choices?: readonly string[]
  /** Everything from the first operand on is a command line, options included. */
  readonly isCommandLine?: boolean
}

/** One command: what parsing, help, completion and the reference are made from. */
export interface CommandDefinition {
  readonly name: string
  /** One line. */
  readonly summary: string
  /** Paragraphs. */
  readonly description: readonly string[]
  readonly operands: OperandDefinition
  readonly options: readonly OptionDefinition[]
  /** Names of two options of which only one can be given. */
  readonly exclusive?: readonly [string, string]
  readonly examples: readonly (readonly [command: string, meaning: string])[]
}
