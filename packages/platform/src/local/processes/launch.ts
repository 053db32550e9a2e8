import { type ChildProcess, spawn } from 'node:child_process'
import type { ProcessSpec } from './process-spec.ts'

/**
 * Waits for a line, and becomes the command. When we die before it comes, the end of the input ends it, so that nothing runs that nobody
 * watches over. The name of the variable is one that no environment has.
 */
const LAUNCHER = 'read -r PILOTLIGHT_GO && exec "$@" </dev/null'
/** Names that a shell hands on; dash drops variables with other ones, such as `log.level`. */
const SHELL_NAME = /^[A-Za-z_]\w*$/

/** What `launch` needs of a process. */
export type LaunchSpec = Pick<ProcessSpec, 'command' | 'folder' | 'env' | 'announces' | 'hasLifeline'>

/**
 * Starts a process in a session and group of its own, held until {@link letGo}; one with a lifeline, which ends by itself when we do, runs
 * at once. Throws, or makes the child emit `error`, when that cannot be done.
 */
export function launch(spec: LaunchSpec): ChildProcess {
  const [program, ...args] = spec.hasLifeline ? spec.command : held(spec)
  return spawn(program, args, {
    cwd: spec.folder,
    env: spec.env,
    stdio: spec.announces ? ['pipe', 'pipe', 'pipe', 'pipe'] : ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
}

function held({ command, env }: LaunchSpec): string[] {
  const odd = Object.entries(env).filter(([name]) => !SHELL_NAME.test(name))
  const argv =
    odd.length === 0
      ? command
      : ['/usr/bin/env', ...odd.map(([name, value]) => `${name}=${value}`), ...command]
  return ['/bin/sh', '-c', LAUNCHER, 'pilotlight', ...argv]
}

/** Lets it become its command. */
export function letGo({ stdin }: ChildProcess, hasLifeline: boolean): void {
  if (!hasLifeline) stdin!.end('\n')
}
