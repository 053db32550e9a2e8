import type { Relay } from '@pilotlight/relay'
import { Exports } from '@pilotlight/service'
import type { Logger } from '@pilotlight/telemetry'
import { answers } from '../answers.ts'
import type { RequestObserver } from '../request-observer.ts'
import type { Revisions } from '../revisions.ts'
import type { ActivatorSettings } from '../settings.ts'
import { ActivatorMetrics } from './activator-metrics.ts'
import { RequestEvents } from './request-events.ts'

/** Metrics, traces and the request log: what is configured of them, and nothing else is loaded. */
export class Observability {
  /** Null when nobody looks at requests. */
  readonly observer: RequestObserver | null
  /** Null without metrics. */
  readonly metrics: ActivatorMetrics | null
  readonly #exports: Exports

  private constructor(exports: Exports, observer: RequestObserver | null, metrics: ActivatorMetrics | null) {
    this.#exports = exports
    this.observer = observer
    this.metrics = metrics
  }

  /** Loads and starts what the settings ask for. */
  static async start(settings: ActivatorSettings, revisions: Revisions, log: Logger): Promise<Observability> {
    let metrics: ActivatorMetrics | null = null
    const exports = await Exports.start(settings.observability, log, (registry) => {
      metrics = new ActivatorMetrics(registry, revisions)
    })
    const { tracing, requestLog } = exports
    const isObserved = metrics !== null || tracing !== null || requestLog !== null
    return new Observability(
      exports,
      isObserved ? new RequestEvents({ metrics, tracing, requestLog }) : null,
      metrics,
    )
  }

  /** Opens the port of the metrics page, when there is one. A port that is taken is only logged, as in Knative. */
  openPort(log: Logger): Promise<Relay | null> {
    return this.#exports.openPort(answers, log)
  }

  /** Sends what waits to be sent, within the time that is allowed for it. */
  close(): Promise<void> {
    return this.#exports.close()
  }
}
