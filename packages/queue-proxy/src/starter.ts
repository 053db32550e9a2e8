import { closeSync, fstatSync, writeSync } from 'node:fs'
import type { Environment } from '@pilotlight/telemetry'
import type { Readiness } from './readiness/readiness.ts'
import type { PortNumbers } from './sidecar.ts'

/** How we are tied to the process that started us. */
export interface StarterSettings {
  /** The file descriptor on which it is told our ports; null for none. */
  readonly portsFd: number | null
  /** Whether the end of our standard input is its end. */
  readonly hasLifeline: boolean
}

/** File descriptors that can be handed on: those before are the standard ones, and nobody hands on more. */
const FD_MIN = 3
const FD_MAX = 1023

/** Reads what the starter says of itself. What is wrong is appended to the problems of `env`. */
export function readStarter(env: Environment): StarterSettings {
  const lifeline = env.choice<'stdin' | ''>('QUEUE_LIFELINE', ['stdin'], '')
  return { portsFd: readPortsFd(env), hasLifeline: lifeline === 'stdin' }
}

function readPortsFd(env: Environment): number | null {
  const text = env.text('QUEUE_PORTS_FD', '')
  if (text === '') return null
  const fd = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (fd >= FD_MIN && fd <= FD_MAX) return fd
  env.problems.push(
    `QUEUE_PORTS_FD is ${JSON.stringify(text)}: it must be a file descriptor from ${FD_MIN} to ${FD_MAX}`,
  )
  return null
}

/** How long whoever started us may have to wait for a ready app, ms; it gives up long before. */
const READY_MS_MAX = 24 * 60 * 60 * 1000

/** How long an app that is about to be ready is looked at before anything else is done, ms. */
const FIRST_LOOK_MS = 25

/** How long, once it is ready, the request that waits for it has the process for itself, ms. */
const FIRST_REQUEST_MS = 25

/**
 * The pipe to the process that started us. It says one thing in a line of JSON, as soon as that is so:
 *
 *     {"main":41001}                                        requests are taken
 *     {"admin":41002,"autoscaling":41003}                   the other ports
 *     {"ready":true,"listeningMs":1.2,"readyMs":0.1}        the app is ready, and how long ago it listened and was; before or after the others
 *
 * and then ends.
 */
export class StarterPipe {
  readonly #fd: number
  #toCome = 2

  /** Throws when `fd` is no pipe: anything else may be one of our own. */
  constructor(fd: number) {
    this.#fd = fd
    const problem = problemOf(fd)
    if (problem !== '') throw unheard(fd, problem)
  }

  /**
   * Requests are taken on this port. Whether the app is ready is asked from now on. Resolves when there is time for something else: the
   * app is not so soon, or is, and the first request had its time. Rejects when nobody reads.
   */
  async onMain(port: number, readiness: Pick<Readiness, 'awaitReady' | 'ages'>): Promise<void> {
    this.#write({ main: port })
    void readiness.awaitReady(READY_MS_MAX).result.then((isReady) => {
      if (isReady) this.#last({ ready: true, ...readiness.ages })
      else this.#end()
    })
    const isReady = await readiness.awaitReady(FIRST_LOOK_MS).result
    if (isReady) await new Promise((resolve) => setTimeout(resolve, FIRST_REQUEST_MS))
  }

  /** All ports are open. Throws when nobody reads. */
  onPorts({ main, ...others }: PortNumbers): void {
    void main
    this.#write(others)
    this.#end()
  }

  #last(message: object): void {
    try {
      this.#write(message)
    } catch {
      // Whoever started us is gone, which is noticed elsewhere.
    }
    this.#end()
  }

  #write(message: object): void {
    try {
      writeSync(this.#fd, `${JSON.stringify(message)}\n`)
    } catch (error) {
      throw unheard(this.#fd, (error as Error).message)
    }
  }

  #end(): void {
    if (--this.#toCome === 0) closeSync(this.#fd)
  }
}

function problemOf(fd: number): string {
  try {
    const kind = fstatSync(fd)
    return kind.isFIFO() || kind.isSocket() ? '' : 'it is no pipe'
  } catch (error) {
    return (error as Error).message
  }
}

function unheard(fd: number, why: string): Error {
  return new Error(`QUEUE_PORTS_FD is ${fd}: the ports cannot be written there: ${why}`)
}

/** Calls `onGone` when standard input ends. What comes there is not looked at. */
export function watchStarter(onGone: () => void): void {
  const { stdin } = process
  stdin.once('end', onGone).once('close', onGone).once('error', onGone)
  stdin.resume()
  // It is no reason to go on running. A file has an end anyway.
  stdin.unref?.()
}
