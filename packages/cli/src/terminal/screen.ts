import { stripVTControlCharacters } from 'node:util'
import { columnsOf } from './columns.ts'

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
/** A terminal that knows these shows what is between them at once. */
const BEGIN_UPDATE = '\x1b[?2026h'
const END_UPDATE = '\x1b[?2026l'
const ERASE_BELOW = '\x1b[0J'

/** The terminal that a {@link Screen} draws on. */
export interface ScreenTerminal {
  readonly out: (text: string) => void
  readonly width: () => number
  readonly height: () => number
}

/**
 * Lines that scroll, and below them a few that are drawn anew each time. The cursor is always at the beginning of the line below them. Nothing
 * is written before the first line, and {@link close} leaves the terminal as it was, with the last drawing on it.
 */
export class Screen {
  readonly #terminal: ScreenTerminal
  #drawn: readonly string[] = []
  #hidesCursor = false

  constructor(terminal: ScreenTerminal) {
    this.#terminal = terminal
  }

  /** Replaces the drawing. Each line has to be narrower than the terminal; those that do not fit its height are left out. */
  draw(lines: readonly string[]): void {
    this.write([], lines)
  }

  /** Writes lines above the drawing, and replaces it. */
  write(above: readonly string[], lines: readonly string[]): void {
    const room = Math.max(1, this.#terminal.height() - 1)
    const shown = lines.slice(0, room)
    const hide = this.#hidesCursor || shown.length === 0 ? '' : HIDE_CURSOR
    this.#hidesCursor ||= shown.length > 0
    const text = [...above, ...shown].map((line) => `${line}\n`).join('')
    this.#terminal.out(`${BEGIN_UPDATE}${hide}${this.#erase()}${text}${END_UPDATE}`)
    this.#drawn = shown
  }

  /** Ends drawing; may be called again. */
  close(): void {
    if (this.#hidesCursor) this.#terminal.out(SHOW_CURSOR)
    this.#hidesCursor = false
    this.#drawn = []
  }

  /** Goes back to where the drawing begins. A terminal that became narrower has broken its lines. */
  #erase(): string {
    const width = Math.max(1, this.#terminal.width())
    let rows = 0
    for (const line of this.#drawn)
      rows += Math.max(1, Math.ceil(columnsOf(stripVTControlCharacters(line)) / width))
    const up = Math.min(rows, Math.max(1, this.#terminal.height() - 1))
    return rows === 0 ? '' : `\x1b[${up}A\r${ERASE_BELOW}`
  }
}
