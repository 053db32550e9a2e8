/** Judges figures by the targets of gate.json. */
import { readFileSync } from 'node:fs'
import type { PartOutcome } from './part.ts'
import { spoken } from './table.ts'

/** One line of a question's section in gate.json. */
export interface FigureTarget {
  figure: string
  /** What is aimed at. */
  atMost: number
  /** What noise may make of it before the gate fails. */
  limit: number
}

/** What became of a {@link FigureTarget}. */
export interface FigureVerdict {
  target: FigureTarget
  outcome: 'met' | 'within slack' | 'violated' | 'skipped'
  line: string
}

/** Reads a question's section of bench/gate.json. */
export function readTargets(question: string): FigureTarget[] {
  const text = readFileSync(new URL('../../gate.json', import.meta.url), 'utf8')
  const sections = JSON.parse(text) as Record<string, { targets: FigureTarget[] } | undefined>
  const section = sections[question]
  if (section === undefined) throw new Error(`gate.json has no section ${question}`)
  return section.targets
}

/** The name of the part that a target's figure is of. */
export function partOf({ figure }: FigureTarget): string {
  return figure.slice(0, figure.indexOf('.'))
}

/**
 * Judges the targets of all parts that ran. A figure that is missing because a peer is missing is skipped with the reason;
 * one that is missing although everybody was there is a violation. `missing` has the reasons by peer.
 */
export function judgeFigures(
  targets: readonly FigureTarget[],
  outcomes: readonly PartOutcome[],
  missing: ReadonlyMap<string, string>,
): FigureVerdict[] {
  const figures = new Map(outcomes.flatMap((one) => one.figures.map((figure) => [figure.name, figure])))
  return targets.map((target) => {
    const figure = figures.get(target.figure)
    if (figure === undefined) {
      const reason = [...missing].find(([peer]) => target.figure.endsWith(`/${peer}`))?.[1]
      const outcome = reason === undefined ? 'violated' : 'skipped'
      const word = reason === undefined ? 'VIOLATED ' : 'skipped  '
      return { target, outcome, line: `${word} ${target.figure}: ${reason ?? 'was not measured'}` }
    }
    const { value, unit } = figure
    const outcome = value <= target.atMost ? 'met' : value <= target.limit ? 'within slack' : 'violated'
    const word = { met: 'ok       ', 'within slack': 'in slack ', violated: 'VIOLATED ' }[outcome]
    const bounds = `target ${target.atMost}${unit}, limit ${target.limit}${unit}`
    return { target, outcome, line: `${word} ${target.figure}: ${spoken(figure)}, ${bounds}` }
  })
}
