/** The report for machines. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type as systemType } from 'node:os'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FigureVerdict } from './gate.ts'
import type { PartOutcome } from './part.ts'

/** All that goes into the results file of one run. */
export interface Findings {
  question: string
  startedAt: Date
  pinning: string
  /** What was asked for on the command line, and what programs were there. */
  settings: object
  missing: ReadonlyMap<string, string>
  outcomes: readonly PartOutcome[]
  verdicts: readonly FigureVerdict[]
}

/** Writes the findings to `json`, or to results/ when it is null; returns the path, relative to the current folder. */
export function writeFindings(findings: Findings, json: string | null): string {
  const { question, startedAt, pinning, settings, missing, outcomes, verdicts } = findings
  const time = startedAt.toISOString().replaceAll(':', '-').slice(0, 19)
  const path = json ?? fileURLToPath(new URL(`../../results/${question}-${time}.json`, import.meta.url))
  const report = {
    question,
    startedAt: startedAt.toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
      system: `${systemType()} ${release()}`,
      node: process.version,
      pinning,
    },
    settings,
    missing: Object.fromEntries(missing),
    parts: outcomes,
    gate: verdicts.map(({ target, outcome, line }) => ({ ...target, outcome, line })),
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`)
  return relative('.', path)
}
