import { UNSUPPORTED } from './request-data.ts'
import { BUILTINS, printfOf } from './template-functions.ts'
import { syntaxError, tokensOf } from './template-lexer.ts'
import type { Token, TokenKind } from './template-lexer.ts'
import { parseCharacter, parseNumber, parseString } from './template-literals.ts'
import type { Command, List, Node, Operand, Pipe } from './template-tree.ts'

/** How deep controls and parentheses may stand in each other; evaluation needs the stack for it. */
const DEPTH_MAX = 50
const KEYWORDS_UNSUPPORTED: ReadonlySet<string> = new Set(['block', 'define', 'template', 'call'])
const KEYWORDS: ReadonlySet<string> = new Set(['break', 'continue', 'else', 'end', 'if', 'range', 'with'])

/** A template as a tree. */
export interface Tree {
  readonly list: List
  /** How many variables there are, `$` included. */
  readonly slots: number
}

/** Parses the text of a template. Throws an Error with the position and the reason when it is not one. */
export function parseTemplate(text: string): Tree {
  return new Parser(text).parse()
}

/** What ended a list. */
type Ending = 'end' | 'else' | 'else if' | 'else with'

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  #next = 0
  /** Names of the variables in scope with their slots; the last of a name is the one that is meant. */
  #scope: { name: string; slot: number }[] = [{ name: '$', slot: 0 }]
  #slots = 1
  #ranges = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokensOf(text)
  }

  parse(): Tree {
    const list: Node[] = []
    while (this.#peek().kind !== 'end') {
      const at = this.#peek().at
      const node = this.#node()
      if (typeof node === 'string') throw this.#error(`unexpected {{${node}}}`, at)
      list.push(node)
    }
    return { list, slots: this.#slots }
  }

  #list(): [list: List, ending: Ending] {
    const list: Node[] = []
    while (this.#peek().kind !== 'end') {
      const node = this.#node()
      if (typeof node === 'string') return [list, node]
      list.push(node)
    }
    throw this.#error('unexpected end of the template: {{end}} is missing')
  }

  #node(): Node | Ending {
    const token = this.#take()
    if (token.kind === 'text') return { kind: 'text', text: token.text }
    this.#skipSpace()
    const word = this.#peek()
    if (word.kind === 'identifier' && KEYWORDS_UNSUPPORTED.has(word.text) && word.text !== 'call')
      throw this.#error(`{{${word.text}}} is not supported`)
    if (word.kind !== 'identifier' || !KEYWORDS.has(word.text))
      return { kind: 'action', pipe: this.#pipe('command', 'right') }
    this.#take()
    return this.#keyword(word.text)
  }

  #keyword(word: string): Node | Ending {
    switch (word) {
      case 'if':
      case 'with':
      case 'range':
        return this.#control(word)
      case 'break':
      case 'continue':
        if (this.#ranges === 0) throw this.#error(`{{${word}}} outside {{range}}`)
        this.#expect('right', `{{${word}}}`)
        return { kind: word }
      case 'end':
        this.#expect('right', '{{end}}')
        return 'end'
      default:
        return this.#else()
    }
  }

  #else(): Ending {
    this.#skipSpace()
    const word = this.#peek()
    if (word.kind === 'identifier' && (word.text === 'if' || word.text === 'with')) {
      this.#take()
      return `else ${word.text}`
    }
    this.#expect('right', '{{else}}')
    return 'else'
  }

  #control(kind: 'if' | 'with' | 'range'): Node {
    const outer = this.#scope.length
    this.#deeper()
    const pipe = this.#pipe(kind, 'right')
    if (kind === 'range') this.#ranges++
    const [list, ending] = this.#list()
    if (kind === 'range') this.#ranges--
    const otherwise = this.#otherwise(kind, ending)
    this.#depth--
    this.#scope.length = outer
    return { kind, pipe, list, otherwise }
  }

  #otherwise(kind: 'if' | 'with' | 'range', ending: Ending): List {
    if (ending === 'end') return []
    if (ending === 'else') {
      const [list, last] = this.#list()
      if (last !== 'end') throw this.#error(`expected {{end}}; found {{${last}}}`)
      return list
    }
    if (ending !== `else ${kind}`) throw this.#error(`unexpected {{${ending}}} in {{${kind}}}`)
    return [this.#control(ending === 'else if' ? 'if' : 'with')]
  }

  #pipe(context: string, end: 'right' | 'close'): Pipe {
    const slots = this.#declarations(context)
    const commands: Command[] = []
    for (;;) {
      this.#skipSpace()
      const token = this.#peek()
      if (token.kind === end) break
      commands.push(this.#command(commands.length > 0))
    }
    if (commands.length === 0) throw this.#error(`missing value for ${context}`)
    this.#take()
    return { kind: 'pipe', slots, commands }
  }

  /** The variables in front of `:=` or `=`. */
  #declarations(context: string): number[] {
    const slots: number[] = []
    const names: Token[] = []
    for (;;) {
      this.#skipSpace()
      const start = this.#next
      const name = this.#peek()
      if (name.kind !== 'variable') break
      this.#take()
      this.#skipSpace()
      const next = this.#peek()
      if (next.kind === 'comma' || next.kind === 'assign' || next.kind === 'declare') {
        this.#take()
        names.push(name)
        if (next.kind === 'comma' && (context !== 'range' || names.length > 1))
          throw this.#error(`too many declarations in ${context}`)
        if (next.kind === 'comma') continue
        for (const each of names)
          slots.push(next.kind === 'assign' ? this.#slotOf(each) : this.#declare(each.text))
        return slots
      }
      this.#next = start
      break
    }
    if (names.length > 0) throw this.#error('range can only initialize variables')
    return slots
  }

  #command(isPiped: boolean): Command {
    const operands: Operand[] = []
    const at = this.#peek().at
    for (;;) {
      this.#skipSpace()
      const operand = this.#operand()
      if (operand !== null) operands.push(operand)
      const token = this.#peek()
      if (token.kind === 'space') continue
      if (token.kind === 'pipe') this.#take()
      else if (token.kind !== 'right' && token.kind !== 'close') throw this.#unexpected('operand')
      break
    }
    if (operands.length === 0) throw this.#error('empty command', at)
    const first = operands[0]
    if (isPiped && ['constant', 'nil', 'dot'].includes(first.kind))
      throw this.#error('non executable command in pipeline', at)
    return this.#withFormat(operands as [Operand, ...Operand[]], at)
  }

  /** The format of a `printf` is parsed here when it is a constant. */
  #withFormat(operands: [Operand, ...Operand[]], at: number): Command {
    const [first, format, ...rest] = operands
    if (first.kind !== 'function' || first.builtin.name !== 'printf') return operands
    if (format?.kind !== 'constant' || typeof format.value !== 'string') return operands
    return [
      { kind: 'function', builtin: this.#at(at, () => printfOf(format.value as string)) },
      format,
      ...rest,
    ]
  }

  #operand(): Operand | null {
    const at = this.#peek().at
    const term = this.#term()
    if (term === null || this.#peek().kind !== 'field') return term
    const names = this.#names()
    switch (term.kind) {
      case 'field':
      case 'variable':
        return this.#checked({ ...term, names: [...term.names, ...names] }, at)
      case 'constant':
      case 'nil':
      case 'dot':
        throw this.#error(
          `unexpected . after term ${this.#text.slice(at, this.#tokens[this.#next - 1].at)}`,
          at,
        )
      default:
        return this.#checked({ kind: 'chain' as const, inner: term, names }, at)
    }
  }

  #names(): string[] {
    const names: string[] = []
    while (this.#peek().kind === 'field') names.push(this.#take().text.slice(1))
    return names
  }

  #term(): Operand | null {
    const token = this.#peek()
    switch (token.kind) {
      case 'identifier':
        this.#take()
        return this.#identifier(token)
      case 'dot':
        this.#take()
        return { kind: 'dot' }
      case 'variable':
        this.#take()
        return { kind: 'variable', slot: this.#slotOf(token), names: [] }
      case 'field':
        return this.#checked({ kind: 'field' as const, names: this.#names() }, token.at)
      case 'character':
      case 'number':
      case 'string':
      case 'raw':
        this.#take()
        return { kind: 'constant', value: this.#at(token.at, () => literal(token)) }
      case 'open': {
        this.#take()
        this.#deeper()
        const pipe = this.#pipe('parenthesized pipeline', 'close')
        this.#depth--
        return pipe
      }
      default:
        return null
    }
  }

  #identifier({ text, at }: Token): Operand {
    if (text === 'true' || text === 'false') return { kind: 'constant', value: text === 'true' }
    if (text === 'nil') return { kind: 'nil' }
    const builtin = BUILTINS.get(text)
    if (builtin !== undefined) return { kind: 'function', builtin }
    if (KEYWORDS_UNSUPPORTED.has(text)) throw this.#error(`the function ${text} is not supported`, at)
    throw this.#error(`function ${JSON.stringify(text)} not defined`, at)
  }

  /** Refuses what Go's types have and ours have not, where the chain shows which type is meant. */
  #checked<Chain extends { readonly names: readonly string[] }>(operand: Chain, at: number): Chain {
    const { names } = operand
    for (let i = 1; i < names.length; i++) {
      if (UNSUPPORTED.get(names[i - 1])?.includes(names[i]) === true)
        throw this.#error(`.${names[i - 1]}.${names[i]} is not supported`, at)
    }
    return operand
  }

  #declare(name: string): number {
    const slot = this.#slots++
    this.#scope.push({ name, slot })
    return slot
  }

  #slotOf({ text, at }: Token): number {
    const found = this.#scope.findLast(({ name }) => name === text)
    if (found === undefined) throw this.#error(`undefined variable ${JSON.stringify(text)}`, at)
    return found.slot
  }

  #deeper(): void {
    if (++this.#depth > DEPTH_MAX) throw this.#error(`nested deeper than ${DEPTH_MAX}`)
  }

  #peek(): Token {
    return this.#tokens[this.#next]
  }

  #take(): Token {
    const token = this.#tokens[this.#next]
    if (this.#next < this.#tokens.length - 1) this.#next++
    return token
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#take()
  }

  #expect(kind: TokenKind, context: string): void {
    this.#skipSpace()
    if (this.#peek().kind !== kind) throw this.#unexpected(context)
    this.#take()
  }

  #unexpected(context: string): Error {
    const token = this.#peek()
    const what = token.kind === 'end' ? 'the end of the template' : JSON.stringify(token.text)
    return this.#error(`unexpected ${what} in ${context}`)
  }

  /** Runs `parse`; what it throws gets the position. */
  #at<Result>(at: number, parse: () => Result): Result {
    try {
      return parse()
    } catch (error) {
      throw this.#error(error instanceof Error ? error.message : String(error), at)
    }
  }

  #error(reason: string, at: number = this.#peek().at): Error {
    return syntaxError(this.#text, at, reason)
  }
}

function literal(token: Token): ReturnType<typeof parseNumber> | string {
  if (token.kind === 'number') return parseNumber(token.text)
  return token.kind === 'character' ? parseCharacter(token.text) : parseString(token.text)
}
