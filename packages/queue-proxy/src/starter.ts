import { closeSync, fstatSync, writeSync } from 'node:fs'
import type { Environment } from '@pilotlight/telemetry'
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

/** Writes our ports as one line of JSON, and closes the file descriptor. Throws when there is no pipe, or nobody who reads it. */
export function tellPorts(fd: number, ports: PortNumbers): void {
  try {
    const kind = fstatSync(fd)
    // Anything else may be one of our own.
    if (!kind.isFIFO() && !kind.isSocket()) throw new Error('it is no pipe')
    writeSync(fd, `${JSON.stringify(ports)}\n`)
    closeSync(fd)
  } catch (error) {
    throw new Error(
      `QUEUE_PORTS_FD is ${fd}: the ports cannot be written there: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  }
}

/** Calls `onGone` when standard input ends. What comes there is not looked at. */
export function watchStarter(onGone: () => void): void {
  const { stdin } = process
  stdin.once('end', onGone).once('close', onGone).once('error', onGone)
  stdin.resume()
  // It is no reason to go on running. A file has an end anyway.
  stdin.unref?.()
}
