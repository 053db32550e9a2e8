import { ANNOTATION_KEYS, type AnnotationKey, AUTOSCALING_PREFIX } from './annotation-keys.ts'
import type { Texts } from './autoscaler-config.ts'
import { problemOf, readValue } from './value-rule.ts'

const KNOWN = new Set(Object.values(ANNOTATION_KEYS).flatMap(({ names }) => names))

/** The annotations of one revision: each is read in either spelling, and what is wrong is collected. */
export class RevisionAnnotations {
  /** One sentence per problem. */
  readonly problems: string[] = []
  readonly #values: Texts

  constructor(values: Texts) {
    this.#values = values
    for (const name of Object.keys(values))
      if (name.startsWith(AUTOSCALING_PREFIX) && !KNOWN.has(name))
        this.problems.push(`${name} is no annotation that the autoscaler knows: it has no effect`)
  }

  /** Whether it is set, readable or not. */
  has(key: AnnotationKey): boolean {
    return this.#values[this.#nameOf(key)] !== undefined
  }

  /** A number, a count or the ms of a duration; undefined when it is not set or cannot be. */
  number(key: AnnotationKey): number | undefined {
    const name = this.#nameOf(key)
    const text = this.#values[name]
    return text === undefined ? undefined : readValue(ANNOTATION_KEYS[key], name, text, this.problems)
  }

  /** A word, or undefined when it is not set. */
  text(key: AnnotationKey): string | undefined {
    return this.#values[this.#nameOf(key)]
  }

  /** The value of `key` must be something else. */
  complain(key: AnnotationKey, range: string): void {
    const name = this.#nameOf(key)
    this.problems.push(problemOf(name, this.#values[name] ?? '', range))
  }

  /** The spelling it is set with, or the usual one. */
  #nameOf(key: AnnotationKey): string {
    const { names } = ANNOTATION_KEYS[key]
    return names.find((name) => this.#values[name] !== undefined) ?? names[0]
  }
}
