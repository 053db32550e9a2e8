import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'
import type { Problems } from './problems.ts'

/** Bounds of a whole number. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

/** Longest value that is shown in a problem, characters. */
const SHOWN_MAX = 80

/** One value of a document, and where it stands. */
export class Item {
  /** Such as `revisions[0].endpoints[1]`. */
  readonly path: string
  readonly #node: Node | null
  readonly #offset: number
  readonly #problems: Problems

  /** `offset` is where the value stands, or its key when it has none. */
  constructor(node: Node | null, path: string, offset: number, problems: Problems) {
    this.#node = node
    this.path = path
    this.#offset = offset
    this.#problems = problems
  }

  /** Notes that the value, which is shown, is not valid. `valid` says what would be. */
  mustBe(valid: string): void {
    this.#problems.add(this.#offset, `${this.path} is ${this.#shown()}: it must be ${valid}`)
  }

  /** Notes something else that is wrong with it. */
  complain(text: string): void {
    this.#problems.add(this.#offset, `${this.path} ${text}`)
  }

  /** The value as a text, or the fallback when it is none. Numbers and the like must be quoted to be texts. */
  text(fallback = ''): string {
    const { value } = this.#scalar()
    if (typeof value === 'string') return value
    this.mustBe('a text')
    return fallback
  }

  /** The value as a whole number. */
  integer({ min, max }: Bounds, unit: string, fallback: number): number {
    const { value } = this.#scalar()
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.mustBe(`a whole number of ${unit} from ${min} to ${max}`)
    return fallback
  }

  /** The value as a flag. */
  flag(fallback: boolean): boolean {
    const { value } = this.#scalar()
    if (typeof value === 'boolean') return value
    this.mustBe('true or false')
    return fallback
  }

  /** The value as one of a few words. */
  choice<Word extends string>(words: readonly Word[], fallback: Word): Word {
    const { value } = this.#scalar()
    const word = words.find((one) => one === value)
    if (word !== undefined) return word
    this.mustBe(`one of ${words.join(', ')}`)
    return fallback
  }

  /** The members of a list; none when it is no list. */
  list(): Item[] {
    const node = this.#node
    if (node === null || (isScalar(node) && node.value === null)) return []
    if (!isSeq(node)) {
      this.mustBe('a list')
      return []
    }
    return node.items.map((item, i) => {
      const member = item as Node | null
      return new Item(member, `${this.path}[${i}]`, member?.range?.[0] ?? this.#offset, this.#problems)
    })
  }

  /** The fields of a map; null when it is none. */
  section(): Section | null {
    const node = this.#node
    if (node !== null && isMap(node)) return new Section(node, this.path, this.#problems)
    this.mustBe('a map')
    return null
  }

  #scalar(): { readonly value: unknown } {
    return isScalar(this.#node) ? this.#node : { value: undefined }
  }

  #shown(): string {
    if (this.#node === null) return 'empty'
    const text = JSON.stringify(this.#node.toJSON()) ?? 'empty'
    return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
  }
}

/** The fields of one map of a document. Whoever reads it asks for every field it knows and calls {@link end}. */
export class Section {
  /** Where it stands; empty for a whole document. */
  readonly path: string
  readonly #map: YAMLMap
  readonly #problems: Problems
  readonly #known: string[] = []

  constructor(map: YAMLMap, path: string, problems: Problems) {
    this.#map = map
    this.path = path
    this.#problems = problems
  }

  /** The value of a field, or null when it is left out or empty. */
  get(name: string): Item | null {
    this.#known.push(name)
    const pair = this.#map.items.find(({ key }) => isScalar(key) && key.value === name)
    const node = (pair?.value ?? null) as Node | null
    if (pair === undefined || node === null || (isScalar(node) && node.value === null)) return null
    return new Item(node, this.#pathOf(name), node.range?.[0] ?? this.#offset, this.#problems)
  }

  /** The value of a field that must be there. */
  required(name: string, what: string): Item | null {
    const item = this.get(name)
    if (item === null)
      this.#problems.add(this.#offset, `${this.#pathOf(name)} is missing: it must be ${what}`)
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

  /** The flag of a field. */
  flag(name: string, fallback: boolean): boolean {
    return this.get(name)?.flag(fallback) ?? fallback
  }

  /** The members of a list. */
  list(name: string): Item[] {
    return this.get(name)?.list() ?? []
  }

  /** Notes something that is wrong with the whole section. */
  complain(text: string): void {
    this.#problems.add(this.#offset, text)
  }

  /** Notes every field that nobody asked for. */
  end(): void {
    for (const { key } of this.#map.items) {
      const name = isScalar(key) ? String(key.value) : 'a key that is no text'
      if (isScalar(key) && this.#known.includes(name)) continue
      const offset = (key as Node | null)?.range?.[0] ?? this.#offset
      this.#problems.add(offset, `${this.#pathOf(name)} is not known: known are ${this.#known.join(', ')}`)
    }
  }

  get #offset(): number {
    return this.#map.range?.[0] ?? 0
  }

  #pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }
}
