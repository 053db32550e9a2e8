import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What stands in /proc/PID/stat behind the name, which may hold anything: state, parent, group, session, terminal. */
const STAT = /^.*\) \S (?<parent>\d+) \d+ (?<session>\d+) (?<terminal>-?\d+) /s
/** Further up than anybody starts a command from. */
const DEPTH_MAX = 32

/**
 * A process and those that started it, up to but without the shell of a terminal, which is there for other commands as well. As far as
 * /proc tells; tests have a folder of their own for it.
 */
export async function ancestorsOf(pid: number, proc = '/proc'): Promise<ReadonlySet<number>> {
  const found = new Set([pid])
  let { parent } = await factsOf(pid, proc)
  while (parent > 0 && !found.has(parent) && found.size < DEPTH_MAX) {
    const facts = await factsOf(parent, proc)
    if (facts.session === parent && facts.terminal !== 0) break
    found.add(parent)
    ;({ parent } = facts)
  }
  return found
}

async function factsOf(
  pid: number,
  proc: string,
): Promise<{ parent: number; session: number; terminal: number }> {
  try {
    const found = STAT.exec(await readFile(join(proc, String(pid), 'stat'), 'latin1'))?.groups ?? {}
    const { parent = 0, session = 0, terminal = 0 } = found
    return { parent: Number(parent), session: Number(session), terminal: Number(terminal) }
  } catch {
    return { parent: 0, session: 0, terminal: 0 }
  }
}
