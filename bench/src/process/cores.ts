import { readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { findTool } from './find-tool.ts'

/** Which core each part runs on, in `taskset -c` notation; null: it runs where the kernel puts it. */
export interface Cores {
  proxy: string | null
  origin: string | null
  load: string | null
  /** One line for the report's head. */
  note: string
}

/**
 * Gives the proxy a core of its own, and the origin too where there are three or more; the harness moves itself to
 * the load generator's cores. Without `taskset`, or on one core, nothing is pinned and the note says so.
 */
export function planCores(): Cores {
  const unpinned = { proxy: null, origin: null, load: null }
  const taskset = findTool('taskset')
  if (taskset === null) return { ...unpinned, note: 'not pinned: no taskset here, expect more noise' }
  const cores = allowedCores()
  if (cores.length < 2) return { ...unpinned, note: 'not pinned: only one core, expect more noise' }
  const proxy = String(cores.pop())
  const origin = cores.length > 1 ? String(cores.pop()) : String(cores[0])
  const load = cores.join(',')
  spawnSync(taskset, ['-a', '-p', '-c', load, String(process.pid)], { stdio: 'ignore' })
  return { proxy, origin, load, note: `pinned: proxy on core ${proxy}, origin on ${origin}, load on ${load}` }
}

function allowedCores(): number[] {
  const cores: number[] = []
  const list = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? ''
  for (const range of list.split(',')) {
    const [first, last = first] = range.split('-').map(Number)
    for (let core = first; core <= last; core++) cores.push(core)
  }
  return cores
}
