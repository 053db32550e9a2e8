/** Variables that the command sets, by the option that says what is in them. */
const OPTIONS: readonly (readonly [variable: string, option: string])[] = [
  ['ACTIVATOR_HTTP_PORT', '--port'],
  ['ACTIVATOR_ADMIN_PORT', '--admin-port'],
  ['ACTIVATOR_COMMANDS', '--command'],
  ['ACTIVATOR_MANIFESTS', '--file'],
  ['ACTIVATOR_LOGGING_LEVEL', '--log-level'],
]
const IN_USE = /EADDRINUSE|in use|another program listens/

/** Why the activator could not start, in the words of the command line: its options instead of variables. */
export function startProblem(
  message: string,
  ports: { readonly port: number; readonly adminPort: number },
): string {
  return message
    .split('\n')
    .map((line) => problemLine(line, ports))
    .join('\n')
}

function problemLine(
  line: string,
  { adminPort, port }: { readonly port: number; readonly adminPort: number },
): string {
  if (IN_USE.test(line)) {
    // The admin port's own words have its name in them; a number may be part of another one.
    if (line.includes('ACTIVATOR_ADMIN_PORT'))
      return `port ${adminPort} is in use by another program: choose another with --admin-port`
    if (new RegExp(`\\b${port}\\b`).test(line))
      return `port ${port} is in use by another program: choose another with --port`
  }
  return OPTIONS.reduce((text, [variable, option]) => text.replaceAll(variable, option), line)
}
