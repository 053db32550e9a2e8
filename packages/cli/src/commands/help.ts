import type { Arguments } from '../command-line/arguments.ts'
import { COMMANDS } from '../command-line/commands.ts'
import { helpOf, overview } from '../command-line/help.ts'
import type { Console } from '../console.ts'
import { EXIT_OK } from '../exit-codes.ts'

/** `pilotlight help`. */
export async function help(args: Arguments, console: Console): Promise<number> {
  const command = COMMANDS.find(({ name }) => name === args.operands[0])
  console.out(command === undefined ? overview(COMMANDS) : helpOf(command))
  return EXIT_OK
}
