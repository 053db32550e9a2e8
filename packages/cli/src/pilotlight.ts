import type { Arguments } from './command-line/arguments.ts'
import { COMMANDS } from './command-line/commands.ts'
import { helpOf, overview } from './command-line/help.ts'
import { nearest } from './command-line/nearest.ts'
import { parseCommandLine } from './command-line/parse.ts'
import type { Console } from './console.ts'
import { EXIT_OK, EXIT_USAGE } from './exit-codes.ts'
import { VERSION } from './version.ts'

/** Runs one command with valid arguments; resolves with its exit code. */
export type Runner = (args: Arguments, console: Console) => Promise<number>

/** Each command is loaded when it is asked for, so that help and completion start at once. */
const RUNNERS: Readonly<Record<string, () => Promise<Runner>>> = {
  up: async () => (await import('./commands/up.ts')).up,
  run: async () => (await import('./commands/run.ts')).run,
  ps: async () => (await import('./commands/ps.ts')).ps,
  validate: async () => (await import('./commands/validate.ts')).validate,
  explain: async () => (await import('./commands/explain.ts')).explain,
  completion: async () => (await import('./commands/completion.ts')).completion,
  help: async () => (await import('./commands/help.ts')).help,
}

/** The `pilotlight` command: `argv` is what stands behind its name. Resolves with the exit code. */
export async function runPilotlight(argv: readonly string[], console: Console): Promise<number> {
  const [name = '--help', ...rest] = argv
  if (name === '--help' || name === '-h') return print(console, overview(COMMANDS))
  if (name === '--version') return print(console, `${VERSION}\n`)
  const command = COMMANDS.find((one) => one.name === name)
  if (command === undefined) return usage(console, [unknownCommand(name)])
  const { args, problems } = parseCommandLine(command, rest)
  if (args.has('help')) return print(console, helpOf(command))
  if (problems.length > 0) return usage(console, problems)
  const run = await RUNNERS[command.name]()
  return run(args, console)
}

function print(console: Console, text: string): number {
  console.out(text)
  return EXIT_OK
}

function usage(console: Console, problems: readonly string[]): number {
  for (const problem of problems) console.err(`pilotlight: ${problem}\n`)
  return EXIT_USAGE
}

function unknownCommand(name: string): string {
  const names = COMMANDS.map((command) => command.name)
  const near = nearest(name, names)
  const what = name.startsWith('-') ? 'is no option of pilotlight' : 'is no command'
  return `${JSON.stringify(name)} ${what}: ${near === null ? `it must be one of ${names.join(', ')}` : `did you mean ${near}?`}`
}
