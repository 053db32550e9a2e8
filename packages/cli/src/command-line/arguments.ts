/** What was given to a command; all of it is valid when there were no problems. Options have their names without the dashes. */
export class Arguments {
  readonly #values: ReadonlyMap<string, readonly string[]>
  /** What stands beside the options. */
  readonly operands: readonly string[]

  constructor(values: ReadonlyMap<string, readonly string[]>, operands: readonly string[]) {
    this.#values = values
    this.operands = operands
  }

  /** Whether an option is given. */
  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** The value of an option, or `fallback`. */
  text(name: string, fallback: string): string {
    return this.#values.get(name)?.[0] ?? fallback
  }

  /** The values of an option that may be repeated, in their order. */
  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  /** The value of an option that is an integer, or `fallback`. */
  integer(name: string, fallback: number): number {
    return this.has(name) ? Number(this.text(name, '')) : fallback
  }
}
