/** Characters without a column of their own: combining marks, joiners, variation selectors, what does not print. */
const NONE = /^[\p{Mn}\p{Me}\p{Cc}\p{Cf}]$/u
/** Characters of two columns: East Asian ones, and pictures. */
const TWO =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u
const ASCII = /^[\x20-\x7e]*$/

/** Columns that a text without control characters takes on a terminal. */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += columnsOfOne(character)
  return columns
}

/** The text, or as much of it as fits, with `…` for the rest. `width` is at least 0. */
export function fit(text: string, width: number): string {
  if (columnsOf(text) <= width) return text
  if (width < 1) return ''
  let taken = ''
  let columns = 0
  for (const character of text) {
    columns += columnsOfOne(character)
    if (columns > width - 1) break
    taken += character
  }
  return `${taken}…`
}

/** The text at the left or right side of `width` columns, shortened when it does not fit. */
export function pad(text: string, width: number, side: 'left' | 'right'): string {
  const fitting = fit(text, width)
  const blank = ' '.repeat(width - columnsOf(fitting))
  return side === 'left' ? `${fitting}${blank}` : `${blank}${fitting}`
}

function columnsOfOne(character: string): number {
  if (NONE.test(character)) return 0
  return TWO.test(character) ? 2 : 1
}
