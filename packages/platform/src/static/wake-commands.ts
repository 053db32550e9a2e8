import { type ChildProcess, spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import type { RevisionName } from '../platform.ts'
import { CommandOutput } from './command-output.ts'
import { DONE, type RunningWake, WakeOutcome, type WakeResult } from './wake-result.ts'

/** Between SIGTERM and SIGKILL, ms. */
const KILL_MS = 2000
/** How long the last words of a command that failed are waited for, ms: what it left running may keep its output open. */
const LAST_WORDS_MS = 200

/** Runs commands that wake revisions, and keeps what they leave open. */
export class WakeCommands {
  readonly #directory: string
  readonly #open = new Set<CommandOutput>()

  /** `directory` is where they start. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * Runs a program with arguments, without a shell, in a process group of its own. It may start something that goes on and end; as long as
   * it has not ended it is stopped with everything in its group. `timeoutMs` is how long it may take.
   */
  run(command: readonly string[], name: RevisionName, timeoutMs: number): RunningWake {
    const words = `the wake-up command ${JSON.stringify(command[0])}`
    let child: ChildProcess
    try {
      child = this.#spawn(command, name)
    } catch (error) {
      return { result: Promise.resolve(notStarted(words, error)), stop: () => {} }
    }
    const running = new RunningCommand(child, words, timeoutMs)
    const { output } = running
    this.#open.add(output)
    const forget = (): void => {
      if (!output.isOpen) this.#open.delete(output)
    }
    child.on('close', forget)
    void running.result.then(forget)
    return running
  }

  #spawn([program, ...args]: readonly string[], { namespace, name }: RevisionName): ChildProcess {
    return spawn(program, args, {
      cwd: this.#directory,
      env: { ...process.env, PILOTLIGHT_NAMESPACE: namespace, PILOTLIGHT_REVISION: name },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A script that is stopped must not leave behind what it waits for.
      detached: true,
    })
  }

  /** Closes the output of everything that commands left running. */
  close(): void {
    for (const output of this.#open) output.close()
    this.#open.clear()
  }
}

/** A command that runs. */
class RunningCommand implements RunningWake {
  readonly result: Promise<WakeResult>
  readonly output: CommandOutput
  readonly #child: ChildProcess
  readonly #timeoutMs: number
  readonly #timers: NodeJS.Timeout[] = []
  #isLate = false
  #isStopped = false

  constructor(child: ChildProcess, words: string, timeoutMs: number) {
    this.#child = child
    this.#timeoutMs = timeoutMs
    // There are none when there are no descriptors left for them.
    this.output = new CommandOutput(
      [child.stdout, child.stderr].filter((stream) => stream instanceof Readable),
    )
    this.result = new Promise((resolve) => {
      child.on('error', (error) => {
        // Also raised when a signal cannot be sent; then the end is still to come.
        if (child.pid === undefined) this.#end(resolve, notStarted(words, error))
      })
      child.on('exit', (code, signal) => this.#onExit(resolve, words, code, signal))
    })
    this.#after(timeoutMs, () => {
      this.#isLate = true
      this.stop()
    })
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#signal('SIGTERM')
    this.#after(KILL_MS, () => this.#signal('SIGKILL'))
  }

  #onExit(
    resolve: (result: WakeResult) => void,
    words: string,
    code: number | null,
    signal: NodeJS.Signals | null,
  ): void {
    if (code === 0 && !this.#isLate) return this.#end(resolve, DONE)
    let how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
    if (this.#isLate) how = `did not end within ${this.#timeoutMs / 1000} s`
    const end = (): void =>
      this.#end(resolve, {
        outcome: WakeOutcome.Failed,
        reason: `${words} ${how}`,
        detail: { output: this.output.lastLines },
      })
    // Its last words may still be on their way.
    if (!this.output.isOpen) return end()
    const timer = setTimeout(end, LAST_WORDS_MS)
    this.#child.on('close', () => {
      clearTimeout(timer)
      end()
    })
  }

  #end(resolve: (result: WakeResult) => void, result: WakeResult): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.output.drop()
    resolve(result)
  }

  #after(ms: number, then: () => void): void {
    this.#timers.push(setTimeout(then, ms).unref())
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child
    // Once it has ended, its number may be somebody else's.
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    try {
      process.kill(-pid, signal)
    } catch {
      // No groups here, or it has just ended.
      this.#child.kill(signal)
    }
  }
}

function notStarted(words: string, error: unknown): WakeResult {
  const { code, message } = error as NodeJS.ErrnoException
  return {
    outcome: WakeOutcome.Failed,
    reason: `${words} could not be started${code === undefined ? '' : `: ${code}`}`,
    detail: { detail: message },
  }
}
