import { connect } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 10

/** Waits until something accepts connections on a loopback port; throws when nothing does in time. */
export async function waitForListener(port: number, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      if (performance.now() > end) throw new Error(`does not listen on ${port} after ${timeoutMs} ms`)
      await sleep(RETRY_MS)
    } finally {
      socket.destroy()
    }
  }
}
