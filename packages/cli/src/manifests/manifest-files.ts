import { existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

/** Standard input. */
export const STDIN = '-'
/** What is taken when no file is named, in the order of preference. */
const DEFAULTS = ['pilotlight.yaml', 'service.yaml']
const MANIFEST = /\.(?:yaml|yml|json)$/

/** Files with manifests, or what is wrong with those that were named. */
export interface ManifestFiles {
  /** Paths as they are shown, and `-`. */
  readonly files: readonly string[]
  readonly problems: readonly string[]
}

/** Finds the files that are meant by names on the command line, relative to `folder`: a folder stands for its manifests, in the order of their names. */
export function findManifestFiles(names: readonly string[], folder: string): ManifestFiles {
  if (names.length === 0) return findDefault(folder)
  const problems: string[] = []
  const files = names.flatMap((name) => expand(name, folder, problems))
  if (files.filter((file) => file === STDIN).length > 1)
    problems.push('- is given more than once: standard input can be read only once')
  return { files, problems }
}

function findDefault(folder: string): ManifestFiles {
  const found = DEFAULTS.find((name) => existsSync(join(folder, name)))
  if (found !== undefined) return { files: [found], problems: [] }
  return {
    files: [],
    problems: [
      `there is no ${DEFAULTS.join(' and no ')} in ${folder}: name manifests with -f FILE, or run a command with pilotlight run -- COMMAND`,
    ],
  }
}

function expand(name: string, folder: string, problems: string[]): string[] {
  if (name === STDIN) return [name]
  const path = resolve(folder, name)
  try {
    if (!statSync(path).isDirectory()) return checked(name, problems)
    const found = readdirSync(path)
      .filter((file) => MANIFEST.test(file))
      .toSorted()
      .map((file) => join(name, file))
    if (found.length === 0) problems.push(`${name}: there is no *.yaml, *.yml or *.json in this folder`)
    return found.flatMap((file) => checked(file, problems))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    problems.push(`${name}: ${code === 'ENOENT' ? 'there is no such file or folder' : message}`)
    return []
  }
}

/** The activator gets the paths joined. */
function checked(name: string, problems: string[]): string[] {
  if (!name.includes(delimiter)) return [name]
  problems.push(
    `${JSON.stringify(name)}: the path of a manifest must not have a ${JSON.stringify(delimiter)} in it`,
  )
  return []
}
