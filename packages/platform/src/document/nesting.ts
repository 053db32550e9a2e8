import type { CST } from 'yaml'

/** How deep collections may stand in each other. What people write needs about a dozen; YAML's reader descends by calling itself. */
export const NESTING_MAX = 100

interface Level {
  readonly token: CST.Token
  readonly depth: number
}

/** Offset of the first collection that stands deeper than {@link NESTING_MAX}, or -1. */
export function tooDeepAt(document: CST.Token): number {
  const open: Level[] = [{ token: document, depth: 0 }]
  for (let level = open.pop(); level !== undefined; level = open.pop()) {
    const { token, depth } = level
    if (depth > NESTING_MAX) return token.offset
    for (const child of childrenOf(token)) open.push({ token: child, depth: depth + 1 })
  }
  return -1
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value]
  if (token.type !== 'block-map' && token.type !== 'block-seq' && token.type !== 'flow-collection') return []
  const children: CST.Token[] = []
  for (const { key, value } of token.items as CST.CollectionItem[]) {
    if (isCollection(key)) children.push(key)
    if (isCollection(value)) children.push(value)
  }
  return children
}

function isCollection(token: CST.Token | null | undefined): token is CST.Token {
  return token?.type === 'block-map' || token?.type === 'block-seq' || token?.type === 'flow-collection'
}
