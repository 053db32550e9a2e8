import type { Holding } from '@pilotlight/admission'
import type { Platform } from '@pilotlight/platform'
import type { Relay } from '@pilotlight/relay'
import { closeGracefully } from '@pilotlight/service'
import type { Logger } from '@pilotlight/telemetry'
import type { Admin } from './admin/admin.ts'
import type { ActivityReports } from './activity-reports.ts'
import type { Health } from './health.ts'
import type { Observability } from './observability/observability.ts'
import type { Revisions } from './revisions.ts'
import type { ActivatorSettings } from './settings.ts'

/** The relays behind the ports, as far as they are open. */
export interface OpenPorts {
  main?: Relay
  metrics?: Relay
  profiling?: Relay
}

/** Ports by name, as they stand in the log line of the start. */
export type PortNumbers = Readonly<Record<string, number>>

interface Parts {
  readonly holding: Holding
  readonly platform: Platform
  readonly revisions: Revisions
  readonly reports: ActivityReports
  readonly health: Health
  /** Null when nothing of it is configured. */
  readonly observability: Observability | null
  /** Null when no port for it is configured. */
  readonly admin: Admin | null
}

/** What Knative calls its servers in its logs. */
const SERVER_NAMES: Readonly<Record<string, string>> = {
  http1: 'http1',
  h2c: 'h2c',
  tls: 'https',
  metrics: 'metrics',
  profiling: 'profile',
  admin: 'admin',
}

/**
 * The running activator, and how it ends:
 *
 *     readiness fails, everything is served ─► no new connections, requests end ─► upgraded ones end ─► over
 *
 * Requests that wait go on waiting, within their own clocks, and reports go on, until the last one is over.
 */
export class Activator {
  readonly #settings: ActivatorSettings
  readonly #open: OpenPorts
  readonly #parts: Parts
  readonly #log: Logger

  constructor(settings: ActivatorSettings, open: OpenPorts, parts: Parts, log: Logger) {
    this.#settings = settings
    this.#open = open
    this.#parts = parts
    this.#log = log
  }

  /** Where it listens. */
  get ports(): PortNumbers {
    const [http1, h2c, tls] = this.#open.main?.ports ?? []
    const { metrics, profiling } = this.#open
    const { admin } = this.#parts
    return {
      http1,
      h2c,
      ...(tls === undefined ? {} : { tls }),
      ...(metrics === undefined ? {} : { metrics: metrics.ports[0] }),
      ...(profiling === undefined ? {} : { profiling: profiling.ports[0] }),
      ...(admin === null ? {} : { admin: admin.port }),
    }
  }

  /** Requests that wait. */
  get held(): number {
    return this.#parts.holding.held
  }

  /** Requests that are at an instance, or on their way there. */
  get running(): number {
    let running = 0
    for (const tenant of this.#parts.holding.tenants) running += tenant.running
    return running
  }

  /** Body bytes that are buffered. */
  get heldBytes(): number {
    return this.#parts.holding.bytes.used
  }

  /** Says that it runs, in the words operators know from Knative, and where. */
  announce(): void {
    const { ports } = this
    this.#log.info('Starting the knative activator', { platform: this.#parts.platform.name, ports })
    for (const [name, port] of Object.entries(ports))
      this.#log.info(`Starting ${SERVER_NAMES[name]} server on port ${port}`)
  }

  /** Ends without losing a request. Resolves when nothing is left. */
  async shutdown(): Promise<void> {
    const { admin, health, observability, platform, reports, revisions } = this.#parts
    const { drainMs, drainTunnelMs } = this.#settings
    this.#log.info('Received TERM signal, attempting to gracefully shutdown servers.')
    this.#log.info(`Sleeping ${drainMs / 1000}s to allow K8s propagation of non-ready state`)
    health.onTerminating()
    const { main, ...services } = this.#open
    main!.beginDrain()
    await new Promise((resolve) => setTimeout(resolve, drainMs))
    this.#log.info('Shutting down servers: http1, h2c')
    await closeGracefully(main!, drainTunnelMs, this.#log)
    reports.close()
    for (const revision of revisions.all()) revision.close()
    await platform.close()
    // Only scrapers are left; whoever keeps a connection open would keep us.
    for (const relay of Object.values(services)) relay.destroy()
    await observability?.close()
    admin?.close()
    this.#log.info('Shutdown complete, exiting...')
  }

  /** Ends everything at once. */
  async destroy(): Promise<void> {
    const { admin, observability, platform, reports, revisions } = this.#parts
    reports.close()
    for (const revision of revisions.all()) revision.close()
    for (const relay of Object.values(this.#open) as Relay[]) relay.destroy()
    admin?.close()
    await platform.close()
    await observability?.close()
  }
}
