/** How long a shutdown waits for what is not exported yet, ms. */
export const FLUSH_BUDGET_MS = 10_000

/**
 * Waits for `work`, but not longer than `budgetMs`. It never rejects: at a shutdown there is nobody left to act on it.
 * Answers whether the work was done in time and without an error.
 */
export async function withinBudget(work: Promise<unknown>, budgetMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, budgetMs, false)
  })
  const done = work.then(
    () => true,
    () => false,
  )
  const inTime = await Promise.race([done, tooLate])
  clearTimeout(timer)
  return inTime
}
