import type { ConcurrencyLimit, LoadMeter } from '@pilotlight/admission'
import type { Exchange, Relay } from '@pilotlight/relay'
import { openServicePort, pathOf, type RequestLogSettings } from '@pilotlight/service'
import {
  addProcessMetrics,
  type ExportEvents,
  type Logger,
  MetricPush,
  MetricRegistry,
  PrometheusPage,
  RequestLog,
  type RevisionRecord,
  StandardOutput,
  Tracing,
  VALID_DEFAULT_TEMPLATE,
} from '@pilotlight/telemetry'
import { answers, PROXY_NAME } from './answers.ts'
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
  readonly #settings: QueueProxySettings
  readonly #metrics: RequestMetrics | null
  readonly #page: PrometheusPage | null
  readonly #push: MetricPush | null
  readonly #tracing: Tracing | null

  private constructor(
    settings: QueueProxySettings,
    observer: RequestObserver | null,
    metrics: RequestMetrics | null,
    page: PrometheusPage | null,
    push: MetricPush | null,
    tracing: Tracing | null,
  ) {
    this.#settings = settings
    this.observer = observer
    this.#metrics = metrics
    this.#page = page
    this.#push = push
    this.#tracing = tracing
  }

  /** Loads and starts what the settings ask for. */
  static async start(settings: QueueProxySettings, observed: Observed, log: Logger): Promise<Observability> {
    const { metrics: metricSettings, tracing: tracingSettings, resource, requestLog } = settings.observability
    const events: ExportEvents = {
      onExportFailing: (problem) => log.warn(problem),
      onExportRecovered: (lost) => log.info('exporting works again', { lost }),
    }
    let metrics: RequestMetrics | null = null
    let page: PrometheusPage | null = null
    let push: MetricPush | null = null
    if (metricSettings !== null) {
      const registry = new MetricRegistry()
      metrics = new RequestMetrics(registry, settings.userPort, () => figuresOf(observed))
      addProcessMetrics(registry)
      if (metricSettings.protocol === 'prometheus') page = await PrometheusPage.create(registry, resource)
      else push = await MetricPush.start(registry, resource, metricSettings, events)
    }
    const tracing = tracingSettings === null ? null : await Tracing.start(tracingSettings, resource, events)
    const lines = openRequestLog(requestLog, log)
    const isObserved = metrics !== null || tracing !== null || lines !== null
    const observer = isObserved
      ? new RequestEvents(
          { metrics, tracing, requestLog: lines, logsProbes: requestLog.includesProbes },
          observed.app,
          { host: observed.appHost, port: settings.userPort },
          revisionOf(settings),
        )
      : null
    return new Observability(settings, observer, metrics, page, push, tracing)
  }

  /** Opens the port of the metrics page, when there is one. A port that is taken is only logged, as in Knative. */
  async openPort(log: Logger): Promise<Relay | null> {
    const { metrics } = this.#settings.observability
    const page = this.#page
    if (page === null || metrics?.protocol !== 'prometheus') return null
    try {
      return await openServicePort(metrics.listen, PROXY_NAME, (exchange) => answerScrape(exchange, page))
    } catch (error) {
      log.error(`metrics server error: ${(error as Error).message}`)
      return null
    }
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
  async close(): Promise<void> {
    await Promise.all([this.#push?.stop(), this.#tracing?.stop()])
  }
}

function answerScrape(exchange: Exchange, page: PrometheusPage): void {
  const { method } = exchange.request
  if (pathOf(exchange) !== '/metrics') return answers.answerNotFound(exchange)
  if (method !== 'GET' && method !== 'HEAD')
    return answers.answerError(
      exchange,
      405,
      'only GET is served here\n',
      '',
      'refused',
      'Allow: GET, HEAD\r\n',
    )
  void page.exposition(exchange.request.get('accept') ?? '').then(
    ({ contentType, text }) =>
      exchange.reply(200, `Content-Type: ${contentType}\r\n${answers.proxyStatus()}`, text),
    (error: Error) => answers.answerError(exchange, 500, `${error.message}\n`, 'proxy_internal_error', 'ok'),
  )
}

/** A template that cannot be read costs the log, not the requests (Knative). */
function openRequestLog(settings: RequestLogSettings, log: Logger): RequestLog | null {
  if (!settings.isEnabled) return null
  try {
    const output = new StandardOutput()
    return new RequestLog({
      template: settings.template ?? VALID_DEFAULT_TEMPLATE,
      write: (line) => output.write(line),
    })
  } catch (error) {
    log.error('Error setting up request logger. Request logs will be unavailable.', {
      error: (error as Error).message,
    })
    return null
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
