const HEX = '0123456789ABCDEF'
/** Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** Whether one character (a code point) can be printed as it is. */
export function isPrintable(character: string): boolean {
  return PRINTABLE.test(character)
}

/**
 * Escapes text for a string of JavaScript, and of JSON: Go's `js`, but `'` becomes `\u0027` where Go writes `\'`, and
 * characters beyond the basic plane become surrogate pairs. Both mean the same in JavaScript; Go's are no JSON.
 */
export function escapeJavaScript(text: string): string {
  for (let i = 0; i < text.length; i++) if (isSpecial(text.charCodeAt(i))) return escapeFrom(text, i)
  return text
}

function isSpecial(code: number): boolean {
  switch (code) {
    case 0x22:
    case 0x26:
    case 0x27:
    case 0x3c:
    case 0x3d:
    case 0x3e:
    case 0x5c:
      return true
    default:
      return code < 0x20 || code >= 0x80
  }
}

function escapeFrom(text: string, first: number): string {
  let escaped = text.slice(0, first)
  for (const character of text.slice(first)) {
    const code = character.charCodeAt(0)
    if (!isSpecial(code)) escaped += character
    else if (code === 0x22 || code === 0x5c) escaped += `\\${character}`
    else if (code < 0x80) escaped += `\\u00${HEX[code >> 4]}${HEX[code & 15]}`
    else if (isPrintable(character)) escaped += character
    else for (let i = 0; i < character.length; i++) escaped += unit(character.charCodeAt(i))
  }
  return escaped
}

function unit(code: number): string {
  return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Escapes text for HTML: Go's `html`. */
export function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (character) => HTML[character])
}

const HTML: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}

/** Escapes text for a parameter of a query: Go's `urlquery`. */
export function escapeQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

const QUOTED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

/** One character as it stands in a Go literal between `quote` marks; `ascii` escapes all that is not ASCII. */
export function quoteCharacter(character: string, quote: string, ascii: boolean): string {
  if (character === quote) return `\\${character}`
  const known = QUOTED[character]
  if (known !== undefined) return known
  const code = character.codePointAt(0)!
  if (code < 0x80 ? code >= 0x20 && code !== 0x7f : !ascii && isPrintable(character)) return character
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\U${code.toString(16).padStart(8, '0')}`
}

/** Text as a Go string literal: the verb `%q`. */
export function quoteText(text: string, ascii: boolean): string {
  let quoted = '"'
  for (const character of text) quoted += quoteCharacter(character, '"', ascii)
  return `${quoted}"`
}
