import type { Item, Section } from '../document/section.ts'

/**
 * Notes a problem that the autoscaler tells as a sentence, which begins with the name of a value: where that stands, or at `whole` when it
 * is a default that does not fit.
 */
export function complainOf(sentence: string, items: ReadonlyMap<string, Item>, whole: Section): void {
  const end = sentence.indexOf(' ')
  const item = items.get(sentence.slice(0, end))
  if (item === undefined) whole.complain(`does not fit: ${sentence}`)
  else item.complain(sentence.slice(end + 1))
}
