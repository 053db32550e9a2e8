import type { Test } from 'tap'

/** How long a test waits for anything before it fails by name, ms. Far above what a busy machine needs. */
export const PATIENCE_MS = 15_000

/** `promise`, or a failure that says what did not happen. */
export async function within<T>(what: string, promise: Promise<T>, ms: number = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not happen in ${ms} ms: ${what}`)), ms)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves when `condition` holds, looked at every millisecond. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const looking = new Promise<void>((resolve) => {
    timer = setInterval(() => {
      if (condition()) resolve()
    }, 1)
  })
  try {
    if (!condition()) await within(what, looking)
  } finally {
    clearInterval(timer)
  }
}

/** Watches and their timers keep no process alive, and nothing else does in some tests. */
export function keepAlive(t: Test): void {
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
}
