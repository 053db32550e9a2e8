import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'
import { type Field, fieldsOf, type Source } from './fields.ts'
import { pathOfField, quoted, shownValue } from './shown.ts'

/** Bounds of a number, both valid. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

/** What a value is; `other` is what only YAML has, such as a date. */
export type Kind = 'text' | 'number' | 'flag' | 'empty' | 'list' | 'map' | 'other'

/** One value of a document, and where it stands. What is wrong with it is noted, and something usable is returned all the same. */
export class Item {
  /** Such as `revisions[0].endpoints[1]`. */
  readonly path: string
  readonly #node: Node | null
  readonly #offset: number
  readonly #source: Source

  /** `offset` is where the value stands, or its name when there is none. */
  constructor(node: Node | null, path: string, offset: number, source: Source) {
    this.#node = source.aliases.target(node)
    this.path = path
    this.#offset = offset
    this.#source = source
  }

  /** The line it stands in, from 1. */
  get line(): number {
    return this.#source.problems.lineOf(this.#offset)
  }

  /** What it is. */
  get kind(): Kind {
    const node = this.#node
    if (isMap(node)) return 'map'
    if (isSeq(node)) return 'list'
    const value = this.#value
    if (value === null) return 'empty'
    if (typeof value === 'string') return 'text'
    if (typeof value === 'number') return 'number'
    return typeof value === 'boolean' ? 'flag' : 'other'
  }

  /** Notes that the value, which is shown, is not valid. `valid` says what would be. */
  mustBe(valid: string): void {
    this.complain(`is ${shownValue(this.#node)}: it must be ${valid}`)
  }

  /** Notes something else that is wrong with it. */
  complain(text: string): void {
    this.#source.problems.add(this.#offset, `${this.path} ${text}`)
  }

  /** The value as a text, or the fallback when it is none. Numbers and the like must be quoted to be texts. */
  text(fallback = ''): string {
    const value = this.#value
    if (typeof value === 'string') return value
    const { kind } = this
    this.mustBe(kind === 'number' || kind === 'flag' ? 'a text: it needs quotes' : 'a text')
    return fallback
  }

  /** The value as a whole number of `unit`, which may be empty. */
  integer({ min, max }: Bounds, unit: string, fallback: number): number {
    const value = this.#value
    // Never -0, which is written like 0 and is another number to some.
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value + 0
    this.mustBe(`a whole number ${unit === '' ? '' : `of ${unit} `}from ${min} to ${max}`)
    return fallback
  }

  /** The value as a number of `unit`, which may be empty. */
  number({ min, max }: Bounds, unit: string, fallback: number): number {
    const value = this.#value
    if (typeof value === 'number' && value >= min && value <= max) return value + 0
    this.mustBe(`a number ${unit === '' ? '' : `of ${unit} `}from ${min} to ${max}`)
    return fallback
  }

  /** The value as a flag. */
  flag(fallback: boolean): boolean {
    const value = this.#value
    if (typeof value === 'boolean') return value
    this.mustBe('true or false')
    return fallback
  }

  /** The value as one of a few words. */
  choice<Word extends string>(words: readonly Word[], fallback: Word): Word {
    const value = this.#value
    const word = words.find((one) => one === value)
    if (word !== undefined) return word
    this.mustBe(`one of ${words.join(', ')}`)
    return fallback
  }

  /** The members of a list; none when it is empty or no list. */
  list(): Item[] {
    const node = this.#node
    if (this.kind === 'empty') return []
    if (!isSeq(node)) {
      this.mustBe('a list')
      return []
    }
    return node.items.map((item, i) => {
      const member = item as Node | null
      return new Item(member, `${this.path}[${i}]`, member?.range?.[0] ?? this.#offset, this.#source)
    })
  }

  /** The fields of a map; null when it is none. */
  section(): Section | null {
    const node = this.#node
    if (isMap(node)) return new Section(node, this.path, this.#source)
    this.mustBe('a map')
    return null
  }

  /** Null when it is empty, undefined when it is no scalar. */
  get #value(): unknown {
    if (this.#node === null) return null
    return isScalar(this.#node) ? this.#node.value : undefined
  }
}

/** The fields of one map of a document. Whoever reads it asks for every field it knows and calls {@link end}. */
export class Section {
  /** Where it stands; empty for a whole document. */
  readonly path: string
  readonly #fields: ReadonlyMap<string, Field>
  readonly #offset: number
  readonly #source: Source
  readonly #known = new Set<string>()

  constructor(map: YAMLMap, path: string, source: Source) {
    this.path = path
    this.#fields = fieldsOf(map, path, source)
    this.#offset = map.range?.[0] ?? 0
    this.#source = source
  }

  /** The value of a field, or null when it is left out or empty. */
  get(name: string): Item | null {
    this.#known.add(name)
    const field = this.#fields.get(name)
    if (field === undefined) return null
    const item = this.#item(name, field)
    return item.kind === 'empty' ? null : item
  }

  /** The value of a field that must be there. `valid` says what it must be. */
  required(name: string, valid: string): Item | null {
    const item = this.get(name)
    if (item === null) {
      const offset = this.#fields.get(name)?.offset ?? this.#offset
      this.#source.problems.add(offset, `${pathOfField(this.path, name)} is missing: it must be ${valid}`)
    }
    return item
  }

  /** The text of a field. */
  text(name: string, fallback: string): string {
    return this.get(name)?.text(fallback) ?? fallback
  }

  /** The whole number of a field. */
  integer(name: string, bounds: Bounds, unit: string, fallback: number): number {
    return this.get(name)?.integer(bounds, unit, fallback) ?? fallback
  }

  /** The number of a field. */
  number(name: string, bounds: Bounds, unit: string, fallback: number): number {
    return this.get(name)?.number(bounds, unit, fallback) ?? fallback
  }

  /** The flag of a field. */
  flag(name: string, fallback: boolean): boolean {
    return this.get(name)?.flag(fallback) ?? fallback
  }

  /** One of a few words. */
  choice<Word extends string>(name: string, words: readonly Word[], fallback: Word): Word {
    return this.get(name)?.choice(words, fallback) ?? fallback
  }

  /** The members of a list; none when it is left out. */
  list(name: string): Item[] {
    return this.get(name)?.list() ?? []
  }

  /** The fields of a map; null when it is left out, or none. */
  section(name: string): Section | null {
    return this.get(name)?.section() ?? null
  }

  /** Every field, for maps whose names are anybody's, such as labels. */
  entries(): (readonly [name: string, item: Item])[] {
    return Array.from(this.#fields, ([name, field]) => {
      this.#known.add(name)
      return [name, this.#item(name, field)] as const
    })
  }

  /** Notes something that is wrong with the whole section. */
  complain(text: string): void {
    this.#source.problems.add(this.#offset, `${this.path === '' ? 'the document' : this.path} ${text}`)
  }

  /** Notes something that is wrong with a field that is there, where its name stands. */
  complainOf(name: string, text: string): void {
    this.#source.problems.add(this.#fields.get(name)!.offset, `${pathOfField(this.path, name)} ${text}`)
  }

  /** Notes every field that nobody asked for. */
  end(): void {
    const known = Array.from(this.#known, (name) => (/\s/.test(name) ? quoted(name) : name)).join(', ')
    for (const name of this.#fields.keys())
      if (!this.#known.has(name)) this.complainOf(name, `is not known: known are ${known}`)
  }

  #item(name: string, { offset, value }: Field): Item {
    const path = pathOfField(this.path, name)
    return new Item(value, path, value?.range?.[0] ?? offset, this.#source)
  }
}
