/** From rounds to the numbers that are quoted. */
import type { Measurement } from './measure.ts'
import type { CaseRounds, ProxyRounds } from './rounds.ts'

/** The figures of a {@link Measurement} that are summed up; those may be missing on some systems or drivers. */
export type Figure = Exclude<keyof Measurement, 'complaint'>

/** How a figure of one proxy stands to that of another: the median over the rounds of both, and its extremes. */
export interface Comparison {
  median: number
  lowest: number
  highest: number
  rounds: number
}

/** The middle value; the mean of the two middle ones of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of a figure over a proxy's rounds, or null when no round has it. */
export function medianOf(row: ProxyRounds, figure: Figure): number | null {
  const values = row.rounds.map((round) => round?.[figure] ?? null).filter((value) => value !== null)
  return values.length === 0 ? null : median(values)
}

/**
 * Compares two proxies within each round and takes the median of that, so that a slow minute of the machine cancels
 * out. By quotient, or by difference where `how` says so; null when they share no round.
 */
export function compare(
  rounds: CaseRounds,
  proxy: string,
  against: string,
  figure: Figure,
  how: 'quotient' | 'difference' = 'quotient',
): Comparison | null {
  const mine = rounds.proxies.find((row) => row.proxy === proxy)?.rounds ?? []
  const theirs = rounds.proxies.find((row) => row.proxy === against)?.rounds ?? []
  const values: number[] = []
  for (const [i, round] of mine.entries()) {
    const a = round?.[figure] ?? null
    const b = theirs[i]?.[figure] ?? null
    if (a !== null && b !== null) values.push(how === 'quotient' ? a / b : a - b)
  }
  if (values.length === 0) return null
  return {
    median: median(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
    rounds: values.length,
  }
}
