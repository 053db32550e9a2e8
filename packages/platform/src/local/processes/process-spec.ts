import type { ContainerLimits } from '../../manifest/manifest-set.ts'

/** What is to run. */
export interface ProcessSpec {
  /** What its lines begin with, such as `hello-00001-x7k2p` or `hello-00001-x7k2p/queue-proxy`. */
  readonly name: string
  /** A program and its arguments; never empty. The program is looked for in the `PATH` of `env`, unless its name has a `/`. */
  readonly command: readonly string[]
  /** Where it starts, absolute. */
  readonly folder: string
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>
  readonly limits: ContainerLimits
  /** Between SIGTERM and SIGKILL, ms. */
  readonly graceMs: number
  /** Whether it has a pipe as file descriptor 3, on which it says how far it is, in lines of JSON. */
  readonly announces: boolean
  /** Whether its standard input is a pipe that closes when we end, at which it ends by itself; otherwise it is empty. */
  readonly hasLifeline: boolean
}

/** How a process ended. */
export interface ProcessEnd {
  /** Null when a signal ended it, and when it never ran. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it wrote last, without colours, oldest first: at most 20 lines. */
  readonly lastLines: readonly string[]
  /** One sentence why it could not be started; otherwise empty. */
  readonly failure: string
}

/** Told of one process, never before `run` has returned. */
export interface ProcessEvents {
  /** It was let go at this time of the clock, ms. */
  onStarted(at: number): void
  /** It said how far it is. */
  onAnnounced(message: unknown): void
  /** It ended or could not be started, once. What it started in its group may still be ending: {@link LocalProcess.gone} tells when. */
  onEnded(end: ProcessEnd): void
}

/** A process that was started, with everything in its group. */
export interface LocalProcess {
  /** 0 when it could not be started. */
  readonly pid: number
  /** Resolves when nothing of its group runs any more. */
  readonly gone: Promise<ProcessEnd>
  /** Sends SIGTERM to its group, and SIGKILL when the grace is over. Resolves as `gone` does. Calling it again changes nothing. */
  stop(): Promise<ProcessEnd>
  /** Sends SIGKILL to its group at once. */
  kill(): void
}

/** A command that must end with 0 in time: an exec probe. */
export interface ProbeSpec {
  readonly command: readonly string[]
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

/** What became of it. */
export interface ProbeOutcome {
  readonly ok: boolean
  /** Why not, in a few words; empty when `ok`. */
  readonly detail: string
}
