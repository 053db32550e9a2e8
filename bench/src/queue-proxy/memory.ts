import { readFileSync } from 'node:fs'

const KILOBYTE = 1024
/** For reports. */
export const MEGABYTE: number = 1024 * 1024

/** What a process holds of memory. */
export interface Memory {
  /** All of it, with pages of files that other processes share. */
  rssBytes: number
  /** What only it has: what one more of it on the same machine really costs. */
  privateBytes: number
}

/** Reads the memory of a process from /proc. */
export function readMemory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return { rssBytes: field(status, 'VmRSS') * KILOBYTE, privateBytes: field(status, 'RssAnon') * KILOBYTE }
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN)
}
