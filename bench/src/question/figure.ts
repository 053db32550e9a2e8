/** Numbers of a report that targets are set for. */
import { median } from '../hot-path/medians.ts'

/** One number and how far what it was made of lay apart. */
export interface Figure {
  /** `<part>.<what>`, as gate.json names it. */
  name: string
  /** As it is printed behind the number: ` ms`, `x`. */
  unit: string
  value: number
  lowest: number
  highest: number
  /** How many values it sums up. */
  count: number
}

/** The median of `values`; empty when there are none, so that it can be spread into a list of figures. */
export function medianFigure(name: string, unit: string, values: readonly number[]): Figure[] {
  return summedUp(name, unit, values, median)
}

/** The value that 99 of 100 `values` are not above (the largest of fewer than 100); empty when there are none. */
export function p99Figure(name: string, unit: string, values: readonly number[]): Figure[] {
  return summedUp(name, unit, values, p99)
}

/** The value that 99 of 100 values are not above. */
export function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1]
}

function summedUp(
  name: string,
  unit: string,
  values: readonly number[],
  sum: (values: readonly number[]) => number,
): Figure[] {
  if (values.length === 0) return []
  const lowest = Math.min(...values)
  const highest = Math.max(...values)
  return [{ name, unit, value: sum(values), lowest, highest, count: values.length }]
}

/** Pairs two rows of rounds and drops the rounds that one of them lacks. */
export function pairs(
  mine: readonly (number | null)[],
  theirs: readonly (number | null)[],
  combine: (mine: number, theirs: number) => number,
): number[] {
  const values: number[] = []
  for (const [i, a] of mine.entries()) {
    const b = theirs[i] ?? null
    if (a !== null && b !== null) values.push(combine(a, b))
  }
  return values
}

/** For {@link pairs}: how many times theirs. */
export function quotient(mine: number, theirs: number): number {
  return mine / theirs
}

/** For {@link pairs}: how much more than theirs. */
export function difference(mine: number, theirs: number): number {
  return mine - theirs
}
