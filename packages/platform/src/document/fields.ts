import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'
import type { Aliases } from './aliases.ts'
import type { Problems } from './problems.ts'
import { pathOfField, shownValue } from './shown.ts'

/** Where values come from. */
export interface Source {
  readonly problems: Problems
  readonly aliases: Aliases
}

/** A field of a map. */
export interface Field {
  /** Where its name stands. */
  readonly offset: number
  /** Null when there is none. */
  readonly value: Node | null
}

/**
 * The fields of a map by their names, with those that `<<` merges into it, as far as it has none of the same name
 * (https://yaml.org/type/merge.html). Names that stand twice, or are no texts, are problems.
 */
export function fieldsOf(map: YAMLMap, path: string, source: Source): Map<string, Field> {
  const { aliases, problems } = source
  const fields = new Map<string, Field>()
  const merges: { readonly offset: number; readonly value: Node | null }[] = []
  for (const pair of map.items) {
    const key = aliases.target(pair.key as Node | null)
    const offset = (pair.key as Node | null)?.range?.[0] ?? map.range?.[0] ?? 0
    const field = { offset, value: pair.value as Node | null }
    const name = isScalar(key) && typeof key.value === 'string' ? key.value : null
    const before = name === null ? undefined : fields.get(name)
    if (isScalar(key) && typeof key.value === 'symbol') merges.push(field)
    else if (name === null)
      problems.add(
        offset,
        `${path === '' ? 'the document' : path} has the key ${shownValue(key)}: it must be a text`,
      )
    else if (before === undefined) fields.set(name, field)
    else
      problems.add(
        offset,
        `${pathOfField(path, name)} stands twice: it must stand once, and line ${problems.lineOf(before.offset)} has it`,
      )
  }
  for (const { offset, value } of merges) merge(fields, mergedMaps(value, source), offset, path, source)
  return fields
}

/** The maps that a merge names, the first of which wins; null when it names something else. */
function mergedMaps(value: Node | null, { aliases }: Source): YAMLMap[] | null {
  const node = aliases.target(value)
  const named = isSeq(node) ? node.items.map((item) => aliases.target(item as Node | null)) : [node]
  return named.every((one) => isMap(one)) ? named : null
}

function merge(
  fields: Map<string, Field>,
  maps: readonly YAMLMap[] | null,
  offset: number,
  path: string,
  source: Source,
): void {
  const place = pathOfField(path, '<<')
  if (maps === null) source.problems.add(offset, `${place} must be a map or a list of maps`)
  for (const map of maps ?? []) {
    for (const [name, field] of fieldsOf(map, place, source)) if (!fields.has(name)) fields.set(name, field)
  }
}
