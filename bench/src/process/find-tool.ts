import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { spawnSync } from 'node:child_process'

/** The full path of a program in PATH (or in the sbin folders, where nginx often is), or null. */
export function findTool(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter).concat('/usr/sbin', '/usr/local/sbin')
  for (const folder of folders) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // not in this folder
    }
  }
  return null
}

/** The first version number a program prints when asked with `flag`, or null when it prints none. */
export function toolVersion(path: string, flag: string): string | null {
  const { stdout, stderr } = spawnSync(path, [flag], { encoding: 'utf8', timeout: 5000 })
  return /\d+\.\d+(\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? null
}
