import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

/** One file of the live page. */
export interface PageFile {
  readonly type: string
  /** Changes with the content. */
  readonly etag: string
  readonly content: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const INDEX = 'index.html'

/**
 * The files of the live page by their paths: `/` for `index.html`, `/app.js` for `app.js`. Only what is in `directory` itself, and is
 * one of the four kinds, is there, as it was when this was called; nothing when there is no such directory. Throws when a file cannot be
 * read.
 */
export function readPageFiles(directory: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>()
  if (!existsSync(directory)) return files
  for (const name of readdirSync(directory)) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    const content = readFileSync(join(directory, name))
    const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22)
    files.set(name === INDEX ? '/' : `/${name}`, { type, etag: `"${hash}"`, content })
  }
  return files
}
