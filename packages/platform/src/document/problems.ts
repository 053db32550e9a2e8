import { LineCounter } from 'yaml'

/** Something wrong in a file, at a line of it. */
export interface Problem {
  /** From 1. */
  readonly line: number
  /** What is wrong and what would be valid, in one line, with the file and the line in front: `a.yaml:7: revisions[0].name is …`. */
  readonly text: string
}

/** Problems that are told of one file; of the rest, only how many there are. */
const PROBLEMS_MAX = 1000

/** Collects what is wrong with a file, so that all of it can be told at once. */
export class Problems {
  /** Where the lines of the file begin; whoever parses it fills this. */
  readonly lines: LineCounter = new LineCounter()
  readonly #file: string
  readonly #found: Problem[] = []
  #untold = 0
  #firstUntold = Infinity

  /** `file` is the name that problems are told under. */
  constructor(file: string) {
    this.#file = file
  }

  /** Whether nothing was found so far. */
  get isEmpty(): boolean {
    return this.#found.length === 0
  }

  /** What was found, in the order of the lines. */
  get all(): readonly Problem[] {
    const sorted = this.#found.toSorted((a, b) => a.line - b.line)
    if (this.#untold > 0)
      sorted.push(this.#at(this.#firstUntold, `here and below there are ${this.#untold} more problems`))
    return sorted
  }

  /** The line of an offset of the text, from 1. */
  lineOf(offset: number): number {
    return Math.max(1, this.lines.linePos(offset).line)
  }

  /** Notes a problem at an offset of the text. */
  add(offset: number, text: string): void {
    const line = this.lineOf(offset)
    if (this.#found.length < PROBLEMS_MAX) {
      this.#found.push(this.#at(line, text))
      return
    }
    this.#untold++
    this.#firstUntold = Math.min(this.#firstUntold, line)
  }

  #at(line: number, text: string): Problem {
    return { line, text: `${this.#file}:${line}: ${text}` }
  }
}
