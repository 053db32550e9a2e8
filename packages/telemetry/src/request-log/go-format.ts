import { quoteCharacter, quoteText } from './go-escapes.ts'
import { floatText } from './go-float.ts'
import { ExecutionError, Float, isDictionary, Strings, Struct, typeName } from './go-values.ts'
import type { Value } from './go-values.ts'

/** One verb of a format with its flags. `width` and `precision` are -1 when not given. */
export interface Directive {
  readonly verb: string
  /** `%+v`: the fields of a struct are printed with their names. */
  readonly named: boolean
  readonly plus: boolean
  readonly minus: boolean
  readonly space: boolean
  readonly zero: boolean
  readonly width: number
  readonly precision: number
}

/** A parsed format: literal text and directives, in order. */
export type Format = readonly (string | Directive)[]

/** Largest width and precision. Go allows a million, which would make a line of the log a means to fill a disk. */
const FIELD_CHARS_MAX = 1000

const PLAIN: Directive = {
  verb: 'v',
  named: false,
  plus: false,
  minus: false,
  space: false,
  zero: false,
  width: -1,
  precision: -1,
}

/** Parses a format of Go's fmt. Throws an Error that names what is malformed or not supported. */
export function parseFormat(text: string): Format {
  const format: (string | Directive)[] = []
  const directive = /%([+\-# 0]*)(\*|[0-9]*)(?:\.(\*|[0-9]*))?(\[|.?)/gsu
  let end = 0
  for (let found = directive.exec(text); found !== null; found = directive.exec(text)) {
    if (found.index > end) format.push(text.slice(end, found.index))
    end = directive.lastIndex
    format.push(found[4] === '%' ? '%' : toDirective(found))
  }
  if (end < text.length) format.push(text.slice(end))
  return format
}

function toDirective([whole, flags, width, precision, verb]: readonly string[]): Directive {
  const refuse = (what: string): never => {
    throw new Error(`printf: ${what} in ${JSON.stringify(whole)} is not supported`)
  }
  if (verb === '') refuse('a format that ends in a %')
  if (verb === '[') refuse('an argument index')
  if (width === '*' || precision === '*') refuse('a width or precision by argument (*)')
  if (flags.includes('#')) refuse('the flag #')
  if (!'vTtdboxXcqseEfFgG'.includes(verb)) refuse(`the verb ${verb}`)
  if (Number(width) > FIELD_CHARS_MAX || Number(precision ?? 0) > FIELD_CHARS_MAX)
    refuse(`a width or precision above ${FIELD_CHARS_MAX}`)
  return {
    verb,
    named: verb === 'v' && flags.includes('+'),
    plus: verb !== 'v' && flags.includes('+'),
    minus: flags.includes('-'),
    space: flags.includes(' '),
    zero: flags.includes('0'),
    width: width === '' ? -1 : Number(width),
    precision: precision === undefined ? -1 : Number(precision),
  }
}

/** Go's Sprintf. */
export function formatValues(format: Format, values: readonly Value[]): string {
  let text = ''
  let next = 0
  for (const part of format) {
    if (typeof part === 'string') text += part
    else if (next >= values.length) text += `%!${part.verb}(MISSING)`
    else text += formatValue(values[next++], part, 0)
  }
  if (next >= values.length) return text
  const extra = values
    .slice(next)
    .map((value) => (isNil(value) ? '<nil>' : `${typeName(value)}=${plain(value)}`))
  return `${text}%!(EXTRA ${extra.join(', ')})`
}

/** Go's Sprint: a space between two operands when neither is a string. */
export function printValues(values: readonly Value[]): string {
  let text = ''
  for (let i = 0; i < values.length; i++) {
    if (i > 0 && typeof values[i] !== 'string' && typeof values[i - 1] !== 'string') text += ' '
    text += plain(values[i])
  }
  return text
}

/** Go's Sprintln: spaces between all operands, and a line feed. */
export function printLine(values: readonly Value[]): string {
  return `${values.map(plain).join(' ')}\n`
}

/** What an action prints: as Sprint, but a struct is printed without its `&`. */
export function printed(value: Value): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return String(value)
    case 'undefined':
      return '<no value>'
    default:
      if (value instanceof Float) return floatText(value.value, 'g', -1)
      return value instanceof Struct ? structText(value, PLAIN, '') : plain(value)
  }
}

/** Text of the arguments of `js`, `html` and `urlquery`: as Sprint of what actions print. */
export function escapable(values: readonly Value[]): string {
  if (values.length === 1) return values[0] === null ? '<no value>' : printed(values[0])
  return printValues(
    values.map((value) => (isNil(value) ? '<no value>' : value instanceof Struct ? printed(value) : value)),
  )
}

function plain(value: Value): string {
  return formatValue(value, PLAIN, 0)
}

function isNil(value: Value): value is null | undefined {
  return value === null || value === undefined
}

