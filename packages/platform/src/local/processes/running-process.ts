import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { PlatformClock } from '../../clock.ts'
import type { PlatformLog } from '../../platform-log.ts'
import { readAnnouncements } from './announcement.ts'
import type { Cgroup, Cgroups } from './cgroups.ts'
import { LastLines } from './last-lines.ts'
import { launch, letGo } from './launch.ts'
import { ProcessGroup } from './process-group.ts'
import { readLines } from './read-lines.ts'
import type { LocalProcess, ProcessEnd, ProcessEvents, ProcessSpec } from './process-spec.ts'
import { explainError, explainExit } from './start-failure.ts'
import type { Watchdog } from './watchdog.ts'

/** What every process shares. */
export interface ProcessSurroundings {
  readonly watchdog: Watchdog
  readonly cgroups: Cgroups
  readonly clock: PlatformClock
  readonly log: PlatformLog
}

/** How long the last words of a process that ended are waited for, ms: what it left running may keep its output open. */
const LAST_WORDS_MS = 100

/**
 * One process and its group:
 *
 *     held ── the watchdog knows it ──► running ── exit ──► ended: told ── the rest of its group ended ──► gone
 *       │                                                    ▲
 *       └── could not be made, or not run ───────────────────┘
 */
export class RunningProcess implements LocalProcess {
  readonly gone: Promise<ProcessEnd>
  readonly #spec: ProcessSpec
  readonly #events: ProcessEvents
  readonly #onLine: (text: string) => void
  readonly #around: ProcessSurroundings
  readonly #lastLines = new LastLines()
  readonly #child: ChildProcess | null
  readonly #group: ProcessGroup | null = null
  #cgroup: Promise<Cgroup | null> = Promise.resolve(null)
  #isEnding = false
  #onGone: (end: ProcessEnd) => void = () => {}

  constructor(
    spec: ProcessSpec,
    events: ProcessEvents,
    onLine: (text: string) => void,
    around: ProcessSurroundings,
  ) {
    this.#spec = spec
    this.#events = events
    this.#onLine = onLine
    this.#around = around
    this.gone = new Promise((resolve) => (this.#onGone = resolve))
    this.#child = this.#launch()
    const pid = this.#child?.pid
    if (pid === undefined) return
    this.#group = new ProcessGroup(pid, around.clock)
    this.#read(this.#child!)
    this.#child!.once('exit', (code, signal) => void this.#onExit(code, signal))
    void this.#letGo(pid)
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  stop(): Promise<ProcessEnd> {
    this.#isEnding = true
    this.#group?.end(this.#spec.graceMs)
    return this.gone
  }

  kill(): void {
    this.#isEnding = true
    this.#group?.kill()
  }

  #launch(): ChildProcess | null {
    try {
      const child = launch(this.#spec)
      child.on('error', (error) => {
        // Also raised when something else fails; then the end is still to come.
        if (child.pid === undefined) void this.#onNotMade(error)
      })
      return child
    } catch (error) {
      void this.#onNotMade(error as Error)
      return null
    }
  }

  #read(child: ChildProcess): void {
    const onLine = (text: string): void => {
      this.#lastLines.add(text)
      this.#onLine(text)
    }
    readLines(child.stdout!, onLine)
    readLines(child.stderr!, onLine)
    // It may end before it reads.
    child.stdin!.on('error', () => {})
    if (!this.#spec.announces) return
    readAnnouncements(
      child.stdio[3] as Readable,
      (message) => this.#events.onAnnounced(message),
      (problem) =>
        this.#around.log.error(`What ${this.#spec.name} announced cannot be used: ${problem}`, {
          process: this.#spec.name,
        }),
    )
  }

  /** Nothing runs that would outlive us, and nothing beyond its limits. */
  async #letGo(pid: number): Promise<void> {
    const { watchdog, cgroups, clock } = this.#around
    this.#cgroup = cgroups.confine(pid, this.#spec)
    await Promise.all([watchdog.add(pid), this.#cgroup])
    if (this.#isEnding) return
    letGo(this.#child!, this.#spec.hasLifeline)
    this.#events.onStarted(clock.now())
  }

  async #onNotMade(error: Error): Promise<void> {
    const failure = await explainError(this.#spec, error)
    this.#tellEnd({ code: null, signal: null, lastLines: [], failure })
  }

  async #onExit(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const { watchdog, log } = this.#around
    const wasEnding = this.#isEnding
    this.#isEnding = true
    const group = this.#group!
    const emptied = group.becomesEmpty()
    group.end(this.#spec.graceMs)
    await this.#lastWords()
    const failure = wasEnding ? '' : await explainExit(this.#spec, code)
    const end = { code, signal, failure, lastLines: this.#lastLines.all }
    this.#events.onEnded(end)
    if (!(await emptied))
      log.error(`Something that ${this.#spec.name} started cannot be ended.`, { group: this.pid })
    watchdog.remove(this.pid)
    await this.#leaveCgroup()
    for (const stream of this.#child!.stdio) stream?.destroy()
    this.#onGone(end)
  }

  async #leaveCgroup(): Promise<void> {
    const cgroup = await this.#cgroup
    if (cgroup === null) return
    if (await cgroup.ranOutOfMemory()) {
      const { name, limits } = this.#spec
      this.#around.log.warn(`${name} was killed because it wanted more memory than its limit.`, {
        process: name,
        limitBytes: limits.memoryBytes,
      })
    }
    await cgroup.remove()
  }

  /** Its output has ended, or whatever keeps it open has had time enough. */
  #lastWords(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#around.clock.after(LAST_WORDS_MS, resolve)
    this.#child!.once('close', () => {
      cancel()
      resolve()
    })
    return promise
  }

  #tellEnd(end: ProcessEnd): void {
    this.#events.onEnded(end)
    this.#onGone(end)
  }
}
