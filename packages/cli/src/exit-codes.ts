/** What the command ends with. docs/reference/pilotlight.md explains them to users. */
export const EXIT_OK = 0
/** Something failed while it ran, or there are problems. */
export const EXIT_FAILED = 1
/** The command line cannot be understood. */
export const EXIT_USAGE = 2
/** The activator could not start. */
export const EXIT_NOT_STARTED = 3
/** Nothing answers at the admin address. */
export const EXIT_NOT_RUNNING = 4

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

/** The exit code of a command that a signal ended at once: 128 and the number of the signal. */
export function exitOfSignal(signal: NodeJS.Signals): number {
  return 128 + (SIGNAL_NUMBERS[signal] ?? 0)
}
