import { type ChildProcess, spawn } from 'node:child_process'
import { LineSplitter } from '../terminal/lines.ts'

/** Ports on which the activator serves. */
export interface ActivatorPorts {
  readonly http1: number
  readonly h2c: number
  readonly admin: number
}

/** How starting ended. */
export type Started =
  | { readonly kind: 'ready'; readonly ports: ActivatorPorts }
  /** It said why it cannot start: one problem per line. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It ended without saying anything. */
  | { readonly kind: 'ended' }

/** How the process ended: one of the two is not null. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What is started. */
export interface ActivatorProgram {
  /** Path of the program. */
  readonly path: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What it reads from standard input. */
  readonly input: string | NodeJS.ReadableStream
}

/** Told of what it writes, line by line. */
export interface ActivatorEvents {
  /** Output of instances. */
  readonly onOutput: (line: string) => void
  /** Its own log. */
  readonly onLog: (line: string) => void
}

/**
 * The activator as a child process:
 *
 *     starting ─┬─ {type:'ready'} ──► ready ──► ended
 *               ├─ {type:'failed'} ─► failed ─► ended
 *               └─ ends ────────────► ended
 *
 * It is in a process group of its own, so that Ctrl-C reaches only the command, which then decides; when the command is gone, in whatever way,
 * the IPC channel closes and the activator ends by itself.
 */
export class ActivatorProcess {
  /** Resolves once it serves, or does not. */
  readonly started: Promise<Started>
  /** Resolves once it is gone and everything it wrote was told. */
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  constructor(program: ActivatorProgram, events: ActivatorEvents) {
    const child = spawn(process.execPath, [program.path], {
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      detached: true,
      env: program.env,
    })
    this.#child = child
    forwardLines(child.stdout!, events.onOutput)
    forwardLines(child.stderr!, events.onLog)
    this.#feed(program.input)
    this.ended = endOf(child)
    this.started = startOf(child, this.ended)
  }

  /** Asks it to end without losing a request. */
  end(): void {
    this.#child.kill('SIGTERM')
  }

  /** Ends it at once; what it has started ends by itself. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #feed(input: string | NodeJS.ReadableStream): void {
    const stdin = this.#child.stdin!
    // It may end before it has read everything.
    stdin.on('error', () => {})
    if (typeof input === 'string') stdin.end(input)
    else input.pipe(stdin)
  }
}

function forwardLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  const lines = new LineSplitter(onLine)
  stream.on('data', (chunk: Buffer) => lines.push(chunk))
  stream.on('end', () => lines.end())
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    // `close` does not wait for what it sent, such as why it could not start: that is told before the channel ends.
    const disconnected = new Promise<void>((told) => child.once('disconnect', told))
    child.once('close', (code, signal) => void disconnected.then(() => resolve({ code, signal })))
    // It could not be started at all: there is no `close` then.
    child.once('error', () => {
      if (child.pid === undefined) resolve({ code: 1, signal: null })
    })
  })
}

async function startOf(child: ChildProcess, ended: Promise<Ended>): Promise<Started> {
  const told = new Promise<Started>((resolve) => {
    child.on('message', (message) => {
      const started = startedOf(message)
      if (started !== null) resolve(started)
    })
  })
  return Promise.race([told, ended.then((): Started => ({ kind: 'ended' }))])
}

function startedOf(message: unknown): Started | null {
  const {
    message: text,
    ports,
    type,
  } = message as { type?: unknown; ports?: ActivatorPorts; message?: unknown }
  if (type === 'ready' && ports !== undefined) return { kind: 'ready', ports }
  if (type === 'failed') return { kind: 'failed', message: String(text) }
  return null
}
