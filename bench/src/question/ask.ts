/** What is the same for every question that is answered in parts: run them, print, judge, write. */
import { judgeFigures, partOf, readTargets, type FigureVerdict } from './gate.ts'
import type { QuestionOptions } from './options.ts'
import type { Outcome, Part, PartOutcome } from './part.ts'
import { writeFindings } from './results.ts'
import { partTable } from './table.ts'

/** A regression is there every time; a busy neighbour is not. A part over a limit is measured anew this often in all. */
const GATE_ATTEMPTS = 3
/** No part takes a quarter of this. */
const PART_MS_MAX = 10 * 60_000

/** A question, ready to be asked. */
export interface Question<Setup> {
  name: string
  parts: readonly Part<Setup>[]
  setup: Setup
  /** One line on which cores what runs. */
  pinning: string
  /** Peers that do not run, and why. */
  missing: ReadonlyMap<string, string>
  /** The programs that were measured, for the report. */
  programs: object
}

/** Measures, prints and writes; returns the exit code, 1 when the gate is violated. */
export async function ask<Setup>(question: Question<Setup>, options: QuestionOptions): Promise<number> {
  const startedAt = new Date()
  const isChosen = ({ name, isGated }: Part<Setup>): boolean =>
    options.parts.length > 0 ? options.parts.includes(name) : isGated || !options.isGate
  const parts = question.parts.filter(isChosen)
  const targets = options.isGate
    ? readTargets(question.name).filter((target) => parts.some(({ name }) => name === partOf(target)))
    : []
  const giveUp = (): void => {
    console.error('\nbench: took far too long, given up')
    process.exit(1)
  }
  setTimeout(giveUp, parts.length * PART_MS_MAX).unref()

  const outcomes = new Map<string, PartOutcome>()
  let verdicts: FigureVerdict[] = []
  let left = parts
  for (let attempt = 1; attempt <= (options.isGate ? GATE_ATTEMPTS : 1) && left.length > 0; attempt++) {
    if (attempt > 1) {
      const names = left.map(({ name }) => name).join(', ')
      console.log(`\nover a limit: ${names}; measured again, ${attempt} of ${GATE_ATTEMPTS}`)
    }
    for (const part of left) {
      const outcome = { part: part.name, says: part.says, ...(await tried(part, question.setup)) }
      outcomes.set(part.name, outcome)
      console.log(`\n${partTable(outcome)}`)
    }
    verdicts = judgeFigures(targets, [...outcomes.values()], question.missing)
    const broken = new Set(
      verdicts.filter(({ outcome }) => outcome === 'violated').map((one) => partOf(one.target)),
    )
    left = parts.filter(({ name }) => broken.has(name) || outcomes.get(name)!.complaints.length > 0)
  }

  const { rounds, nodeFlags } = options
  const path = writeFindings(
    {
      question: question.name,
      startedAt,
      pinning: question.pinning,
      settings: { rounds, nodeFlags, programs: question.programs },
      missing: question.missing,
      outcomes: [...outcomes.values()],
      verdicts,
    },
    options.json,
  )
  console.log(`\nwritten to ${path}`)
  return options.isGate
    ? conclude(
        verdicts,
        left.map(({ name }) => outcomes.get(name)!),
      )
    : 0
}

/** A part that cannot be measured does not take the others with it. */
async function tried<Setup>(part: Part<Setup>, setup: Setup): Promise<Outcome> {
  try {
    return await part.measure(setup)
  } catch (error) {
    return { table: [], notes: [], figures: [], complaints: [(error as Error).message], details: {} }
  }
}

function conclude(verdicts: readonly FigureVerdict[], failed: readonly PartOutcome[]): number {
  console.log('\ngate:')
  for (const { line } of verdicts) console.log(`  ${line}`)
  for (const { part, complaints } of failed)
    if (complaints.length > 0) console.log(`  VIOLATED  ${part}: ${complaints[0]}`)
  return failed.length > 0 ? 1 : 0
}

/** A line on stderr that the next one replaces on a terminal. */
export function progress(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
}
