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

function tableOf(accepts: (byte: number) => boolean): Uint8Array {
  const table = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++) table[byte] = accepts(byte) ? 1 : 0
  return table
}

const isAlpha = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39
const isOneOf = (byte: number, characters: string): boolean => characters.includes(String.fromCharCode(byte))

/** `tchar`, the bytes of a token: methods and field names (RFC 9110 section 5.6.2). */
export const TOKEN: Uint8Array = tableOf((b) => isAlpha(b) || isDigit(b) || isOneOf(b, "!#$%&'*+-.^_`|~"))

/** Bytes inside a field value: VCHAR, obs-text, SP and HTAB; no other control (RFC 9110 section 5.5). */
export const FIELD_VALUE: Uint8Array = tableOf((b) => b === HTAB || (b >= 0x20 && b !== 0x7f))

/**
 * Bytes of a request-target. Wider than RFC 3986: every visible byte and obs-text pass, as Go and nginx pass them,
 * because real clients send raw UTF-8, `|` and `"`. A fragment (`#`) never does: servers disagree on where it ends.
 */
export const TARGET: Uint8Array = tableOf((b) => b > 0x20 && b !== 0x7f && b !== 0x23)

/** Bytes of `uri-host [ ":" port ]` (RFC 3986 section 3.2.2); brackets and colons are checked for their place later. */
export const HOST: Uint8Array = tableOf((b) => isAlpha(b) || isDigit(b) || isOneOf(b, "-._~%!$&'()*+,;=:[]"))

/** Value of a hex digit, or 255. */
export const HEX: Uint8Array = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

/** ASCII lower case of each byte; other bytes are themselves. */
export const LOWER: Uint8Array = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) LOWER[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
