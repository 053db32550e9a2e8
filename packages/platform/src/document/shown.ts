import { isMap, isScalar, isSeq, type Node } from 'yaml'

/** Longest piece of a file that is shown in a problem, characters. */
const SHOWN_MAX = 80
/** Names that need no quotes in a path. */
const PLAIN_NAME = /^(?:<<|[A-Za-z_][\w-]{0,79})$/
/** What JSON leaves as it is, though it can end a line or change how one is shown. */
const UNSEEN = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** A text in quotes, without anything that could end a line, cut off when it is long. */
export function quoted(text: string): string {
  const piece = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
  return JSON.stringify(piece).replace(
    UNSEEN,
    (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A value as it is shown in a problem: scalars as they are written, texts in quotes, and what a collection is. */
export function shownValue(node: Node | null): string {
  if (node === null) return 'empty'
  if (isMap(node)) return 'a map'
  if (isSeq(node)) return 'a list'
  if (!isScalar(node)) return 'no value'
  const { value, source } = node
  if (typeof value === 'string') return quoted(value)
  if (source === undefined || source === '') return 'empty'
  return /^[\w.+:~-]{1,80}$/.test(source) ? source : quoted(source)
}

/** The path of a field of the map at `path`: `a.b`, or `a["b/c"]` when the name is no plain word. */
export function pathOfField(path: string, name: string): string {
  if (!PLAIN_NAME.test(name)) return `${path}[${quoted(name)}]`
  return path === '' ? name : `${path}.${name}`
}
