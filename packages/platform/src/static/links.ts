import { readlink } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'

/** Links that are followed, as many as Linux does. */
const LINKS_MAX = 40

interface Link {
  /** Where it stands. */
  readonly path: string
  readonly target: string
  /** What comes behind it. */
  readonly rest: string
}

/**
 * The directories in which something can be put in the place of the file at `file`, an absolute path: the one it is in, and those of the
 * links that lead there. Kubernetes changes a mounted ConfigMap by putting another link into its directory. Never rejects.
 */
export async function directoriesOf(file: string): Promise<ReadonlySet<string>> {
  const directories = new Set<string>()
  let path = file
  for (let links = 0; links <= LINKS_MAX; links++) {
    directories.add(dirname(path))
    const link = await firstLink(path)
    if (link === null) break
    directories.add(dirname(link.path))
    path = resolve(dirname(link.path), link.target, link.rest)
  }
  return directories
}

async function firstLink(path: string): Promise<Link | null> {
  const parts = path.split(sep)
  for (let count = 2; count <= parts.length; count++) {
    const prefix = parts.slice(0, count).join(sep)
    try {
      return { path: prefix, target: await readlink(prefix), rest: join('.', ...parts.slice(count)) }
    } catch {
      // No link, or nothing at all.
    }
  }
  return null
}
