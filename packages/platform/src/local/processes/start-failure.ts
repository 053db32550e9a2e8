import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import type { ProcessSpec } from './process-spec.ts'

type Failed = Pick<ProcessSpec, 'command' | 'folder' | 'env'>

/** What a shell ends with when it cannot run a command: not to be executed, not found. */
const EXEC_CODES: ReadonlySet<number | null> = new Set([126, 127])

/** Why a process could not even be made, as one sentence. */
export async function explainError({ folder }: Failed, error: Error): Promise<string> {
  const problem = await folderProblem(folder)
  return problem === '' ? `no process could be started for it: ${error.message}` : problem
}

/**
 * Why a process ended with this exit code, as one sentence, when its command could not be run; empty when it could, and ended so itself.
 * Looked for only now, because a start that works should not wait for it.
 */
export async function explainExit({ command, folder, env }: Failed, code: number | null): Promise<string> {
  if (!EXEC_CODES.has(code)) return ''
  const [program] = command
  const shown = JSON.stringify(program)
  if (program.includes('/')) {
    const file = resolve(folder, program)
    if (!(await exists(file))) return `its command ${shown} does not exist in ${folder}`
    return (await isExecutable(file)) ? '' : `its command ${shown} in ${folder} is not an executable file`
  }
  const path = env['PATH']
  // Then a shell has a path of its own.
  if (path === undefined) return ''
  for (const part of path.split(delimiter))
    if (await isExecutable(join(resolve(folder, part), program))) return ''
  return `its command ${shown} was not found in PATH, which is ${JSON.stringify(path)}`
}

async function folderProblem(folder: string): Promise<string> {
  try {
    if (!(await stat(folder)).isDirectory()) return `its folder ${JSON.stringify(folder)} is a file`
    await access(folder, constants.X_OK)
    return ''
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return `its folder ${JSON.stringify(folder)} ${isMissing ? 'does not exist' : 'cannot be entered'}`
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch {
    return false
  }
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
