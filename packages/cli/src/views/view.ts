import type { ColdStartRecord, StatusReport } from '@pilotlight/telemetry'

/** What shows a user how things are while they run. */
export interface View {
  /** A line that a service wrote. */
  output(line: string): void
  /** A line of the activator's log. */
  log(line: string): void
  /** A line of the command itself. */
  say(line: string): void
  status(report: StatusReport): void
  coldStart(record: ColdStartRecord): void
  /** Writes what is left and restores the terminal; may be called again. */
  close(): void
}

/** How the log of the activator is shown. */
export type LogFormat = 'text' | 'json'
