import { readdir, readFile } from 'node:fs/promises'

/** What stands in /proc/PID/stat behind the name, which may hold anything: state, parent, group. */
const STAT = /^.*\) (?<state>\S) \d+ (?<group>\d+) /s

/**
 * Whether anything in a process group still runs, and has not just not been collected by its parent. True where there is no /proc to ask.
 */
export async function hasLiveMembers(group: number): Promise<boolean> {
  let names: readonly string[]
  try {
    names = await readdir('/proc')
  } catch {
    return true
  }
  const pids = names.filter((name) => /^\d+$/.test(name))
  if (pids.length === 0) return true
  for (const pid of pids) if (await isLive(pid, group)) return true
  return false
}

async function isLive(pid: string, group: number): Promise<boolean> {
  try {
    const stat = STAT.exec(await readFile(`/proc/${pid}/stat`, 'latin1'))?.groups
    return stat !== undefined && Number(stat['group']) === group && !'ZX'.includes(stat['state'])
  } catch {
    // It has ended meanwhile.
    return false
  }
}
