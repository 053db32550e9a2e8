import { type ChildProcess, spawn } from 'node:child_process'
import type { RevisionName } from '../platform.ts'
import type { WakeAction } from './static-config.ts'

/** How a wake-up ended. */
export interface WakeResult {
  /** What went wrong, for whoever waits for an instance; empty when it went well. */
  readonly problem: string
  /** What the command wrote last, for the log alone: it may say what callers should not know. */
  readonly output: string
}

/** A wake-up that runs. */
export interface RunningWake {
  readonly result: Promise<WakeResult>
  /** Ends it. */
  stop(): void
}

/** Longest answer to a wake-up over HTTP that is waited for, ms. */
const HTTP_MS = 10_000
/** Between SIGTERM and SIGKILL, ms. */
const KILL_MS = 2000
/** Of the output of a command, what is kept for the log, characters. */
const OUTPUT_MAX = 2000

/** Runs what wakes a revision. `directory` is where commands start. */
export function runWake(action: WakeAction, name: RevisionName, directory: string): RunningWake {
  return action.kind === 'exec' ? runCommand(action.command, name, directory) : callUrl(action.url, name)
}

function runCommand(command: readonly string[], name: RevisionName, directory: string): RunningWake {
  const [program, ...args] = command
  const child = spawn(program, args, {
    cwd: directory,
    env: { ...process.env, PILOTLIGHT_NAMESPACE: name.namespace, PILOTLIGHT_REVISION: name.name },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let killTimer: NodeJS.Timeout | null = null
  const result = new Promise<WakeResult>((resolve) => {
    const output = new Output(child)
    const words = JSON.stringify(command.join(' '))
    child.on('error', (error) =>
      resolve({ problem: `the wake-up command ${words} did not start: ${error.message}`, output: '' }),
    )
    // What the command leaves running may keep its output open: its own end is what counts.
    child.on('exit', (code, signal) => {
      if (killTimer !== null) clearTimeout(killTimer)
      output.end()
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`
      const problem = code === 0 ? '' : `the wake-up command ${words} ended ${how}`
      resolve({ problem, output: output.text })
    })
  })
  return {
    result,
    stop: () => {
      child.kill('SIGTERM')
      killTimer = setTimeout(() => child.kill('SIGKILL'), KILL_MS)
      killTimer.unref()
    },
  }
}

/** The last lines a command wrote. */
class Output {
  text = ''
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8')
      stream?.on('data', (chunk: string) => (this.text = `${this.text}${chunk}`.slice(-OUTPUT_MAX)))
    }
  }

  end(): void {
    this.text = this.text.trim()
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }
}

function callUrl(url: string, { namespace, name }: RevisionName): RunningWake {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${HTTP_MS / 1000} s`)), HTTP_MS)
  timer.unref()
  return {
    result: post(url, { namespace, name }, controller.signal).finally(() => clearTimeout(timer)),
    stop: () => controller.abort(new Error('the activator ends')),
  }
}

async function post(url: string, body: object, signal: AbortSignal): Promise<WakeResult> {
  try {
    const status = await postJson(url, body, signal)
    const problem = status < 400 ? '' : `the wake-up call was answered with status ${status}`
    return { problem, output: '' }
  } catch (error) {
    const { message, cause } = error as Error
    return {
      problem: `the wake-up call failed: ${cause instanceof Error ? cause.message : message}`,
      output: '',
    }
  }
}

/** POSTs JSON, and answers the status. Rejects when there is none. */
export async function postJson(url: string, body: unknown, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal,
  })
  await response.body?.cancel()
  return response.status
}
