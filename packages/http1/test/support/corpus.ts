/** Reads the corpus files; their format is described in corpus/README.md. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_LIMITS, type Limits } from '../../src/index.ts'
import { escaped, escapedLines, unescaped } from './escapes.ts'
import { type Message, type Reading, readRequests, readResponses } from './message-reader.ts'

/** One case: bytes and what they must be read as. */
export interface Case {
  readonly kind: 'requests' | 'responses'
  /** File and name. */
  readonly name: string
  readonly why: string
  readonly input: Buffer
  readonly limits: Partial<Limits>
  /** Methods of the requests that the responses answer. */
  readonly methods: readonly string[]
  readonly expected: readonly string[]
}

interface Draft {
  name: string
  why: string[]
  input: string
  limits: Partial<Limits>
  methods: string[]
  expected: string[]
}

const FOLDER = join(import.meta.dirname, '..', 'corpus')

/** Every case of one kind, in the order of file names. */
export function readCorpus(kind: Case['kind']): Case[] {
  return readdirSync(join(FOLDER, kind))
    .filter((file) => file.endsWith('.txt'))
    .toSorted()
    .flatMap((file) => parseCases(kind, file, readFileSync(join(FOLDER, kind, file), 'utf8')))
}

/** The cases of one file. Throws on a line it does not understand: a typo must not become a case less. */
export function parseCases(kind: Case['kind'], file: string, text: string): Case[] {
  const drafts: Draft[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const draft = drafts.at(-1)
    if (line.startsWith('## ')) {
      drafts.push({ name: line.slice(3), why: [], input: '', limits: {}, methods: ['GET'], expected: [] })
    } else if (draft !== undefined && line !== '') {
      try {
        readLine(draft, line)
      } catch (error) {
        throw new Error(`${kind}/${file}:${index + 1}: ${String(error)}`, { cause: error })
      }
    }
  }
  return drafts.map((draft) => ({
    ...draft,
    kind,
    name: `${kind}/${file}: ${draft.name}`,
    why: draft.why.join(' '),
    input: Buffer.from(draft.input, 'latin1'),
  }))
}

function readLine(draft: Draft, line: string): void {
  const rest = line.slice(2)
  switch (line.slice(0, 2)) {
    case '# ':
      draft.why.push(rest)
      return
    case '< ':
      draft.input += unescaped(rest)
      return
    case '> ':
      draft.expected.push(rest)
      return
    case '@ ':
      readOption(draft, rest)
      return
    default:
      throw new Error(`line begins with none of "# ", "@ ", "< ", "> ": ${line}`)
  }
}

function readOption(draft: Draft, option: string): void {
  const [name, value] = option.split('=', 2) as [string, string | undefined]
  if (value === undefined) throw new Error(`option without "=": ${option}`)
  if (name === 'methods') draft.methods = value.split(' ')
  else if (name in DEFAULT_LIMITS) draft.limits = { ...draft.limits, [name]: Number(value) }
  else throw new Error(`unknown option ${name}`)
}

/** Reads the input of a case, arriving in these pieces. */
export function readCase(one: Case, parts: readonly Buffer[]): Reading {
  if (one.kind === 'requests') return readRequests(parts, one.limits)
  return readResponses(parts, one.methods, one.limits)
}

/** A reading in the lines of a case. */
export function render(reading: Reading): string[] {
  return [...reading.messages.flatMap(renderMessage), `end: ${reading.end}`]
}

function renderMessage(message: Message): string[] {
  const lines = [escaped(message.summary), ...escapedLines(message.forwarded).map((line) => `| ${line}`)]
  lines.push(...escapedLines(message.body).map((line) => `body ${line}`))
  lines.push(...escapedLines(message.trailerLines).map((line) => `trailer ${line}`))
  return lines
}
