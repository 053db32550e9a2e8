/** Kubernetes' letters for random names: none that make words, none that look alike. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const LENGTH = 5
/** Names that are remembered so that none is used twice; long before that many, a start would have been a day ago. */
const REMEMBERED_MAX = 100_000

/** Makes names of instances, such as `hello-00001-x7k2p`, none of them twice. */
export class InstanceNames {
  readonly #random: () => number
  readonly #used = new Set<string>()

  /** `random` is at least 0 and below 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** A name for an instance of the revision. */
  next(revision: string): string {
    for (;;) {
      let name = `${revision}-`
      for (let i = 0; i < LENGTH; i++) name += LETTERS[Math.floor(this.#random() * LETTERS.length)]
      if (this.#used.has(name)) continue
      if (this.#used.size >= REMEMBERED_MAX) this.#used.clear()
      this.#used.add(name)
      return name
    }
  }
}
