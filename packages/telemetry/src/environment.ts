/** Whole numbers as Go's `ParseInt` with base 0 takes them: decimal, 0x, 0o, 0b, a leading 0 for octal, underscores. */
const INTEGER = /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO]?(?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?[0-9])*|0)$/
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])
/** Go's int has 64 bits. */
const INT_MAX = 2n ** 63n - 1n
const INT_MIN = -(2n ** 63n)

/** Bounds of a number read from the environment. */
export interface IntegerBounds {
  readonly min: number
  readonly max: number
}

/**
 * Reads the environment and collects what is wrong with it, so that a start can name every problem at once. Each
 * reader returns something usable even when there is a problem; whoever reads looks at {@link problems} at the end.
 *
 * Words and rules of the variables that Knative defines are those of its `envconfig`: a required variable must exist,
 * an empty text satisfies it, an empty number or flag does not.
 */
export class Environment {
  /** One sentence per problem, in the order of reading. */
  readonly problems: string[] = []
  readonly #values: Readonly<Record<string, string | undefined>>

  constructor(values: Readonly<Record<string, string | undefined>>) {
    this.#values = values
  }

  /** The value as it stands, or undefined. */
  raw(name: string): string | undefined {
    return this.#values[name]
  }

  /** A variable that must exist; it may be empty. */
  requiredText(name: string): string {
    const value = this.#values[name]
    if (value === undefined) this.problems.push(missing(name))
    return value ?? ''
  }

  /** A variable that may be left out. */
  text(name: string, fallback: string): string {
    return this.#values[name] ?? fallback
  }

  /** A whole number that must be there; `field` is its name in Knative's messages. */
  requiredInteger(name: string, field: string): number {
    if (this.#values[name] === undefined) this.problems.push(missing(name))
    return this.integer(name, field, 0)
  }

  /** A whole number as Go reads it. */
  integer(name: string, field: string, fallback: number): number {
    const value = this.#values[name]
    if (value === undefined) return fallback
    const [number, problem] = parseGoInteger(value)
    if (problem !== '') {
      this.problems.push(
        convertingFailed(
          name,
          field,
          value,
          'int',
          `strconv.ParseInt: parsing ${JSON.stringify(value)}: ${problem}`,
        ),
      )
      return fallback
    }
    return number
  }

  /** A flag as Go reads it. */
  flag(name: string, field: string, fallback: boolean): boolean {
    const value = this.#values[name]
    if (value === undefined) return fallback
    if (TRUE.has(value)) return true
    if (FALSE.has(value)) return false
    this.problems.push(
      convertingFailed(
        name,
        field,
        value,
        'bool',
        `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
      ),
    )
    return fallback
  }

  /** A decimal whole number within bounds; for the variables that are ours. Empty is left out. */
  bounded(name: string, fallback: number, bounds: IntegerBounds, unit: string): number {
    const value = this.#values[name]
    if (value === undefined || value === '') return fallback
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (number >= bounds.min && number <= bounds.max) return number
    this.problems.push(
      `${name} is ${JSON.stringify(value)}: it must be a whole number of ${unit} from ${bounds.min} to ${bounds.max}`,
    )
    return fallback
  }

  /** A TCP port, 0 for any free one. Empty is left out. */
  port(name: string, fallback: number): number {
    const value = this.#values[name]
    if (value === undefined || value === '') return fallback
    if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value)
    this.problems.push(
      `${name} is ${JSON.stringify(value)}: it must be a port from 0 to 65535; 0 takes any free one`,
    )
    return fallback
  }

  /** One of a few words. Empty is left out. */
  choice<Word extends string>(name: string, words: readonly Word[], fallback: Word): Word {
    const value = this.#values[name]
    if (value === undefined || value === '') return fallback
    const word = words.find((one) => one === value)
    if (word !== undefined) return word
    this.problems.push(`${name} is ${JSON.stringify(value)}: it must be one of ${words.join(', ')}`)
    return fallback
  }
}

/** A whole number in Go's notation and an empty text, or 0 and what Go says of it. */
export function parseGoInteger(text: string): [number: number, problem: string] {
  if (!INTEGER.test(text)) return [0, 'invalid syntax']
  const isNegative = text.startsWith('-')
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '')
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
  const value = isNegative ? -magnitude : magnitude
  return value > INT_MAX || value < INT_MIN ? [0, 'value out of range'] : [Number(value), '']
}

function missing(name: string): string {
  return `required key ${name} missing value`
}

function convertingFailed(name: string, field: string, value: string, type: string, details: string): string {
  return `envconfig.Process: assigning ${name} to ${field}: converting '${value}' to type ${type}. details: ${details}`
}
