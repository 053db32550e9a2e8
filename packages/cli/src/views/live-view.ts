import type { ColdStartRecord, StatusReport } from '@pilotlight/telemetry'
import type { Console } from '../console.ts'
import { safeLine } from '../terminal/safe-text.ts'
import { Screen } from '../terminal/screen.ts'
import { type Paint, paintWith } from '../terminal/style.ts'
import { coldStartLine } from './cold-start-line.ts'
import { logLineText } from './log-line.ts'
import { drawStatus } from './status-table.ts'
import type { LogFormat, View } from './view.ts'

/** Between two drawings, ms. */
const REDRAW_MS = 250
/** Lines that wait for the next drawing, at most. */
const LINES_MAX = 1000

/**
 * Lines that scroll above a table of what runs. The first line or report after a pause is shown at once, what follows it is collected and shown
 * together, at most four times a second.
 */
export class LiveView implements View {
  readonly #console: Console
  readonly #format: LogFormat
  readonly #screen: Screen
  readonly #paint: Paint
  #report: StatusReport | null = null
  #lines: string[] = []
  /** Runs from a drawing until the next one may be. */
  #timer: NodeJS.Timeout | null = null
  #isDue = false
  #isClosed = false

  constructor(console: Console, format: LogFormat) {
    this.#console = console
    this.#format = format
    this.#screen = new Screen(console)
    this.#paint = paintWith(console.hasColours)
  }

  output(line: string): void {
    this.say(safeLine(line, this.#console.hasColours))
  }

  log(line: string): void {
    this.say(this.#format === 'json' ? safeLine(line, false) : logLineText(line, this.#paint))
  }

  say(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length >= LINES_MAX) this.#flush()
    this.#update()
  }

  status(report: StatusReport): void {
    this.#report = report
    this.#update()
  }

  coldStart(record: ColdStartRecord): void {
    this.say(this.#paint('cyan', coldStartLine(record)))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#flush()
    this.#screen.close()
  }

  #update(): void {
    this.#isDue = true
    if (this.#isClosed) return this.#flush()
    if (this.#timer === null) this.#flush()
  }

  #flush(): void {
    this.#isDue = false
    const lines = this.#lines
    this.#lines = []
    this.#screen.write(lines, this.#isClosed ? [] : this.#drawing())
    if (this.#isClosed || this.#timer !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#isDue) this.#flush()
    }, REDRAW_MS)
    this.#timer.unref()
  }

  /** One column stays free: some terminals break a line that fills them all. */
  #drawing(): string[] {
    if (this.#report === null) return []
    return ['', ...drawStatus(this.#report, this.#console.width() - 1, this.#paint)]
  }
}
