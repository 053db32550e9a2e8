/** A colour or weight. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

const CODES: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 }

/** Puts a style on a text, or nothing where there are no colours. */
export type Paint = (style: Style, text: string) => string

/** How texts are painted. */
export function paintWith(hasColours: boolean): Paint {
  if (!hasColours) return (_, text) => text
  return (style, text) => (text === '' ? '' : `\x1b[${CODES[style]}m${text}\x1b[0m`)
}
