import { serve, servingOptions } from '../activator/serving.ts'
import type { Arguments } from '../command-line/arguments.ts'
import type { Console } from '../console.ts'
import { EXIT_USAGE } from '../exit-codes.ts'
import { findManifestFiles, STDIN } from '../manifests/manifest-files.ts'
import { serviceCommands } from '../manifests/service-commands.ts'

/** `pilotlight up`. */
export async function up(args: Arguments, console: Console): Promise<number> {
  const { files, problems } = findManifestFiles(args.texts('file'), console.folder)
  if (problems.length > 0) {
    for (const problem of problems) console.err(`pilotlight: ${problem}\n`)
    return EXIT_USAGE
  }
  const input = files.includes(STDIN) ? console.input() : ''
  return serve(servingOptions(args, { manifests: files, commands: serviceCommands(args), input }), console)
}
