import type { PlatformClock } from '../../clock.ts'
import type { PlatformLog } from '../../platform-log.ts'
import { Cgroups } from './cgroups.ts'
import type { OutputLines } from './output-lines.ts'
import type {
  LocalProcess,
  ProbeOutcome,
  ProbeSpec,
  ProcessEnd,
  ProcessEvents,
  ProcessSpec,
} from './process-spec.ts'
import { runProbe } from './run-probe.ts'
import { type ProcessSurroundings, RunningProcess } from './running-process.ts'
import { Watchdog } from './watchdog.ts'

export type { LocalProcess, ProbeOutcome, ProbeSpec, ProcessEnd, ProcessEvents, ProcessSpec }

/** What `Processes` needs. */
export interface ProcessesOptions {
  readonly output: Pick<OutputLines, 'write' | 'flushed'>
  readonly clock: PlatformClock
  readonly log: PlatformLog
  /** When we are killed, how long processes have between SIGTERM and SIGKILL, ms. */
  readonly orphanGraceMs?: number
}

/** A few requests may end in it, and a port is free again soon. */
const ORPHAN_GRACE_MS = 5000
/** How long the last lines may take to be written at the end, ms. */
const FLUSH_MS = 500

/**
 * The processes of this platform. None of them outlives us, however we end: each is in a group of its own that a {@link Watchdog} knows
 * before the process runs. What leaves its group, as a daemon does, is out of reach unless its limits put it into a cgroup.
 */
export class Processes {
  readonly #options: ProcessesOptions
  readonly #around: ProcessSurroundings
  readonly #running = new Set<LocalProcess>()
  #isClosed = false

  private constructor(options: ProcessesOptions, around: ProcessSurroundings) {
    this.#options = options
    this.#around = around
  }

  /** Rejects when there is no shell to start anything with. */
  static async start(options: ProcessesOptions): Promise<Processes> {
    const { clock, log, orphanGraceMs = ORPHAN_GRACE_MS } = options
    // It may move us, and the watchdog belongs where we are.
    const cgroups = await Cgroups.find({ log })
    const watchdog = await Watchdog.start({ log, clock, orphanGraceMs })
    return new Processes(options, { watchdog, cgroups, clock, log })
  }

  /** Why limits have no effect here, as one sentence; empty when they have. */
  get limitsReason(): string {
    return this.#around.cgroups.reason
  }

  /** Starts a process. Does not throw: what goes wrong is told as its end. Once this is closed, it ends before it runs. */
  run(spec: ProcessSpec, events: ProcessEvents): LocalProcess {
    const { output } = this.#options
    return this.#keep(new RunningProcess(spec, events, (text) => output.write(spec.name, text), this.#around))
  }

  /** Runs a command that has to end with 0 in time; what it writes is not shown. Everything in its group is killed when it ends or is late. */
  probe(spec: ProbeSpec): Promise<ProbeOutcome> {
    return runProbe(spec, this.#around.clock, (process, events) =>
      this.#keep(new RunningProcess(process, events, () => {}, this.#around)),
    )
  }

  #keep(process: LocalProcess): LocalProcess {
    // Nobody would wait for its end.
    if (this.#isClosed) process.kill()
    this.#running.add(process)
    void process.gone.then(() => this.#running.delete(process))
    return process
  }

  /** Stops everything, and resolves when nothing is left. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#running].map((process) => process.stop()))
    await this.#around.watchdog.close()
    await this.#flush()
  }

  #flush(): Promise<void> {
    const { clock, output } = this.#options
    return new Promise((resolve) => {
      const cancel = clock.after(FLUSH_MS, resolve)
      void output.flushed().then(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Kills everything at once. */
  destroy(): void {
    this.#isClosed = true
    for (const process of this.#running) process.kill()
    void this.#around.watchdog.close()
  }
}
