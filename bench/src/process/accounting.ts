/**
 * What a process has used so far, from the kernel's own books, so that the work of the load generator and the origin
 * never counts.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { Control } from './control.ts'

/** One reading. CPU and time are in nanoseconds since some start: only differences mean something. */
export interface Usage {
  cpuNanos: number
  atNanos: number
  rssBytes: number
  /** The most memory it ever held; null where the system does not say. */
  peakRssBytes: number | null
}

/** True where another process' books can be read. */
export const hasProc: boolean = existsSync('/proc/self/stat')

/** The length of one tick of utime/stime: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_NANOS = 10_000_000

/** Reads a process and its children (nginx: the master and its worker), all threads. */
export function readUsage(pid: number): Usage {
  const usage: Usage = { cpuNanos: 0, atNanos: 0, rssBytes: 0, peakRssBytes: 0 }
  for (const member of family(pid)) {
    usage.cpuNanos += threadNanos(member)
    const status = readFileSync(`/proc/${member}/status`, 'latin1')
    usage.rssBytes += kilobytes(status, 'VmRSS') * 1024
    usage.peakRssBytes! += kilobytes(status, 'VmHWM') * 1024
  }
  usage.atNanos = Number(process.hrtime.bigint())
  return usage
}

/** The CPU time of a process and the children it has now. */
export function cpuNanos(pid: number): number {
  return family(pid).reduce((sum, member) => sum + threadNanos(member), 0)
}

/** The time all cores were busy so far, with whatever, including what the hypervisor took. */
export function machineBusyNanos(): number {
  const line = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0]
  const [user, nice, system, , , irq, softirq, steal] = line.split(/ +/).slice(1).map(Number)
  return (user + nice + system + irq + softirq + steal) * TICK_NANOS
}

/** Asks the process itself; for systems without /proc. */
export async function askUsage(control: Control): Promise<Usage> {
  return await control.ask<Usage>()
}

/** This process' own reading, what {@link askUsage} is answered with. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage()
  return {
    cpuNanos: (user + system) * 1000,
    atNanos: Number(process.hrtime.bigint()),
    rssBytes: process.memoryUsage.rss(),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  }
}

function family(pid: number): number[] {
  const members = [pid]
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim()
    if (children !== '') for (const child of children.split(' ')) members.push(...family(Number(child)))
  }
  return members
}

/** By the scheduler's nanosecond counters; by ticks of 10 ms where the kernel was built without them. */
function threadNanos(pid: number): number {
  let total = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1'), 10)
    } catch {
      // the thread just ended, or there is no schedstat at all
    }
  }
  if (total > 0) return total
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_NANOS
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0)
}
