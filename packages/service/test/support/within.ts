/** How long a test waits for anything before it fails by name, ms. Far above what a busy machine needs. */
const PATIENCE_MS = 15_000

/** `promise`, or a failure that says what did not happen. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not happen in ${PATIENCE_MS} ms: ${what}`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
