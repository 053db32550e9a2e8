import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GeneratedReading } from './reading-generator.ts'
import type { DecisionRow, Trace } from './trace.ts'

/** The oracle: a program around Knative's own autoscaler, see go/. Empty where there is none. */
export const ORACLE: string = process.env['KNATIVE_AUTOSCALER_ORACLE'] ?? ''
/** Why a test that needs it is skipped; false when it is not. */
export const withoutOracle: string | false =
  ORACLE === '' && "KNATIVE_AUTOSCALER_ORACLE does not name the program around Knative's autoscaler"

const ANSWER_BYTES_MAX = 1e9
const ANSWER_MS_MAX = 60_000

/** What Knative makes of a reading: the fields of our RevisionScaling, and what it has against it. */
export interface ReadingAnswer {
  readonly configError: string
  readonly annotationError: string
  readonly [field: string]: string | number | boolean
}

/** A trace with Knative's decisions. */
export interface DecidedTrace extends Trace {
  readonly decisions: readonly DecisionRow[]
}
/** A reading with Knative's answer. */
export interface AnsweredReading extends GeneratedReading {
  readonly answer: ReadingAnswer
}

/** Knative's decisions on traces. */
export function askDecisions(traces: readonly Trace[]): DecidedTrace[] {
  const questions = traces.map(({ name, start, events }) => ({ name, start, events }))
  const answers = ask<DecisionRow[]>(questions)
  return questions.map((trace, index) => ({ ...trace, decisions: answers[index] }))
}

/** Knative's settings from readings. */
export function askReadings(readings: readonly GeneratedReading[]): AnsweredReading[] {
  const answers = ask<ReadingAnswer>(readings.map(({ reading }) => reading))
  return readings.map(({ reading, flaw }, index) => ({ reading, flaw, answer: answers[index] }))
}

function ask<Answer>(questions: readonly unknown[]): Answer[] {
  const output = execFileSync(ORACLE, {
    input: toLines(questions),
    encoding: 'utf8',
    maxBuffer: ANSWER_BYTES_MAX,
    timeout: ANSWER_MS_MAX,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const answers = fromLines<Answer>(output)
  if (answers.length !== questions.length)
    throw new Error(`${answers.length} answers to ${questions.length} questions`)
  return answers
}

/** What was recorded with the oracle: see record.ts. */
export function readRecorded<Entry>(file: 'traces' | 'readings'): Entry[] {
  return fromLines<Entry>(readFileSync(recordedPath(file), 'utf8'))
}

/** Where it is. */
export function recordedPath(file: 'traces' | 'readings'): string {
  return join(import.meta.dirname, 'recorded', `${file}.jsonl`)
}

/** One line of JSON per entry. */
export function toLines(entries: readonly unknown[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}

function fromLines<Entry>(text: string): Entry[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry)
}
