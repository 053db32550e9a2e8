import { createRequire } from 'node:module'

/** The installed version of an npm package, or null when it is not installed. */
export function packageVersion(name: string): string | null {
  try {
    const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string }
    return version
  } catch {
    return null
  }
}
