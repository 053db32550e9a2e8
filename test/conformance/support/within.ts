/** How long a scenario waits for anything before it fails by name, ms. Far above what a busy machine needs. */
export const PATIENCE_MS = 20_000

/** `promise`, or a failure that says what did not happen; with Infinity it waits for ever. */
export async function within<T>(what: string, promise: Promise<T>, ms: number = PATIENCE_MS): Promise<T> {
  if (ms === Infinity) return promise
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

/** Lets `ms` pass. Only where the passing of time is what a scenario is about. */
export function passes(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Whether `promise` is still pending after `ms`; for what must not happen. Its failure counts as happening. */
export async function staysPending(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return Promise.race([
    promise.then(
      () => false,
      () => false,
    ),
    passes(ms).then(() => true),
  ])
}

/** Asks again until the answer is the wanted one; for what has no event that can be seen from outside. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  isWanted: (answer: T) => boolean,
  ms: number = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    if (performance.now() > end)
      throw new Error(`did not happen in ${ms} ms: ${what}; last: ${JSON.stringify(answer)}`)
    await passes(20)
  }
}
