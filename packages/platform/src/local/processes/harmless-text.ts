// What is matched here are control characters.
/* oxlint-disable no-control-regex */

/** Anything that a terminal would obey. A tab is fine. */
const CONTROL = /[\0-\x08\n-\x1f\x7f-\x9f]/
/** Sequences, each of which a terminal takes as one: strings such as titles and links, then CSI, then two characters. */
const SEQUENCE = /\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-Z\\-~]?/g
const COLOUR = /^\x1b\[[\d;:]*m$/
const OTHER_CONTROL = /[\0-\x08\n-\x1a\x1c-\x1f\x7f-\x9f]/g
const RESET = '\x1b[0m'

/**
 * A line that can be shown in a terminal: of what controls it only colours stay, which end with the line; sequences that do anything else
 * are left out, and other control characters become U+FFFD.
 */
export function harmless(line: string): string {
  if (!CONTROL.test(line)) return line
  let hasColour = false
  const text = line.replace(SEQUENCE, (sequence) => {
    if (!COLOUR.test(sequence)) return ''
    hasColour = true
    return sequence
  })
  const shown = text.replace(OTHER_CONTROL, '\u{fffd}')
  return hasColour && !shown.endsWith(RESET) ? shown + RESET : shown
}

/** A line of {@link harmless} without its colours. */
export function withoutColours(line: string): string {
  return line.includes('\x1b') ? line.replace(SEQUENCE, '') : line
}
