/** What a token is. */
export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'identifier'
  | 'field'
  | 'variable'
  | 'dot'
  | 'number'
  | 'character'
  | 'string'
  | 'raw'
  | 'pipe'
  | 'assign'
  | 'declare'
  | 'comma'
  | 'open'
  | 'close'
  | 'end'

/** A piece of a template. */
export interface Token {
  readonly kind: TokenKind
  /** As it stands in the template; of text, what trimming left of it. */
  readonly text: string
  /** Where it starts, characters from the start of the template. */
  readonly at: number
}

/** The error of a template that does not compile: where, and why. */
export function syntaxError(template: string, at: number, reason: string): Error {
  const before = template.slice(0, at)
  const line = before.split('\n').length
  const column = at - before.lastIndexOf('\n')
  return new Error(`request log template, line ${line}, column ${column}: ${reason}`)
}

const ACTION_TOKENS: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /[ \t\r\n]+/y],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['open', /\(/y],
  ['close', /\)/y],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"/y],
  ['raw', /`[^`]*`/y],
  ['character', /'(?:[^'\\\n]|\\[^\n])*'/y],
  ['number', /[+-]?(?:\.[0-9]|[0-9])(?:[eEpP][+-]|[\p{L}\p{Nd}_.])*/uy],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['field', /\.[\p{L}\p{Nd}_]+/uy],
  ['dot', /\./y],
  ['identifier', /[\p{L}\p{Nd}_]+/uy],
]
/** These end where a space, a delimiter or one of `.,|:()` stands, and nowhere else. */
const NEEDS_END: ReadonlySet<TokenKind> = new Set(['variable', 'field', 'dot', 'identifier', 'number'])
const END = /[ \t\r\n.,|:()]|-?\}\}|$/y
const UNTERMINATED: Readonly<Record<string, string>> = {
  '"': 'unterminated quoted string',
  '`': 'unterminated raw quoted string',
  "'": 'unterminated character constant',
}

/** Cuts a template into tokens; comments and what the trim markers take away are not among them. */
export function tokensOf(template: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let trims = false
  for (;;) {
    const left = template.indexOf('{{', at)
    const end = left < 0 ? template.length : left
    const trimsLeft = left >= 0 && /^-[ \t\r\n]/.test(template.slice(left + 2, left + 4))
    let text = template.slice(at, end)
    if (trims) text = text.replace(/^[ \t\r\n]+/, '')
    if (trimsLeft) text = text.replace(/[ \t\r\n]+$/, '')
    if (text !== '') tokens.push({ kind: 'text', text, at })
    if (left < 0) break
    const start = left + (trimsLeft ? 4 : 2)
    if (template.startsWith('/*', trimsLeft ? start : left + 2)) at = commentEnd(template, start)
    else at = action(template, left, start, tokens)
    trims = template.startsWith('-}}', at - 3) && /[ \t\r\n]/.test(template[at - 4])
  }
  tokens.push({ kind: 'end', text: '', at: template.length })
  return tokens
}

/** Where the text behind a comment starts. */
function commentEnd(template: string, start: number): number {
  const end = template.indexOf('*/', start + 2)
  if (end < 0) throw syntaxError(template, start, 'unclosed comment')
  const close = /(?:[ \t\r\n]-)?\}\}/y
  close.lastIndex = end + 2
  if (!close.test(template)) throw syntaxError(template, end + 2, 'comment ends before closing delimiter')
  return close.lastIndex
}

/** Reads the tokens of one action; where the text behind it starts. */
function action(template: string, left: number, start: number, tokens: Token[]): number {
  tokens.push({ kind: 'left', text: '{{', at: left })
  let at = start
  let parens = 0
  for (;;) {
    const right = rightDelimiter(template, at)
    if (right > 0 && parens > 0) throw syntaxError(template, at, 'unclosed left paren')
    if (right > 0) {
      tokens.push({ kind: 'right', text: '}}', at })
      return right
    }
    const token = actionToken(template, at, left)
    if (token.kind === 'open') parens++
    if (token.kind === 'close' && --parens < 0) throw syntaxError(template, at, 'unexpected right paren')
    tokens.push(token)
    at += token.text.length
  }
}

/** Where a delimiter that stands at `at`, with or without its trim marker, ends; 0 when there is none. */
function rightDelimiter(template: string, at: number): number {
  if (template.startsWith('}}', at)) return at + 2
  const marked = /[ \t\r\n]+-\}\}/y
  marked.lastIndex = at
  return marked.test(template) ? marked.lastIndex : 0
}

function actionToken(template: string, at: number, left: number): Token {
  if (at >= template.length) throw syntaxError(template, left, 'unclosed action')
  for (const [kind, pattern] of ACTION_TOKENS) {
    pattern.lastIndex = at
    const found = pattern.exec(template)
    if (found === null) continue
    END.lastIndex = pattern.lastIndex
    if (NEEDS_END.has(kind) && kind !== 'number' && !END.test(template))
      throw syntaxError(template, pattern.lastIndex, `bad character ${shown(template, pattern.lastIndex)}`)
    return { kind, text: found[0], at }
  }
  const character = template[at]
  const reason = UNTERMINATED[character] ?? `unexpected character ${shown(template, at)} in action`
  throw syntaxError(template, at, character === ':' ? 'expected :=' : reason)
}

function shown(template: string, at: number): string {
  return JSON.stringify(String.fromCodePoint(template.codePointAt(at) ?? 0))
}
