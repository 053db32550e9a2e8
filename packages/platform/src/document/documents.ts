import { isMap, parseAllDocuments } from 'yaml'
import { Problems } from './problems.ts'
import { Section } from './section.ts'

/** Largest file that is read, bytes: far above anything a person writes. */
export const FILE_BYTES_MAX: number = 16 * 1024 * 1024
/** How often anchors may be repeated in all: a few lines can stand for gigabytes. */
const ALIASES_MAX = 1000

/** The documents of a file, as far as they can be read, and what is wrong with it so far. */
export interface Documents {
  readonly sections: readonly Section[]
  readonly problems: Problems
}

/** Reads a YAML file of one or several documents, each of them a map; empty ones are left out. Never throws. */
export function readDocuments(text: string, file: string): Documents {
  const problems = new Problems(file)
  if (text.length > FILE_BYTES_MAX) {
    problems.add(0, `the file has ${text.length} characters: it must have at most ${FILE_BYTES_MAX}`)
    return { sections: [], problems }
  }
  const parsed = parseAllDocuments(text, {
    lineCounter: problems.lines,
    uniqueKeys: true,
    prettyErrors: false,
    version: '1.2',
  })
  const sections: Section[] = []
  for (const document of Array.isArray(parsed) ? parsed : []) {
    for (const { pos, message } of document.errors) problems.add(pos[0], message)
    if (document.errors.length > 0 || document.contents === null) continue
    try {
      // Resolves every alias once, within the bound.
      document.toJS({ maxAliasCount: ALIASES_MAX })
    } catch (error) {
      problems.add(document.range[0], (error as Error).message)
      continue
    }
    const { contents } = document
    if (isMap(contents)) sections.push(new Section(contents, '', problems))
    else if (contents !== null) problems.add(contents.range?.[0] ?? 0, 'a document must be a map')
  }
  return { sections, problems }
}
