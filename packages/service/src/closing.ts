import type { Relay } from '@pilotlight/relay'
import type { Logger } from '@pilotlight/telemetry'

/** How long the two ends of an upgraded connection may take to say goodbye, ms. */
const TUNNEL_FAREWELL_MS = 5000

/**
 * Ends a relay without losing a request: no new connections, and those that are there end when their requests have,
 * which have their own clocks. Upgraded ones may have none: their ends get `tunnelMs` to part by themselves, and then
 * it is done for them. Resolves when nothing of the relay is left.
 */
export async function closeGracefully(relay: Relay, tunnelMs: number, log: Logger): Promise<void> {
  const closed = relay.close()
  const patience = new Patience(tunnelMs)
  const isClosed = await Promise.race([closed.then(() => true), patience.over.then(() => false)])
  patience.end()
  if (!isClosed && relay.tunnels > 0) {
    log.warn(`Closing ${relay.tunnels} upgraded connections that did not end within ${tunnelMs / 1000}s`)
    await relay.closeTunnels(TUNNEL_FAREWELL_MS)
  }
  await closed
}

/** A wait that can be given up, so that no timer outlives it. */
class Patience {
  readonly over: Promise<void>
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.over = new Promise((resolve) => (this.#timer = setTimeout(resolve, ms)))
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
