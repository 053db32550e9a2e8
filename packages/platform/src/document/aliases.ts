import { type Alias, isAlias, isCollection, isPair, type Node, type Pair } from 'yaml'
import type { Problems } from './problems.ts'

/** Values of one document, counting those that aliases repeat: a few lines of aliases can stand for billions. */
export const VALUES_MAX = 1_000_000

interface Anchor {
  readonly node: Node
  /** Values in it, its aliases counted by what they stand for; -1 while they are being counted. */
  size: number
}

/**
 * What the aliases of a document stand for. Where one stands for nothing, or for what it is part of, or where all of them together stand
 * for too much, that is a problem, and the document is not to be read.
 */
export class Aliases {
  readonly #problems: Problems
  readonly #anchors = new Map<string, Anchor>()
  readonly #targets = new Map<Alias, Node>()

  /** Goes through the whole document, which must not be deeper than {@link NESTING_MAX}. */
  constructor(root: Node | null, problems: Problems) {
    this.#problems = problems
    if (root !== null && this.#measure(root) > VALUES_MAX)
      problems.add(
        root.range?.[0] ?? 0,
        `the document has more than ${VALUES_MAX} values, counting those that aliases repeat`,
      )
    this.#anchors.clear()
  }

  /** The node itself, or what it stands for when it is an alias. */
  target(node: Node | null): Node | null {
    return isAlias(node) ? (this.#targets.get(node) ?? null) : node
  }

  #measure(node: Node | Pair | null): number {
    if (node === null) return 1
    if (isAlias(node)) return this.#follow(node)
    if (isPair(node)) return this.#measure(node.key as Node | null) + this.#measure(node.value as Node | null)
    const anchor = { node, size: -1 }
    const name = (node as { anchor?: string }).anchor
    if (name !== undefined) this.#anchors.set(name, anchor)
    let size = 1
    if (isCollection(node)) for (const item of node.items) size += this.#measure(item as Node | Pair | null)
    anchor.size = size
    return size
  }

  #follow(alias: Alias): number {
    const anchor = this.#anchors.get(alias.source)
    const offset = alias.range?.[0] ?? 0
    if (anchor === undefined) {
      this.#problems.add(offset, `*${alias.source} stands for nothing: &${alias.source} must come before it`)
      return 1
    }
    if (anchor.size < 0) {
      this.#problems.add(offset, `*${alias.source} stands within &${alias.source}: it must come after it`)
      return 1
    }
    this.#targets.set(alias, anchor.node)
    return anchor.size
  }
}
