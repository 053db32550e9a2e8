import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Child } from '../process/launch.ts'

/**
 * Waits until something accepts connections on a loopback port, asking without a pause, and returns the time it did, in
 * nanoseconds of `process.hrtime`. Throws when the program ends or nothing listens in time.
 */
export async function connectable(child: Child, port: number, timeoutMs: number): Promise<bigint> {
  const end = performance.now() + timeoutMs
  while (!(await accepts(port))) {
    if (child.hasExited) throw child.error('ended before it listened')
    if (performance.now() > end) throw child.error(`does not listen on ${port} after ${timeoutMs} ms`)
    await turn()
  }
  return process.hrtime.bigint()
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
