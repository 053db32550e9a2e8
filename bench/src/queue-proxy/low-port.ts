import { isPortFree } from '../process/free-port.ts'

/** Below the ports that systems give to outgoing connections (from 32768 or 49152 on). */
const FIRST = 20_000
const COUNT = 10_000
let next = process.pid % COUNT

/**
 * A free TCP port outside the range of outgoing connections. Whoever connects again and again to a port inside it, before
 * anybody listens there, is at some time given that very port as its own, and connected to itself.
 */
export async function lowPort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + (next++ % COUNT)
    if (await isPortFree(port)) return port
  }
  throw new Error(`no port from ${FIRST} to ${FIRST + COUNT - 1} is free`)
}
