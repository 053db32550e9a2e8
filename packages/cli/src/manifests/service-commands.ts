import type { Arguments } from '../command-line/arguments.ts'

/** What `--command` says: command lines by service. The last one of a service counts. */
export function serviceCommands(args: Arguments): Map<string, string> {
  return new Map(
    args.texts('command').map((text) => {
      const equals = text.indexOf('=')
      return [text.slice(0, equals), text.slice(equals + 1).trim()]
    }),
  )
}
