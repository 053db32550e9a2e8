const ESCAPE = '\u001b'
const BELL = '\u0007'
/** Escape sequences: with a final letter, with a text as the one that sets a title, and the short ones. */
const SEQUENCES = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]?|[\\]PX^_][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)?|[ -/]*[0-~]?)`,
  'g',
)
const COLOUR = new RegExp(`^${ESCAPE}\\[[\\d;:]*m$`)
const CONTROLS = new RegExp(`(?!${ESCAPE})\\p{Cc}`, 'gu')
const RESET = `${ESCAPE}[0m`

/**
 * What a program wrote, as one line that cannot move the cursor, clear the screen or set a title: colours stay, and end with the line, when
 * `keepsColours`; a tab becomes a space.
 */
export function safeLine(text: string, keepsColours: boolean): string {
  let hasColour = false
  const safe = text
    .replaceAll(SEQUENCES, (sequence) => {
      if (!keepsColours || !COLOUR.test(sequence)) return ''
      hasColour = true
      return sequence
    })
    .replaceAll(/[\t\n]/g, ' ')
    .replaceAll(CONTROLS, '')
  return hasColour ? `${safe}${RESET}` : safe
}

/** What somebody else sent, to be shown in a table or a sentence: without anything that is not text. */
export function plainText(text: string): string {
  return safeLine(text, false).replaceAll(ESCAPE, '')
}
