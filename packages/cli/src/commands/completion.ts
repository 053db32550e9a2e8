import type { Arguments } from '../command-line/arguments.ts'
import { COMMANDS } from '../command-line/commands.ts'
import { completionOf, type Shell } from '../command-line/completion.ts'
import type { Console } from '../console.ts'
import { EXIT_OK } from '../exit-codes.ts'

/** `pilotlight completion`. */
export async function completion(args: Arguments, console: Console): Promise<number> {
  console.out(completionOf(args.operands[0] as Shell, COMMANDS))
  return EXIT_OK
}
