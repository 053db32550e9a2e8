import { parseArgs } from 'node:util'
import { Arguments } from './arguments.ts'
import type { CommandDefinition, OptionDefinition } from './definition.ts'
import { nearest } from './nearest.ts'

/** What a command line says, or everything that is wrong with it, one line each. */
export interface Parsed {
  readonly args: Arguments
  readonly problems: readonly string[]
}

type Token = NonNullable<ReturnType<typeof tokensOf>>[number]
type OptionToken = Extract<Token, { kind: 'option' }>

/** Reads what stands behind the name of a command. Never throws. */
export function parseCommandLine(command: CommandDefinition, argv: readonly string[]): Parsed {
  const problems: string[] = []
  const values = new Map<string, string[]>()
  const operands: string[] = []
  for (const token of tokensOf(command, argv)) {
    if (token.kind === 'positional' && command.operands.isCommandLine === true) {
      operands.push(...argv.slice(token.index))
      break
    }
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind === 'option') readOption(command, token, values, problems)
  }
  const args = new Arguments(values, operands)
  const [one, other] = command.exclusive ?? []
  if (one !== undefined && other !== undefined && args.has(one) && args.has(other))
    problems.push(`--${one} and --${other} are both given: only one of them can count`)
  if (!args.has('help')) checkOperands(command, operands, problems)
  return { args, problems }
}

function tokensOf(command: CommandDefinition, argv: readonly string[]) {
  const options = Object.fromEntries(
    command.options.map(({ name, short, value }) => [
      name,
      {
        type: value.kind === 'flag' ? ('boolean' as const) : ('string' as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  )
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens
}

function readOption(
  command: CommandDefinition,
  token: OptionToken,
  values: Map<string, string[]>,
  problems: string[],
): void {
  const option = command.options.find(({ name }) => name === token.name)
  if (option === undefined) return void problems.push(unknownOption(command, token.rawName))
  const given = values.get(option.name) ?? []
  const problem = problemOf(option, token, given.length > 0)
  if (problem === '') values.set(option.name, [...given, token.value ?? ''])
  else problems.push(problem)
}

/** What is wrong with an option; empty for nothing. */
function problemOf(option: OptionDefinition, token: OptionToken, wasGiven: boolean): string {
  const { rawName, value } = token
  if (option.value.kind === 'flag')
    return value === undefined ? '' : `${rawName} is ${JSON.stringify(value)}: it takes no value`
  // `--port --open` has parseArgs take the next option as the value.
  const isNextOption = token.inlineValue === false && /^-./.test(value ?? '')
  if (value === undefined || value === '' || isNextOption)
    return `${rawName} has no value: it must be ${validText(option)}`
  if (wasGiven && option.isRepeated !== true) return `${rawName} is given more than once: it counts only once`
  return isValid(option, value)
    ? ''
    : `${rawName} is ${JSON.stringify(value)}: it must be ${validText(option)}`
}

function isValid({ value: kind }: OptionDefinition, text: string): boolean {
  switch (kind.kind) {
    case 'integer':
      return /^\d{1,9}$/.test(text) && Number(text) >= kind.min && Number(text) <= kind.max
    case 'choice':
      return kind.choices.includes(text)
    case 'form':
      return kind.isValid(text)
    default:
      return true
  }
}

/** What would be valid, in words. */
export function validText({ value, placeholder }: OptionDefinition): string {
  switch (value.kind) {
    case 'integer':
      return `an integer from ${value.min} to ${value.max}`
    case 'choice':
      return `one of ${value.choices.join(', ')}`
    case 'form':
      return value.form
    case 'file':
      return 'a file, a folder, or -'
    default:
      return `a ${placeholder.toLowerCase()}`
  }
}

function unknownOption({ name, options }: CommandDefinition, rawName: string): string {
  const near = nearest(
    rawName,
    options.map((option) => `--${option.name}`),
  )
  const hint = near === null ? `see pilotlight ${name} --help` : `did you mean ${near}?`
  return `${rawName} is no option of pilotlight ${name}: ${hint}`
}

function checkOperands(
  { name, operands: { choices, max, min, usage } }: CommandDefinition,
  given: readonly string[],
  problems: string[],
): void {
  if (given.length < min) problems.push(`pilotlight ${name} needs ${usage}`)
  else if (given.length > max)
    problems.push(
      `${JSON.stringify(given[max])} is too much: ${max === 0 ? `pilotlight ${name} takes only options` : `pilotlight ${name} takes ${usage}`}`,
    )
  if (choices === undefined) return
  for (const one of given.slice(0, max))
    if (!choices.includes(one))
      problems.push(`${JSON.stringify(one)}: it must be one of ${choices.join(', ')}`)
}
