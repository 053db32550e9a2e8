import type { Figure } from './figure.ts'

/** One of the measurements that answer a question, chosen by `--cases` and repeated when the gate doubts it. */
export interface Part<Setup> {
  name: string
  says: string
  /** Whether `--gate` measures it. */
  isGated: boolean
  measure(setup: Setup): Promise<Outcome>
}

/** What a {@link Part} found. */
export interface Outcome {
  /** Rows of cells, the header first. */
  table: string[][]
  /** Lines below the table. */
  notes: string[]
  figures: Figure[]
  /** What went wrong with our own program: fails the gate. */
  complaints: string[]
  /** What the report for machines has beside the figures. */
  details: object
}

/** An {@link Outcome} and whose it is. */
export interface PartOutcome extends Outcome {
  part: string
  says: string
}
