/** Bytes of one value that are written; what is longer is cut and ends in {@link CUT_MARK}. */
export const JSON_TEXT_BYTES_MAX = 2048
/** Stands behind a value that was cut. */
export const CUT_MARK = '…'

/** What may not stand in a JSON string as it is, or is no printable ASCII. */
const UNUSUAL = /[^ !#-[\]-~]/
const WIDE = /[\u0100-\uffff]/
/** What JSON.stringify leaves as it is, and a terminal or a reader of lines does not. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029]/g

/**
 * Text of the network as a JSON string with its quotes: bytes (latin1) are read as UTF-8, what is none is U+FFFD, and
 * control characters and the line separators of Unicode are escaped. Of more than {@link JSON_TEXT_BYTES_MAX} bytes the
 * first are written.
 */
export function jsonText(bytes: string): string {
  if (bytes.length <= JSON_TEXT_BYTES_MAX && !UNUSUAL.test(bytes)) return `"${bytes}"`
  const isCut = bytes.length > JSON_TEXT_BYTES_MAX
  const kept = isCut ? bytes.slice(0, wholeCharacters(bytes)) : bytes
  // Text that is no longer bytes stays what it is.
  const text = WIDE.test(kept) ? kept : Buffer.from(kept, 'latin1').toString('utf8')
  return quoted(isCut ? text + CUT_MARK : text)
}

/** As {@link jsonText}, of text that is no bytes: it comes from the configuration. */
export function jsonPlainText(text: string): string {
  return UNUSUAL.test(text) ? quoted(text) : `"${text}"`
}

function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(UNSAFE, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** How many of the first bytes can be kept without cutting through a character: continuation bytes are 10xxxxxx. */
function wholeCharacters(bytes: string): number {
  let end = JSON_TEXT_BYTES_MAX
  while (end > JSON_TEXT_BYTES_MAX - 4 && bytes.charCodeAt(end) >> 6 === 2) end--
  return end
}