function formatValue(value: Value, directive: Directive, depth: number): string {
  const { verb } = directive
  if (isNil(value)) return verb === 'v' || verb === 'T' ? pad('<nil>', directive) : `%!${verb}(<nil>)`
  if (verb === 'T') return pad(typeName(value), directive)
  if (typeof value === 'string') return formatText(value, directive)
  if (typeof value === 'number') return formatInteger(value, directive)
  if (typeof value === 'boolean')
    return verb === 'v' || verb === 't' ? pad(String(value), directive) : badVerb(value, directive)
  if (value instanceof Float) return formatFloat(value, directive)
  if (value instanceof Strings)
    return `[${value.items.map((item) => formatValue(item, directive, depth + 1)).join(' ')}]`
  if (isDictionary(value)) {
    const entries = value.keys().map((key) => {
      return `${formatValue(key, directive, depth + 1)}:${formatValue(value.get(key), directive, depth + 1)}`
    })
    return `map[${entries.join(' ')}]`
  }
  return structText(value, directive, depth === 0 ? '&' : '')
}

function structText({ type, data }: Struct, directive: Directive, front: string): string {
  if (type.text !== undefined && 'vsxXq'.includes(directive.verb))
    return formatText(type.text(data as never), directive)
  if (data === null)
    return directive.verb === 'v' ? pad('<nil>', directive) : `%!${directive.verb}(${type.name}=<nil>)`
  if (type.printed === undefined || type.text !== undefined)
    throw new ExecutionError(`a value of type ${type.name} cannot be printed`)
  const fields = type.printed.map((name) => {
    const text = formatValue(type.fields.get(name)!(data as never), directive, 1)
    return directive.named ? `${name}:${text}` : text
  })
  return `${front}{${fields.join(' ')}}`
}

function formatText(text: string, directive: Directive): string {
  switch (directive.verb) {
    case 'v':
    case 's':
      return pad(truncated(text, directive), directive)
    case 'q':
      return pad(quoteText(truncated(text, directive), directive.plus), directive)
    case 'x':
    case 'X':
      return pad(hexOf(text, directive), directive)
    default:
      return badVerb(text, directive)
  }
}

function truncated(text: string, { precision }: Directive): string {
  return precision < 0 || text.length <= precision ? text : Array.from(text).slice(0, precision).join('')
}

function hexOf(text: string, { verb, space, precision }: Directive): string {
  const bytes = Buffer.from(text, 'utf8')
  const hex = (precision < 0 ? bytes : bytes.subarray(0, precision)).toString('hex')
  const spaced = space ? hex.replace(/..(?=.)/g, '$& ') : hex
  return verb === 'X' ? spaced.toUpperCase() : spaced
}

function formatInteger(value: number, directive: Directive): string {
  switch (directive.verb) {
    case 'v':
    case 'd':
      return integerText(value, 10, directive)
    case 'b':
      return integerText(value, 2, directive)
    case 'o':
      return integerText(value, 8, directive)
    case 'x':
      return integerText(value, 16, directive)
    case 'X':
      return integerText(value, 16, directive).toUpperCase()
    case 'c':
      return pad(characterOf(value), directive)
    case 'q':
      return pad(`'${quoteCharacter(characterOf(value), "'", directive.plus)}'`, directive)
    default:
      return badVerb(value, directive)
  }
}

function characterOf(value: number): string {
  const isCharacter = value >= 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff)
  return isCharacter ? String.fromCodePoint(value) : '\ufffd'
}

function integerText(value: number, base: number, directive: Directive): string {
  const sign = signOf(value < 0, directive.plus, directive.space)
  let digits = Math.abs(value).toString(base)
  if (directive.precision >= 0) {
    if (directive.precision === 0 && value === 0) return ' '.repeat(Math.max(directive.width, 0))
    digits = digits.padStart(directive.precision, '0')
  } else if (directive.zero && !directive.minus) {
    digits = digits.padStart(directive.width - sign.length, '0')
  }
  return pad(sign + digits, directive, ' ')
}

function formatFloat(float: Float, directive: Directive): string {
  const verb = directive.verb === 'v' ? 'g' : directive.verb.toLowerCase()
  if (verb === 'x' || verb === 'b') throw new ExecutionError(`the verb ${verb} of a float is not supported`)
  if (verb !== 'e' && verb !== 'f' && verb !== 'g') return badVerb(float, directive)
  const precision = directive.precision >= 0 ? directive.precision : verb === 'g' ? -1 : 6
  const text = floatText(float.value, verb, precision)
  const isNegative = text.startsWith('-')
  const isFinite = Number.isFinite(float.value)
  const digits = text.replace(/^[+-]/, '')
  const sign = signOf(isNegative, directive.plus || text.startsWith('+'), directive.space)
  const shown = directive.verb === 'E' || directive.verb === 'G' ? digits.replace('e', 'E') : digits
  if (!directive.zero || directive.minus || !isFinite) return pad(sign + shown, directive, ' ')
  return sign + shown.padStart(directive.width - sign.length, '0')
}

function signOf(isNegative: boolean, plus: boolean, space: boolean): string {
  if (isNegative) return '-'
  if (plus) return '+'
  return space ? ' ' : ''
}

/** Go's answer to a verb that does not fit the value, `%!d(string=hi)`. */
function badVerb(value: Value, directive: Directive): string {
  const text = formatValue(value, { ...directive, verb: 'v' }, 0)
  return `%!${directive.verb}(${typeName(value)}=${text})`
}

function pad(text: string, { width, minus, zero }: Directive, fill = zero && !minus ? '0' : ' '): string {
  if (width <= 0 || text.length >= width * 2) return text
  // Go counts code points.
  let length = 0
  for (const _ of text) length++
  const padding = fill.repeat(Math.max(width - length, 0))
  return minus ? text + padding : padding + text
}
