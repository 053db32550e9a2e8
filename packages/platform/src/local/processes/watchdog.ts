import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import type { PlatformClock } from '../../clock.ts'
import type { PlatformLog } from '../../platform-log.ts'

/**
 * Keeps a list of process groups, told as `+ GROUP` and `- GROUP`. When its standard input ends, so has the process that wrote there: all
 * groups get SIGTERM, and those that are left after the grace, which is its argument in tenths of a second, SIGKILL. For any shell: there is
 * no other way to write `kill` that all of dash, bash, ksh and busybox take.
 */
export const WATCHDOG_SCRIPT: string = `
trap '' HUP INT QUIT TERM PIPE
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -TERM "-$group"; done
tenths=0
while [ $tenths -lt $1 ]; do
  left=' '
  for group in $groups; do kill -0 "-$group" && left="$left$group "; done
  groups=$left
  [ "$groups" = ' ' ] && exit 0
  if sleep 0.1; then tenths=$((tenths + 1)); else sleep 1; tenths=$((tenths + 10)); fi
done
for group in $groups; do kill -KILL "-$group"; done
`

/** One that ends again this soon, ms, is not started again. */
const LIFE_MIN_MS = 1000

/** What a watchdog needs. */
export interface WatchdogOptions {
  readonly log: PlatformLog
  readonly clock: PlatformClock
  /** Between SIGTERM and SIGKILL for groups that we left behind, ms. */
  readonly orphanGraceMs: number
}

/**
 * A process that ends our process groups when we cannot: when we are killed. The pipe to it closes then, whatever killed us, and no child
 * of ours has the other end of it.
 */
export class Watchdog {
  readonly #log: PlatformLog
  readonly #clock: PlatformClock
  readonly #graceMs: number
  readonly #groups = new Set<number>()
  #child: ChildProcess
  #startedAt = 0
  #isClosed = false

  private constructor({ log, clock, orphanGraceMs }: WatchdogOptions) {
    this.#log = log
    this.#graceMs = orphanGraceMs
    this.#clock = clock
    this.#child = this.#spawn()
  }

  /** Rejects when there is no shell. */
  static async start(options: WatchdogOptions): Promise<Watchdog> {
    const watchdog = new Watchdog(options)
    const child = watchdog.#child
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (error) =>
        reject(new Error(`/bin/sh, which watches over the processes, does not start: ${error.message}`)),
      )
    })
    return watchdog
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Resolves when it will end this group if we die. */
  add(group: number): Promise<void> {
    this.#groups.add(group)
    // Whoever waits for the end of a group must not be ended for want of anything else to do.
    this.#child.ref()
    const { stdin } = this.#child
    if (stdin === null) return Promise.resolve()
    return new Promise((resolve) => stdin.write(`+ ${group}\n`, () => resolve()))
  }

  /** The group is gone, and its number is not ours any more. */
  remove(group: number): void {
    if (!this.#groups.delete(group)) return
    this.#child.stdin?.write(`- ${group}\n`)
    if (this.#groups.size === 0) this.#child.unref()
  }

  /** Resolves when it has ended. It ends the groups that it still knows. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const child = this.#child
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.ref()
    const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
    child.stdin!.end()
    await ended
  }

  #spawn(): ChildProcess {
    this.#startedAt = this.#clock.now()
    const child = spawn(
      '/bin/sh',
      ['-c', WATCHDOG_SCRIPT, 'pilotlight-watchdog', String(Math.ceil(this.#graceMs / 100))],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
        // A session of its own: what is typed at our terminal is not for it.
        detached: true,
        // It must not keep a folder busy.
        cwd: '/',
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      },
    )
    child.unref()
    const input = child.stdin as (Writable & { unref(): void }) | null
    // Once it has ended, `exit` tells.
    input?.on('error', () => {})
    input?.unref()
    child.on('exit', () => this.#onEnded())
    child.on('error', () => {
      if (child.pid === undefined) this.#onEnded()
    })
    return child
  }

  #onEnded(): void {
    if (this.#isClosed) return
    if (this.#clock.now() - this.#startedAt < LIFE_MIN_MS)
      return this.#log.error(
        'The watchdog over the processes ended at once. If this process is killed now, they go on running.',
      )
    this.#log.warn('The watchdog over the processes ended, and is started again.')
    this.#child = this.#spawn()
    for (const group of this.#groups) void this.add(group)
  }
}
