import type { Relay } from '@pilotlight/relay'
import { closeGracefully } from '@pilotlight/service'
import type { Logger } from '@pilotlight/telemetry'
import type { AdminPort } from './admin-port.ts'
import type { Drainer } from './drainer.ts'
import type { Observability } from './observability.ts'
import type { QueueProxy } from './queue-proxy.ts'
import type { Readiness } from './readiness/readiness.ts'
import type { QueueProxySettings } from './settings.ts'

/** The relays behind the ports, as far as they are open. */
export interface OpenPorts {
  main: Relay
  admin?: Relay
  autoscaling?: Relay
  metrics?: Relay
  profiling?: Relay
}

/** Ports by name, as they stand in the log line of the start. */
export type PortNumbers = Readonly<Record<string, number>>

interface Parts {
  readonly drainer: Drainer
  readonly admin: AdminPort
  readonly readiness: Readiness
  readonly queueProxy: QueueProxy
  /** Null when nothing of it is configured. */
  readonly observability: Observability | null
  /** Opens the ports beside the main one, each of which is put in once it is open. */
  readonly openServices: (open: OpenPorts) => Promise<void>
}

/**
 * The running sidecar, and how it ends:
 *
 *     quiet period: probes fail, everything is served ─► no new connections, requests end ─► upgraded ones end ─► over
 */
export class Sidecar {
  readonly #settings: QueueProxySettings
  readonly #open: OpenPorts
  readonly #parts: Parts
  readonly #log: Logger
  #isEnding = false

  constructor(settings: QueueProxySettings, main: Relay, parts: Parts, log: Logger) {
    this.#settings = settings
    this.#open = { main }
    this.#parts = parts
    this.#log = log
  }

  /** Where it listens. */
  get ports(): PortNumbers {
    const ports: Record<string, number> = {}
    for (const [name, relay] of Object.entries(this.#open) as [string, Relay][]) ports[name] = relay.ports[0]
    if (this.#open.main.ports.length > 1) ports['tls'] = this.#open.main.ports[1]
    return ports
  }

  /** Whether the app is ready. */
  get readiness(): Readiness {
    return this.#parts.readiness
  }

  /**
   * Opens the other ports; false when it was told to end before. Rejects with the relay's ConfigurationError when one cannot be opened:
   * then none is open any more.
   */
  async openServices(): Promise<boolean> {
    if (this.#isEnding) return false
    try {
      await this.#parts.openServices(this.#open)
    } catch (error) {
      this.destroy()
      throw error
    }
    return true
  }

  /** Says that it runs, in the words operators know from Knative, and where. */
  announce(): void {
    const { ports } = this
    const { containerConcurrency, queueDepth } = this.#settings
    if (containerConcurrency > 0)
      this.#log.info(
        `Queue container is starting with BreakerParams = {QueueDepth: ${queueDepth}, MaxConcurrency: ${containerConcurrency}, InitialCapacity: ${containerConcurrency}}`,
      )
    this.#log.info('Starting queue-proxy', { ports })
    for (const [name, port] of Object.entries(ports)) {
      const server = SERVER_NAMES[name] ?? name
      this.#log.info(
        name === 'tls' ? `Starting tls server main:${port}` : `Starting http server ${server}:${port}`,
      )
    }
  }

  /** Ends without losing a request. Resolves when nothing is left. */
  async shutdown(): Promise<void> {
    this.#isEnding = true
    const { drainer, admin, observability, readiness } = this.#parts
    const { drainQuietMs, drainTunnelMs } = this.#settings
    this.#log.info('Received TERM signal, attempting to gracefully shutdown servers.')
    this.#log.info(`Sleeping ${drainQuietMs / 1000}s to allow K8s propagation of non-ready state`)
    admin.onTerminating()
    await drainer.becomeQuiet()
    readiness.close()
    this.#log.info('Shutting down server: main')
    await closeGracefully(this.#open.main, drainTunnelMs, this.#log)
    const { main: _closed, ...services } = this.#open
    for (const [name, relay] of Object.entries(services)) {
      this.#log.info(`Shutting down server: ${SERVER_NAMES[name] ?? name}`)
      // Only scrapers and hooks are left; whoever keeps a connection open would keep us.
      relay.destroy()
    }
    await observability?.close()
    this.#log.info('Shutdown complete, exiting...')
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#parts.readiness.close()
    for (const relay of Object.values(this.#open) as Relay[]) relay.destroy()
  }
}

/** What Knative calls its servers in its logs. */
const SERVER_NAMES: Readonly<Record<string, string>> = {
  main: 'main',
  admin: 'admin',
  autoscaling: 'metrics',
  metrics: 'user-metrics',
  profiling: 'profile',
}
