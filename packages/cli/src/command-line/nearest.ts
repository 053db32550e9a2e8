/** The one of `names` that a mistyped `name` most probably means, or null when none is near: at most a third of it differs. */
export function nearest(name: string, names: readonly string[]): string | null {
  let best: string | null = null
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    const distance = editDistance(name.slice(0, LENGTH_MAX), candidate)
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/** What a user types by mistake is not longer. */
const LENGTH_MAX = 64

/** Letters to insert, remove, replace, or swap with their neighbour, to make one of the other. */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2] + 1)
      next.push(least)
    }
    before = row
    row = next
  }
  return row[b.length]
}
