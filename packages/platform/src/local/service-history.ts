import { isDeepStrictEqual } from 'node:util'
import type { RevisionTemplate, ServiceManifest } from '../manifest/manifest-set.ts'

/** One revision of a service: a template that was applied once, and never changes. */
export interface Generation {
  /** As the template says, or made from the service's name and `number`, as in Knative: `hello-00001`. */
  readonly name: string
  /** From 1, in the order in which they were seen. */
  readonly number: number
  readonly template: RevisionTemplate
}

/** Revisions of a service that are remembered after they left its files, so that `traffic` can name them. */
const REMEMBERED_MAX = 50
const NUMBER_DIGITS = 5

/** Every revision that a service has had since the start, so that a template that comes back is the revision it was. */
export class ServiceHistory {
  readonly #service: string
  readonly #known: Generation[] = []
  #last = 0

  constructor(service: string) {
    this.#service = service
  }

  /**
   * Takes the documents of the service as they are now, and answers the revision of each, in the same order; the last one is the latest. A
   * template that is as it was once is that revision again.
   */
  update(manifests: readonly ServiceManifest[]): readonly Generation[] {
    const current = manifests.map(({ template }) => this.#generationOf(template))
    const surplus = this.#known.length - Math.max(REMEMBERED_MAX, current.length)
    for (let i = 0, left = surplus; left > 0 && i < this.#known.length;) {
      if (current.includes(this.#known[i])) i++
      else {
        this.#known.splice(i, 1)
        left--
      }
    }
    return current
  }

  /** The revision of this name, whether it stands in a file or did once; null when there is none. */
  find(name: string): Generation | null {
    return this.#known.findLast((generation) => generation.name === name) ?? null
  }

  /** Names of all that can be found, oldest first. */
  get names(): readonly string[] {
    return this.#known.map(({ name }) => name)
  }

  #generationOf(template: RevisionTemplate): Generation {
    const known = this.#known.find((generation) => isDeepStrictEqual(generation.template, template))
    if (known !== undefined) return known
    const number = ++this.#last
    const made = `${this.#service}-${String(number).padStart(NUMBER_DIGITS, '0')}`
    const generation = { name: template.name === '' ? made : template.name, number, template }
    this.#known.push(generation)
    return generation
  }
}
