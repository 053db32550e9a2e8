import { Float } from './go-values.ts'

const INTEGER = /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*)$/
/** Decimal; what has only digits is an integer, and a malformed one when it starts with 0. */
const FLOAT = /^[+-]?(?!0[0-9]+$)(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/
const ESCAPE = /\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|.)/gsu
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

/** The number of a Go literal. Throws an Error when it is malformed or of a kind that is not supported. */
export function parseNumber(text: string): number | Float {
  if (INTEGER.test(text)) return integer(text)
  if (FLOAT.test(text)) {
    const value = Number(text)
    if (Number.isFinite(value)) return new Float(value)
    throw new Error(`number out of range: ${text}`)
  }
  if (text.endsWith('i')) throw new Error(`complex numbers are not supported: ${text}`)
  if (/^[+-]?0[xX].*[.pP]/.test(text)) throw new Error(`hexadecimal floats are not supported: ${text}`)
  throw new Error(`bad number syntax: ${text}`)
}

function integer(text: string): number {
  const digits = text.replaceAll('_', '').replace(/^[+-]/, '')
  const value = Number(/^0[0-7]/.test(digits) ? `0o${digits}` : digits)
  if (!Number.isSafeInteger(value)) throw new Error(`integers above 2^53 are not supported: ${text}`)
  return text.startsWith('-') && value !== 0 ? -value : value
}

/** The text of a Go string literal with its quotes. Throws an Error when an escape is malformed or not supported. */
export function parseString(literal: string): string {
  if (literal.startsWith('`')) return literal.slice(1, -1).replaceAll('\r', '')
  return unescaped(literal.slice(1, -1), '"')
}

/** The number of a Go character literal with its quotes. Throws an Error when it is not one character. */
export function parseCharacter(literal: string): number {
  const text = unescaped(literal.slice(1, -1), "'")
  const code = text.codePointAt(0)
  if (code === undefined || String.fromCodePoint(code) !== text)
    throw new Error(`malformed character constant: ${literal}`)
  return code
}

function unescaped(text: string, quote: string): string {
  return text.replace(ESCAPE, (whole, simple, byte, short, long, octal) => {
    if (simple !== undefined) {
      if ((simple === '"' || simple === "'") && simple !== quote) throw new Error(`bad escape ${whole}`)
      return SIMPLE[simple] ?? simple
    }
    if (short !== undefined || long !== undefined) return character(whole, Number.parseInt(short ?? long, 16))
    if (byte === undefined && octal === undefined) throw new Error(`bad escape ${whole}`)
    const code = byte === undefined ? Number.parseInt(octal, 8) : Number.parseInt(byte, 16)
    // Beyond ASCII these are single bytes, of which a character has several; strings here have characters.
    if (code > 0x7f) throw new Error(`the escape ${whole} of a byte beyond ASCII is not supported; write \\u`)
    return String.fromCharCode(code)
  })
}

function character(escape: string, code: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new Error(`bad escape ${escape}`)
  return String.fromCodePoint(code)
}
