import { wrap } from '../terminal/wrap.ts'
import type { CommandDefinition, OptionDefinition } from './definition.ts'

/** Help is read in terminals of this width; the reference has the same text. */
const WIDTH = 80
const INDENT = '  '

/** The help of one command. */
export function helpOf(command: CommandDefinition): string {
  const { description, examples, name, operands, options, summary } = command
  const usage = ['pilotlight', name, '[OPTION]…', operands.usage].filter((part) => part !== '').join(' ')
  const sections = [
    `${summary}.`,
    `Usage: ${usage}`,
    ...description.map((paragraph) => wrap(paragraph, WIDTH).join('\n')),
    ['Options:', ...options.map(optionLines)].join('\n'),
    [
      'Examples:',
      ...examples.map(([line, meaning]) => `${INDENT}${line}\n${INDENT}${INDENT}${meaning}`),
    ].join('\n'),
  ]
  return `${sections.join('\n\n')}\n`
}

/** The help of the whole: all commands. */
export function overview(commands: readonly CommandDefinition[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    'Services that run only while somebody asks for them.',
    'Usage: pilotlight COMMAND [OPTION]…',
    ['Commands:', ...commands.map(({ name, summary }) => `${INDENT}${name.padEnd(width)}  ${summary}`)].join(
      '\n',
    ),
    ['Options:', `${INDENT}-h, --help     Show this help`, `${INDENT}    --version  Show the version`].join(
      '\n',
    ),
    [
      'Examples:',
      `${INDENT}pilotlight run -- node server.js`,
      `${INDENT}pilotlight up -f service.yaml`,
      `${INDENT}pilotlight explain last`,
    ].join('\n'),
    'pilotlight COMMAND --help says more about a command.\n',
  ].join('\n\n')
}

function optionLines(option: OptionDefinition): string {
  const { name, placeholder, short } = option
  const dashes = short === undefined ? `    --${name}` : `-${short}, --${name}`
  const head = `${INDENT}${dashes}${placeholder === '' ? '' : ` ${placeholder}`}`
  const margin = INDENT.repeat(4)
  const text = wrap(meaningOf(option), WIDTH - margin.length).map((line) => `${margin}${line}`)
  return [head, ...text].join('\n')
}

function meaningOf({ fallback, isRepeated, summary, value }: OptionDefinition): string {
  const notes: string[] = []
  if (value.kind === 'integer') notes.push(`${value.min} to ${value.max}`)
  if (value.kind === 'choice') notes.push(value.choices.join(', '))
  if (isRepeated === true) notes.push('may be repeated')
  if (fallback !== undefined) notes.push(`default: ${fallback}`)
  return notes.length === 0 ? summary : `${summary} (${notes.join('; ')})`
}
