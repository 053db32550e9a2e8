import { LineCounter } from 'yaml'

/** Something wrong in a file, at a line of it. */
export interface Problem {
  /** From 1. */
  readonly line: number
  /** What is wrong and what would be valid, with the file and the line in front: `a.yaml:7: revisions[0].name is …`. */
  readonly text: string
}

/** Collects what is wrong with a file, so that all of it can be told at once. */
export class Problems {
  readonly lines: LineCounter = new LineCounter()
  readonly #file: string
  readonly #found: Problem[] = []

  /** `file` is the name that problems are told under. */
  constructor(file: string) {
    this.#file = file
  }

  /** What was found, in the order of the lines. */
  get all(): readonly Problem[] {
    return this.#found.toSorted((a, b) => a.line - b.line)
  }

  /** Notes a problem at an offset of the text. */
  add(offset: number, text: string): void {
    const { line } = this.lines.linePos(offset)
    const at = Math.max(1, line)
    this.#found.push({ line: at, text: `${this.#file}:${at}: ${text}` })
  }
}
