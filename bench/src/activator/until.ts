import { setTimeout as sleep } from 'node:timers/promises'
import { cpuNanos } from '../process/accounting.ts'

const POLL_MS = 2
const QUIET_WINDOW_MS = 50
/** CPU of a process that has nothing to do but its timers, in {@link QUIET_WINDOW_MS}. */
const QUIET_NANOS = 1_000_000

/** Waits until `isReached`; throws with what was waited for when that takes too long. */
export async function until(what: () => string, isReached: () => boolean, msMax: number): Promise<void> {
  const end = performance.now() + msMax
  while (!isReached()) {
    if (performance.now() > end) throw new Error(`${what()} after ${msMax} ms`)
    await sleep(POLL_MS)
  }
}

/** Waits until a process has done all it was given. */
export async function quiet(pid: number, msMax: number): Promise<void> {
  const end = performance.now() + msMax
  for (let before = cpuNanos(pid); ;) {
    await sleep(QUIET_WINDOW_MS)
    const now = cpuNanos(pid)
    if (now - before < QUIET_NANOS) return
    if (performance.now() > end) throw new Error(`process ${pid} is still busy after ${msMax} ms`)
    before = now
  }
}
