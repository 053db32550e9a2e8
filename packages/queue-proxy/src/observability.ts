import type { ConcurrencyLimit, LoadMeter } from '@pilotlight/admission'
import type { Relay } from '@pilotlight/relay'
import { Exports } from '@pilotlight/service'
import type { Logger, RevisionRecord } from '@pilotlight/telemetry'
import { answers } from './answers.ts'
import type { App } from './app.ts'
import type { Drainer } from './drainer.ts'
import { RequestEvents } from './request-events.ts'
import { type Figures, RequestMetrics } from './request-metrics.ts'
import type { RequestObserver } from './request-observer.ts'
import type { QueueProxySettings } from './settings.ts'

/** What is asked when metrics are collected. */
export interface Observed {
  readonly limit: ConcurrencyLimit | null
  readonly meter: LoadMeter
  readonly app: App
  readonly drainer: Drainer
  /** Where the app is. */
  readonly appHost: string
}

/** Metrics, traces and the request log: what is configured of them, and nothing else is loaded. */
export class Observability {
  /** Null when nothing of it is configured. */
  readonly observer: RequestObserver | null
  readonly #exports: Exports
  readonly #metrics: RequestMetrics | null

  private constructor(exports: Exports, observer: RequestObserver | null, metrics: RequestMetrics | null) {
    this.#exports = exports
    this.observer = observer
    this.#metrics = metrics
  }

  /** Loads and starts what the settings ask for. */
  static async start(settings: QueueProxySettings, observed: Observed, log: Logger): Promise<Observability> {
    let metrics: RequestMetrics | null = null
    const exports = await Exports.start(settings.observability, log, (registry) => {
      metrics = new RequestMetrics(registry, settings.userPort, () => figuresOf(observed))
    })
    const { tracing, requestLog } = exports
    const isObserved = metrics !== null || tracing !== null || requestLog !== null
    const logsProbes = settings.observability.requestLog.includesProbes
    const observer = isObserved
      ? new RequestEvents(
          { metrics, tracing, requestLog, logsProbes },
          observed.app,
          { host: observed.appHost, port: settings.userPort },
          revisionOf(settings),
        )
      : null
    return new Observability(exports, observer, metrics)
  }

  /** Opens the port of the metrics page, when there is one. A port that is taken is only logged, as in Knative. */
  openPort(log: Logger): Promise<Relay | null> {
    return this.#exports.openPort(answers, log)
  }

  /** A request was refused before it became one. */
  onMalformed(): void {
    this.#metrics?.onRefused('malformed')
  }

  /** A connection was turned away. */
  onConnectionRefused(): void {
    this.#metrics?.onRefused('connections')
  }

  /** Sends what waits to be sent, within the time that is allowed for it. */
  close(): Promise<void> {
    return this.#exports.close()
  }
}

function revisionOf({ identity }: QueueProxySettings): RevisionRecord {
  return {
    name: identity.revision,
    namespace: identity.namespace,
    service: identity.service,
    configuration: identity.configuration,
    podName: identity.pod,
    podIp: identity.podIp,
  }
}

function figuresOf({ limit, meter, app, drainer }: Observed): Figures {
  const none = Number.NaN
  return {
    pending: limit?.pending ?? none,
    slotsUsed: limit?.running ?? none,
    slotsFree: limit?.free ?? none,
    waiting: limit?.waiting ?? none,
    inFlight: meter.concurrency,
    appProtocol: app.spoken,
    drainState: drainer.state,
  }
}
