import type { ColdStartRecord, StatusReport } from '@pilotlight/telemetry'
import type { Console } from '../console.ts'
import { type Paint, paintWith } from '../terminal/style.ts'
import { Changes } from './changes.ts'
import { coldStartLine } from './cold-start-line.ts'
import { logLineText } from './log-line.ts'
import type { LogFormat, View } from './view.ts'

/** Lines, one after the other: for files, pipes and the logs of CI. What services write stays as it is. */
export class PlainView implements View {
  readonly #console: Console
  readonly #format: LogFormat
  readonly #paint: Paint = paintWith(false)
  readonly #changes = new Changes()

  constructor(console: Console, format: LogFormat) {
    this.#console = console
    this.#format = format
  }

  output(line: string): void {
    this.#console.out(`${line}\n`)
  }

  log(line: string): void {
    this.#console.err(`${this.#format === 'json' ? line : logLineText(line, this.#paint)}\n`)
  }

  say(line: string): void {
    this.#console.out(`${line}\n`)
  }

  status(report: StatusReport): void {
    for (const line of this.#changes.take(report)) this.say(line)
  }

  coldStart(record: ColdStartRecord): void {
    this.say(coldStartLine(record))
  }

  close(): void {}
}
