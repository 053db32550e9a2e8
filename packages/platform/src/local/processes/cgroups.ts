import { access, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { constants } from 'node:fs'
import { join } from 'node:path'
import type { PlatformLog } from '../../platform-log.ts'
import { ancestorsOf } from './ancestors.ts'
import type { ProcessSpec } from './process-spec.ts'

/** Where cgroups are looked for; tests have folders of their own. */
export interface CgroupPlaces {
  readonly log: PlatformLog
  /** Where the kernel shows them. */
  readonly root?: string
  /** The file that says in which of them this process is. */
  readonly self?: string
  /** Removes the folder of a cgroup, which the kernel allows although there are files in it. */
  readonly remove?: (folder: string) => Promise<void>
}

/** The cgroup of one process. */
export interface Cgroup {
  /** Whether something in it was killed because it wanted more memory than its limit. */
  ranOutOfMemory(): Promise<boolean>
  /** Kills what is still in it and removes it. */
  remove(): Promise<void>
}

const CONTROLLERS = ['cpu', 'memory']
/** Of a period of `cpu.max`, µs, and the least that the kernel takes of one. */
const PERIOD_US = 100_000
const QUOTA_MIN_US = 1000
/** Where we go ourselves: a cgroup that has processes may hand no controllers to those below it. */
const LEAF = 'pilotlight'
/** The kernel takes a moment to see that a cgroup is empty: how often removing it is tried, and ms between. */
const REMOVE_TRIES = 10
const REMOVE_MS = 20

/**
 * Limits of processes by cgroups (version 2), where this process may make some below its own. Everything else runs without limits, and
 * {@link Cgroups.reason} says why.
 */
export class Cgroups {
  /** Why there are no limits, as one sentence; empty when there are. */
  readonly reason: string
  readonly #parent: string
  readonly #log: PlatformLog
  readonly #remove: (folder: string) => Promise<void>
  #made = 0

  private constructor(reason: string, parent: string, { log, remove = rmdir }: CgroupPlaces) {
    this.reason = reason
    this.#parent = parent
    this.#log = log
    this.#remove = remove
  }

  /** Looks for a cgroup of ours. Does not reject. To be called before any process is started, since it may move this one. */
  static async find(places: CgroupPlaces): Promise<Cgroups> {
    const { root = '/sys/fs/cgroup', self = '/proc/self/cgroup' } = places
    try {
      const parent = await ownCgroup(root, self)
      await handOn(parent)
      return new Cgroups('', parent, places)
    } catch (error) {
      const why = error instanceof Unusable ? error.message : `of ${(error as Error).message}`
      return new Cgroups(`CPU and memory limits have no effect here, because ${why}.`, '', places)
    }
  }

  /** Puts a process that does not run yet under its limits. Null when it has none, and when that fails, which the log says. */
  async confine(pid: number, { name, limits }: Pick<ProcessSpec, 'name' | 'limits'>): Promise<Cgroup | null> {
    const { cpu, memoryBytes } = limits
    if (this.reason !== '' || (cpu === null && memoryBytes === null)) return null
    const folder = join(this.#parent, `${name.replaceAll('/', '.')}-${process.pid}-${this.#made++}`)
    try {
      await mkdir(folder)
      if (cpu !== null) await writeFile(join(folder, 'cpu.max'), cpuMax(cpu))
      if (memoryBytes !== null) {
        await writeFile(join(folder, 'memory.max'), String(memoryBytes))
        // All of it or nothing, as a container does. Kernels before 4.19 kill one of its processes.
        await writeFile(join(folder, 'memory.oom.group'), '1').catch(() => {})
      }
      await writeFile(join(folder, 'cgroup.procs'), String(pid))
    } catch (error) {
      this.#log.warn(`${name} runs without its limits: its cgroup cannot be made.`, {
        folder,
        error: (error as Error).message,
      })
      await this.#removeFolder(folder)
      return null
    }
    return { ranOutOfMemory: () => ranOutOfMemory(folder), remove: () => this.#end(folder) }
  }

  async #end(folder: string): Promise<void> {
    // Since Linux 5.14; it reaches what has left its process group as well.
    await writeFile(join(folder, 'cgroup.kill'), '1').catch(() => {})
    const error = await this.#removeFolder(folder)
    if (error !== '') this.#log.warn('A cgroup could not be removed.', { folder, error })
  }

  /** Answers why not, or an empty text. */
  async #removeFolder(folder: string): Promise<string> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#remove(folder)
        return ''
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === 'ENOENT') return ''
        if (code !== 'EBUSY' || tries === REMOVE_TRIES) return message
      }
      await new Promise((resolve) => setTimeout(resolve, REMOVE_MS))
    }
  }
}

/** Why there are no limits, to stand behind "because". */
class Unusable extends Error {}

function cpuMax(cores: number): string {
  return `${Math.max(QUOTA_MIN_US, Math.round(cores * PERIOD_US))} ${PERIOD_US}`
}

async function ranOutOfMemory(folder: string): Promise<boolean> {
  return /^oom_kill [1-9]/m.test((await readText(join(folder, 'memory.events'))) ?? '')
}

async function ownCgroup(root: string, self: string): Promise<string> {
  const lines = await readText(self)
  if (lines === null) throw new Unusable('this system has no cgroups')
  const path = /^0::(?<path>\/.*)$/m.exec(lines)?.groups?.['path']
  const folder = join(root, path ?? '')
  const controllers = path === undefined ? null : await readText(join(folder, 'cgroup.controllers'))
  if (controllers === null) throw new Unusable('this system has no cgroups of version 2 in /sys/fs/cgroup')
  const missing = CONTROLLERS.filter((name) => !words(controllers).includes(name))
  if (missing.length > 0)
    throw new Unusable(`the cgroup of this process has no ${missing.join(' and no ')} controller`)
  return folder
}

/** Lets cgroups below this one have limits. */
async function handOn(folder: string): Promise<void> {
  const control = join(folder, 'cgroup.subtree_control')
  try {
    for (const file of [folder, control, join(folder, 'cgroup.procs')]) await access(file, constants.W_OK)
  } catch {
    throw new Unusable(
      'the cgroup of this process is not its own to change; `systemd-run --user --scope -p Delegate=yes` before the command gives it one',
    )
  }
  const enabled = words((await readText(control)) ?? '')
  if (CONTROLLERS.every((name) => enabled.includes(name))) return
  await leave(folder)
  await writeFile(control, CONTROLLERS.map((name) => `+${name}`).join(' '))
}

/** Moves us, and whoever started us, one further down. What else is there is not ours to move. */
async function leave(folder: string): Promise<void> {
  const pids = words((await readText(join(folder, 'cgroup.procs'))) ?? '').map(Number)
  const ours = await ancestorsOf(process.pid)
  if (pids.some((pid) => !ours.has(pid)))
    throw new Unusable(
      'other processes are in the cgroup of this one; `systemd-run --user --scope -p Delegate=yes` before the command gives it one of its own',
    )
  const leaf = join(folder, LEAF)
  await mkdir(leaf, { recursive: true })
  // One at a time: that is how the kernel takes them.
  for (const pid of pids) await writeFile(join(leaf, 'cgroup.procs'), String(pid))
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return null
  }
}
