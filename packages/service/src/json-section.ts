/**
 * One object of a JSON configuration, read as Go reads JSON: a name matches in any case when there is none in its own,
 * null is as good as absent, and names that nobody asks for are no mistake.
 */
export class JsonSection {
  readonly #place: string
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #problems: string[]

  /** `place` stands before every problem that is appended to `problems`. */
  constructor(place: string, fields: Readonly<Record<string, unknown>>, problems: string[]) {
    this.#place = place
    this.#fields = fields
    this.#problems = problems
  }

  /** Reads a text that is an object of JSON, or empty for an empty one. `failure` begins every problem. */
  static parse(text: string, failure: string, problems: string[]): JsonSection {
    let value: unknown = {}
    try {
      if (text.trim() !== '') value = JSON.parse(text)
    } catch (error) {
      problems.push(`${failure}: ${(error as Error).message}`)
      value = {}
    }
    if (value !== null && !isObject(value))
      problems.push(`${failure}: it is ${JSON.stringify(value)}: it must be an object`)
    return new JsonSection(`${failure}: `, isObject(value) ? value : {}, problems)
  }

  /** The object of this name, empty when there is none. */
  section(name: string): JsonSection {
    const value = this.#value(name)
    if (value !== undefined && !isObject(value)) this.#mustBe(name, value, 'an object')
    return new JsonSection(`${this.#place}.${name}`, isObject(value) ? value : {}, this.#problems)
  }

  /** The text of this name, empty when there is none. */
  text(name: string): string {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'string') return value ?? ''
    this.#mustBe(name, value, 'a text')
    return ''
  }

  /** The flag of this name, false when there is none. */
  flag(name: string): boolean {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'boolean') return value ?? false
    this.#mustBe(name, value, 'true or false')
    return false
  }

  /** The number of this name, 0 when there is none. */
  number(name: string): number {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'number') return value ?? 0
    this.#mustBe(name, value, 'a number')
    return 0
  }

  /** One of a few words; empty and absent are the first one. */
  choice<Word extends string>(name: string, words: readonly Word[]): Word {
    const value = this.text(name)
    const word = value === '' ? words[0] : words.find((one) => one === value)
    if (word === undefined) this.#mustBe(name, value, `one of ${words.join(', ')}`)
    return word ?? words[0]
  }

  /** A length of time in Go's nanoseconds as ms; 0 and absent are `fallback`. */
  milliseconds(name: string, fallback: number, maxMs: number): number {
    const nanoseconds = this.number(name)
    if (nanoseconds === 0) return fallback
    const ms = nanoseconds / 1e6
    if (Number.isInteger(nanoseconds) && ms >= 1 && ms <= maxMs) return Math.round(ms)
    this.#mustBe(name, nanoseconds, `a whole number of nanoseconds from 1000000 to ${maxMs}000000`)
    return fallback
  }

  #value(name: string): unknown {
    const fields = this.#fields
    const key = Object.hasOwn(fields, name)
      ? name
      : Object.keys(fields).find((one) => one.toLowerCase() === name.toLowerCase())
    return key === undefined ? undefined : (fields[key] ?? undefined)
  }

  #mustBe(name: string, value: unknown, what: string): void {
    this.#problems.push(`${this.#place}.${name} is ${JSON.stringify(value)}: it must be ${what}`)
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
