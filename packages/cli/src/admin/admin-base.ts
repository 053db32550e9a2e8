import type { Arguments } from '../command-line/arguments.ts'
import type { Console } from '../console.ts'
import { EXIT_FAILED, EXIT_NOT_RUNNING } from '../exit-codes.ts'
import { AdminError } from './admin-client.ts'

/** Admin port of `pilotlight up` with its default ports. */
const PORT = 8081

/** The URL of the admin port that `--admin` or `--admin-port` says. */
export function adminBase(args: Arguments): string {
  return args.text('admin', `http://127.0.0.1:${args.integer('admin-port', PORT)}`)
}

/** Runs what asks an admin port; what keeps it from answering is written to standard error. Resolves with the exit code. */
export async function askAdmin(console: Console, ask: () => Promise<number>): Promise<number> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof AdminError)) throw error
    console.err(`pilotlight: ${error.message}\n`)
    return error.isNotRunning ? EXIT_NOT_RUNNING : EXIT_FAILED
  }
}
