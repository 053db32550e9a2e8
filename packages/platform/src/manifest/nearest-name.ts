/** Longer names are no misspellings of ours. */
const LENGTH_MAX = 80

/** The name that was probably meant: the one that fewest typing errors lead to, or null when all are too different. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  if (name.length > LENGTH_MAX) return null
  const plain = plainOf(name)
  let nearest: string | null = null
  let least = Math.max(1, Math.floor(name.length / 4)) + 1
  for (const one of known) {
    const distance = distanceOf(plain, plainOf(one))
    if (distance >= least) continue
    least = distance
    nearest = one
  }
  return nearest
}

/** Without what is easily confused: case, dashes and underscores. */
function plainOf(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}

/** How many letters have to be added, left out or replaced (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1))
    }
    row = next
  }
  return row[b.length]
}
