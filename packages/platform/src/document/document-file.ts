import { isUtf8 } from 'node:buffer'
import { readFile, stat } from 'node:fs/promises'
import { FILE_BYTES_MAX } from './documents.ts'

/** What a file holds, or why it cannot be read. */
export interface DocumentFile {
  readonly text: string
  /** In the form of the other problems; empty when there is none. */
  readonly problem: string
}

const LINE_FEED = 10

/**
 * Reads the file at `path` if it is one that {@link readDocuments} can take: a regular one, in UTF-8, and not too large. `file` is the name
 * that problems are told under. Never rejects.
 */
export async function readDocumentFile(path: string, file: string): Promise<DocumentFile> {
  try {
    const stats = await stat(path)
    if (!stats.isFile()) return { text: '', problem: `${file} is no file: it must be one` }
    if (stats.size > FILE_BYTES_MAX)
      return {
        text: '',
        problem: `${file} has ${stats.size} bytes: it must have at most ${FILE_BYTES_MAX}`,
      }
    const bytes = await readFile(path)
    const line = firstLineNotUtf8(bytes)
    if (line > 0) return { text: '', problem: `${file}:${line}: the line is not UTF-8` }
    return { text: bytes.toString('utf8'), problem: '' }
  } catch (error) {
    return { text: '', problem: `${file} cannot be read: ${(error as Error).message}` }
  }
}

/** From 1; 0 when all of them are. */
function firstLineNotUtf8(bytes: Buffer): number {
  if (isUtf8(bytes)) return 0
  let line = 1
  for (let begin = 0; begin < bytes.length; line++) {
    const feed = bytes.indexOf(LINE_FEED, begin)
    const end = feed < 0 ? bytes.length : feed
    if (!isUtf8(bytes.subarray(begin, end))) return line
    begin = end + 1
  }
  return line
}
