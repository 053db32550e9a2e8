import { spawn, type ChildProcess } from 'node:child_process'

/**
 * Runs the program in the background, prints its pid, and stops it as soon as its own stdin ends: a child then never
 * outlives the harness, however that one ends. The open-file limit is raised for the 1,000-connection cases.
 */
const SUPERVISOR = `
ulimit -S -n "$(ulimit -H -n)" 2>/dev/null
exec 9<&0
stop=$1; shift
"$@" </dev/null 9<&- &
pid=$!
echo "$pid"
{ cat <&9 >/dev/null; kill -s "$stop" "$pid"; sleep 2; kill -s KILL "$pid"; } >/dev/null 2>&1 &
watcher=$!
exec 9<&-
wait "$pid"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`
const OUTPUT_CHARS_MAX = 1_000_000

export type StopSignal = 'TERM' | 'INT' | 'KILL'

export interface LaunchOptions {
  command: string[]
  /** Cores in `taskset -c` notation, or null. */
  cores: string | null
  env?: NodeJS.ProcessEnv
  stopSignal?: StopSignal
}

/** One child process and all it printed. */
export class Child {
  readonly #supervisor: ChildProcess
  readonly #title: string
  readonly exited: Promise<number>
  #stdout = ''
  #stderr = ''
  #hasExited = false
  #onLine: (() => void) | null = null

  constructor(options: LaunchOptions) {
    const { command, cores, env = process.env, stopSignal = 'TERM' } = options
    const pinned = cores === null ? command : ['taskset', '-c', cores, ...command]
    this.#title = command.join(' ').slice(0, 200)
    this.#supervisor = spawn('/bin/sh', ['-c', SUPERVISOR, 'sh', stopSignal, ...pinned], { env })
    this.#supervisor.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(0, OUTPUT_CHARS_MAX)
      this.#onLine?.()
    })
    this.#supervisor.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-2000)
    })
    this.#supervisor.stdin!.on('error', () => {})
    this.exited = new Promise((resolve) => {
      this.#supervisor.on('error', () => resolve(-1))
      this.#supervisor.on('close', (code) => {
        this.#hasExited = true
        this.#onLine?.()
        resolve(code ?? -1)
      })
      this.#supervisor.on('exit', () => this.#supervisor.stdin!.destroy())
    })
  }

  get hasExited(): boolean {
    return this.#hasExited
  }

  /** What the program itself printed on stdout so far. */
  get output(): string {
    return this.#stdout.slice(this.#stdout.indexOf('\n') + 1)
  }

  /** The process id of the program (not of the shell that watches it). */
  get pid(): number {
    return Number.parseInt(this.#stdout, 10)
  }

  /** Waits until the program printed its first whole line, and returns it. */
  async firstLine(timeoutMs: number): Promise<string> {
    await this.#until(() => this.output.includes('\n'), timeoutMs, 'printed nothing')
    return this.output.slice(0, this.output.indexOf('\n'))
  }

  /** Waits until the program runs and its pid is known. */
  async started(timeoutMs: number): Promise<void> {
    await this.#until(() => this.#stdout.includes('\n'), timeoutMs, 'did not start')
  }

  /** Waits for the end of a program that ends by itself; a failure or an overrun throws with what it printed. */
  async finished(timeoutMs: number): Promise<string> {
    await this.#until(() => this.#hasExited, timeoutMs, 'did not end')
    return await this.#report()
  }

  /** Sends the stop signal to a program that answers it with a report, and returns that. */
  async interrupted(): Promise<string> {
    await this.stop()
    return await this.#report()
  }

  /** Stops the program and waits until it is gone. */
  async stop(): Promise<void> {
    this.#supervisor.stdin!.end()
    await this.exited
  }

  async #report(): Promise<string> {
    const code = await this.exited
    if (code !== 0) throw this.error(`ended with code ${code}`)
    return this.output
  }

  /** An error that says what happened to which program, with the end of its stderr. */
  error(what: string): Error {
    return new Error(`${this.#title}: ${what}\n${this.#stderr.trim()}`.trim())
  }

  async #until(isReached: () => boolean, timeoutMs: number, what: string): Promise<void> {
    if (isReached()) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => finish(this.error(`${what} within ${timeoutMs} ms`)), timeoutMs)
      const finish = (error?: Error): void => {
        clearTimeout(timer)
        this.#onLine = null
        if (error === undefined) return resolve()
        this.#supervisor.stdin!.end()
        reject(error)
      }
      this.#onLine = () => {
        if (isReached()) finish()
        else if (this.#hasExited) finish(this.error(what))
      }
    })
  }
}
