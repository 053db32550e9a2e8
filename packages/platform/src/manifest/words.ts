import type { Item } from '../document/section.ts'

/** A text that a process can be given: it ends at a NUL. */
export function readText(item: Item): string {
  const text = item.text()
  if (text.includes('\0')) item.mustBe('a text without a NUL')
  return text
}

/** The texts of a list. `isCommand` says that the first one is a program, which must be there. */
export function readWords(item: Item, isCommand: boolean): string[] {
  const items = item.list()
  if (isCommand && item.kind === 'list' && items.length === 0)
    item.complain('is empty: it must be a list of texts: a program and its arguments')
  return items.map((one, i) => {
    const text = readText(one)
    if (isCommand && i === 0 && one.kind === 'text' && text === '')
      one.mustBe('the path or the name of a program')
    return text
  })
}
