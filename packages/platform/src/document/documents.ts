import { Composer, type CST, isMap, type Node, Parser } from 'yaml'
import { Aliases } from './aliases.ts'
import { NESTING_MAX, tooDeepAt } from './nesting.ts'
import { Problems } from './problems.ts'
import { Section } from './section.ts'
import { quoted, shownValue } from './shown.ts'

/** Largest file that is read, bytes: four times what a ConfigMap holds. A megabyte takes about half a second. */
export const FILE_BYTES_MAX: number = 4 * 1024 * 1024

const OPTIONS = {
  // Told by us, with the path.
  uniqueKeys: false,
  merge: true,
  prettyErrors: false,
  logLevel: 'silent',
} as const

/** The documents of a file, and what is wrong with it so far. */
export interface Documents {
  /** One for each document that is a map; none at all when the file cannot be taken apart. */
  readonly sections: readonly Section[]
  readonly problems: Problems
}

/**
 * Reads the text of a YAML file of one or several documents, each of them a map; empty ones are left out. `file` is the name that problems
 * are told under. Never throws.
 */
export function readDocuments(text: string, file: string): Documents {
  const problems = new Problems(file)
  const roots: { readonly contents: Node; readonly aliases: Aliases }[] = []
  for (const document of new Composer(OPTIONS).compose(tokensOf(text, problems), false, text.length)) {
    for (const { pos, message } of [...document.errors, ...document.warnings])
      problems.add(
        pos[0],
        `${shownAt(text, pos[0], problems)} is not valid YAML: ${message.replaceAll(/\s+/g, ' ')}`,
      )
    const contents = document.contents as Node | null
    if (contents !== null) roots.push({ contents, aliases: new Aliases(contents, problems) })
  }
  // What is left of a file that cannot be taken apart would only lead to problems that are none.
  if (!problems.isEmpty) return { sections: [], problems }
  const sections: Section[] = []
  for (const { contents, aliases } of roots) {
    if (isMap(contents)) sections.push(new Section(contents, '', { problems, aliases }))
    else if (shownValue(contents) !== 'empty')
      problems.add(contents.range?.[0] ?? 0, `the document is ${shownValue(contents)}: it must be a map`)
  }
  return { sections, problems }
}

/** What the text consists of; none when that is too much. */
function tokensOf(text: string, problems: Problems): readonly CST.Token[] {
  // Every character is a byte at least.
  if (text.length > FILE_BYTES_MAX) {
    problems.add(0, `the file has ${text.length} characters: it must have at most ${FILE_BYTES_MAX}`)
    return []
  }
  const tokens = [...new Parser(problems.lines.addNewLine).parse(text)]
  for (const token of tokens) {
    const offset = tooDeepAt(token)
    if (offset >= 0)
      problems.add(
        offset,
        `${shownAt(text, offset, problems)} stands too deep: at most ${NESTING_MAX} maps and lists may stand in each other`,
      )
  }
  return problems.isEmpty ? tokens : []
}

/** Characters before a place that are shown with it. */
const BEFORE_MAX = 40
const AFTER_MAX = 200

/** The line that an offset stands in, or the part around it when it is long, in quotes. */
function shownAt(text: string, offset: number, problems: Problems): string {
  const lineBegin = offset - Math.max(0, problems.lines.linePos(offset).col - 1)
  const begin = Math.max(lineBegin, offset - BEFORE_MAX)
  return quoted(
    text
      .slice(begin, offset + AFTER_MAX)
      .split('\n')[0]
      .trim(),
  )
}
