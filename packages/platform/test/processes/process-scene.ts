import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { PROCESS_CLOCK } from '../../src/clock.ts'
import {
  type LocalProcess,
  type ProcessEnd,
  Processes,
  type ProcessSpec,
} from '../../src/local/processes/processes.ts'
import { KeptLog } from '../support/kept-log.ts'
import { keepAlive, until, within } from '../support/within.ts'

/** A process that a test runs, and what it was told of it. */
export interface Subject {
  readonly process: LocalProcess
  /** Without the name before each. */
  readonly lines: readonly string[]
  readonly announced: readonly unknown[]
  readonly starts: readonly number[]
  /** When it ended. */
  readonly ended: Promise<ProcessEnd>
  /** Resolves when it has written this line. */
  says(line: RegExp): Promise<RegExpExecArray>
  /** When nothing is left of it. */
  gone(): Promise<ProcessEnd>
}

/** Everything that is needed to run processes, ended with the test however that ends. */
export class ProcessScene {
  readonly log: KeptLog
  readonly processes: Processes
  readonly written: [name: string, text: string][]

  private constructor(t: Test, processes: Processes, written: [string, string][], log: KeptLog) {
    this.processes = processes
    this.written = written
    this.log = log
    keepAlive(t)
    t.teardown(() => processes.destroy())
  }

  static async start(t: Test): Promise<ProcessScene> {
    const written: [string, string][] = []
    const log = new KeptLog()
    const output = {
      write: (name: string, text: string) => void written.push([name, text]),
      flushed: () => Promise.resolve(),
    }
    const processes = await Processes.start({ output, clock: PROCESS_CLOCK, log })
    return new ProcessScene(t, processes, written, log)
  }

  /** Runs a script of `sh`, or another command. */
  run(script: string | readonly string[], more: Partial<ProcessSpec> = {}): Subject {
    const command = typeof script === 'string' ? ['sh', '-c', script] : script
    const spec = { ...SPEC, command, ...more }
    const { promise: ended, resolve } = Promise.withResolvers<ProcessEnd>()
    const announced: unknown[] = []
    const starts: number[] = []
    const process = this.processes.run(spec, {
      onStarted: (at) => void starts.push(at),
      onAnnounced: (message) => void announced.push(message),
      onEnded: resolve,
    })
    const lines = (): string[] => this.written.filter(([name]) => name === spec.name).map(([, text]) => text)
    return {
      process,
      announced,
      starts,
      get lines() {
        return lines()
      },
      ended: within('it ended', ended),
      async says(line) {
        let found: RegExpExecArray | null = null
        await until(`it wrote ${line}`, () => {
          found =
            lines()
              .map((text) => line.exec(text))
              .find((match) => match !== null) ?? null
          return found !== null
        })
        return found!
      },
      gone: () => within('nothing is left of it', process.gone),
    }
  }
}

export const SPEC: ProcessSpec = {
  name: 'hello',
  command: ['true'],
  folder: import.meta.dirname,
  env: { PATH: process.env['PATH'] ?? '' },
  limits: { cpu: null, memoryBytes: null },
  graceMs: 10_000,
  announces: false,
  hasLifeline: false,
}

/** Whether a process runs; one that has ended and that nobody has asked for does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    // There is no /proc here, or it has just ended.
    return process.platform !== 'linux'
  }
}
