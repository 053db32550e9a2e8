/**
 * The byte classes of RFC 9110 section 5.6 and RFC 9112, as lookup tables of 256 entries.
 */

/** The control and separator bytes by name. */
export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a
export const SEMICOLON = 0x3b

/**
 * A table of ranges, each from its first byte to its last, and of single characters. `fill` and not a test of every
 * byte: a function that is called that often has V8 compile it anew, and its second compiler costs an idle process 3 MB.
 */
function tableOf(ranges: readonly (readonly [number, number])[], characters = ''): Uint8Array {
  const table = new Uint8Array(256)
  for (const [first, last] of ranges) table.fill(1, first, last + 1)
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = 1
  return table
}

const DIGITS = [0x30, 0x39] as const
const UPPER_CASE = [0x41, 0x5a] as const
const LOWER_CASE = [0x61, 0x7a] as const

/** `tchar`, the bytes of a token: methods and field names (RFC 9110 section 5.6.2). */
export const TOKEN: Uint8Array = tableOf([DIGITS, UPPER_CASE, LOWER_CASE], "!#$%&'*+-.^_`|~")

/** Bytes inside a field value: VCHAR, obs-text, SP and HTAB; no other control (RFC 9110 section 5.5). */
export const FIELD_VALUE: Uint8Array = tableOf(
  [
    [0x20, 0x7e],
    [0x80, 0xff],
  ],
  '\t',
)

/**
 * Bytes of a request-target. Wider than RFC 3986: every visible byte and obs-text pass, as Go and nginx pass them,
 * because real clients send raw UTF-8, `|` and `"`. A fragment (`#`) never does: servers disagree on where it ends.
 */
export const TARGET: Uint8Array = tableOf([
  [0x21, 0x22],
  [0x24, 0x7e],
  [0x80, 0xff],
])

/** Bytes of `uri-host [ ":" port ]` (RFC 3986 section 3.2.2); brackets and colons are checked for their place later. */
export const HOST: Uint8Array = tableOf([DIGITS, UPPER_CASE, LOWER_CASE], "-._~%!$&'()*+,;=:[]")

/** Value of a hex digit, or 255. */
export const HEX: Uint8Array = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

/** ASCII lower case of each byte; other bytes are themselves. */
export const LOWER: Uint8Array = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) LOWER[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
