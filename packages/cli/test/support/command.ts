import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const FAKE_ACTIVATOR = fileURLToPath(new URL('fake-activator.js', import.meta.url))
const WAIT_MS = 20_000

/** Node with the command, as arguments of a shell or a process. */
export const COMMAND: readonly string[] = [process.execPath, '--conditions=@pilotlight/source', MAIN]

/** The environment in which the command is tested: nothing of the tester's terminal, and the activator of the tests. */
export function environment(fake: object = {}): Record<string, string | undefined> {
  const { CI: _ci, FORCE_COLOR: _force, NO_COLOR: _no, ...rest } = process.env
  return { ...rest, TERM: 'xterm', PILOTLIGHT_ACTIVATOR: FAKE_ACTIVATOR, FAKE: JSON.stringify(fake) }
}

/** The command as a process, with what it wrote so far. */
export class RunningCommand {
  readonly child: ChildProcess
  readonly #ended: Promise<unknown>
  #wakers: (() => void)[] = []
  /** It has ended, and everything it wrote is here. */
  #hasEnded = false
  stdout = ''
  stderr = ''

  constructor(
    t: Test,
    argv: readonly string[],
    options: { fake?: object; folder?: string; input?: string } = {},
  ) {
    this.child = spawn(COMMAND[0], [...COMMAND.slice(1), ...argv], {
      env: environment(options.fake),
      cwd: options.folder,
    })
    this.#ended = once(this.child, 'close').then(() => (this.#hasEnded = true))
    this.child
      .stdout!.setEncoding('utf8')
      .on('data', (text: string) => this.#note(() => (this.stdout += text)))
    this.child
      .stderr!.setEncoding('utf8')
      .on('data', (text: string) => this.#note(() => (this.stderr += text)))
    this.child.stdin!.end(options.input ?? '')
    t.teardown(() => void this.child.kill('SIGKILL'))
  }

  #note(take: () => void): void {
    take()
    for (const wake of this.#wakers.splice(0)) wake()
  }

  /** Resolves once it wrote something to standard output; rejects after 20 s, or when it ends before. */
  async wrote(pattern: RegExp): Promise<RegExpMatchArray> {
    const deadline = AbortSignal.timeout(WAIT_MS)
    for (;;) {
      const match = this.stdout.match(pattern)
      if (match !== null) return match
      if (deadline.aborted || this.#hasEnded)
        throw new Error(`no ${pattern} in ${this.stdout}\n${this.stderr}`)
      await Promise.race([
        new Promise<void>((resolve) => this.#wakers.push(resolve)),
        this.#ended,
        once(deadline, 'abort'),
      ])
    }
  }

  /** Its exit code, once everything it wrote is here. */
  async code(): Promise<number | null> {
    await Promise.race([this.#ended, once(AbortSignal.timeout(WAIT_MS), 'abort')])
    return this.child.exitCode
  }
}
