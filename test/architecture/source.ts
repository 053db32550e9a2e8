import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a module is reached: `static` and `dynamic` run it, `type` is erased, `builtin` is `process.getBuiltinModule`. */
export type ImportKind = 'static' | 'type' | 'dynamic' | 'builtin'

export interface Import {
  readonly specifier: string
  readonly kind: ImportKind
}

export interface Source {
  /** The path from the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
  /** The text with every comment blanked; positions and line breaks stay. */
  readonly code: string
  /** The text with comments and the content of strings blanked. */
  readonly bare: string
  readonly imports: readonly Import[]
}

/** Reads one TypeScript text into what the rules look at. */
export function parseSource(path: string, text: string): Source {
  const { code, bare } = blank(text)
  return { path, text, code, bare, imports: importsOf(code, bare) }
}

/** Every TypeScript source below `folder`, in a stable order; `node_modules` and `dist` are left out. */
export function readSources(root: string, folder: string): Source[] {
  return filesBelow(root, folder)
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')))
}

function filesBelow(root: string, folder: string): string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && entry.name !== 'dist') found.push(...filesBelow(root, path))
    } else {
      found.push(path)
    }
  }
  return found.toSorted()
}

const QUOTED = String.raw`(?<quote>['"])(?<specifier>[^'"\n]+)\k<quote>`

/** The statements that name another module. The formatter puts every static import at the start of a line. */
function importsOf(code: string, bare: string): Import[] {
  const found: Import[] = []
  const add = (pattern: RegExp, kind: (match: RegExpExecArray) => ImportKind): void => {
    for (const match of code.matchAll(pattern)) {
      // A match whose first character is blank in `bare` stands inside a string: it is text, not a statement.
      if (bare[match.index] !== code[match.index]) continue
      found.push({ specifier: match.groups?.['specifier'] ?? '', kind: kind(match) })
    }
  }
  const erased = (match: RegExpExecArray): ImportKind => (match.groups?.['type'] ? 'type' : 'static')
  add(new RegExp(String.raw`^import\s+(?<type>type\s+)?[^'";]*?\bfrom\s*${QUOTED}`, 'gm'), erased)
  add(new RegExp(String.raw`^import\s*${QUOTED}`, 'gm'), () => 'static')
  add(new RegExp(String.raw`^export\s+(?<type>type\s+)?(?:\*|\{)[^'"]*?\bfrom\s*${QUOTED}`, 'gm'), erased)
  add(new RegExp(String.raw`\bimport\(\s*${QUOTED}`, 'g'), () => 'dynamic')
  add(new RegExp(String.raw`\bgetBuiltinModule\(\s*${QUOTED}`, 'g'), () => 'builtin')
  return found
}

const REGEXP_MAY_FOLLOW = /(?:^|[([{,;:=!&|?+\-*%<>~^\n]|\b(?:return|case|typeof|of|in))\s*$/

/**
 * Blanks comments and, in `bare`, the content of strings, templates and regular expressions. Not a TypeScript lexer: whether
 * a slash divides or opens a regular expression is read off the text before it, which is right for formatted code.
 */
function blank(text: string): { code: string; bare: string } {
  const code = text.split('')
  const bare = text.split('')
  /** One entry per open template substitution: how many braces are open inside it. */
  const substitutions: number[] = []
  let at = 0

  const skipComment = (end: number): void => {
    for (; at < end; at++) if (text[at] !== '\n') code[at] = bare[at] = ' '
  }
  const skipLiteral = (end: number): void => {
    for (at++; at < end - 1; at++) if (text[at] !== '\n') bare[at] = ' '
    at = end
  }
  const skipTemplate = (): void => {
    for (at++; at < text.length; at++) {
      if (text[at] === '\\') bare[at++] = ' '
      else if (text[at] === '`') return void at++
      else if (text.startsWith('${', at)) {
        substitutions.push(0)
        at += 2
        return
      }
      if (text[at] !== '\n') bare[at] = ' '
    }
  }

  while (at < text.length) {
    const char = text[at]
    if (text.startsWith('//', at)) skipComment(endOf(text.indexOf('\n', at), 0, text))
    else if (text.startsWith('/*', at)) skipComment(endOf(text.indexOf('*/', at + 2), 2, text))
    else if (char === "'" || char === '"') skipLiteral(endOfQuoted(text, at))
    else if (char === '`') skipTemplate()
    else if (char === '/' && REGEXP_MAY_FOLLOW.test(code.slice(Math.max(0, at - 40), at).join('')))
      skipLiteral(endOfRegExp(text, at))
    else if (char === '}' && substitutions.at(-1) === 0) {
      substitutions.pop()
      skipTemplate()
    } else {
      const open = substitutions.length - 1
      if (open >= 0 && char === '{') substitutions[open] += 1
      if (open >= 0 && char === '}') substitutions[open] -= 1
      at++
    }
  }
  return { code: code.join(''), bare: bare.join('') }
}

function endOf(found: number, width: number, text: string): number {
  return found < 0 ? text.length : found + width
}

function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === text[start] || text[at] === '\n') return at + 1
  }
  return text.length
}

function endOfRegExp(text: string, start: number): number {
  let inClass = false
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '[') inClass = true
    else if (text[at] === ']') inClass = false
    else if ((text[at] === '/' && !inClass) || text[at] === '\n') return at + 1
  }
  return text.length
}
