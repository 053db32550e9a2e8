import type { Exchange, Relay } from '@pilotlight/relay'
import {
  addProcessMetrics,
  type ExportEvents,
  type Logger,
  MetricPush,
  MetricRegistry,
  PrometheusPage,
  RequestLog,
  StandardOutput,
  Tracing,
  VALID_DEFAULT_TEMPLATE,
} from '@pilotlight/telemetry'
import { type Answers, pathOf } from './answers.ts'
import type { ObservabilitySettings } from './observability-config.ts'
import { openServicePort } from './service-port.ts'

/** What of it is configured; null for the rest. */
interface Parts {
  readonly registry: MetricRegistry | null
  readonly page: PrometheusPage | null
  readonly push: MetricPush | null
  readonly tracing: Tracing | null
  readonly requestLog: RequestLog | null
  /** Ends what the metrics of the process keep running. */
  readonly stopMetrics: (() => void) | null
}

/** Where metrics, traces and request logs go: what is configured of them, and nothing else is loaded. */
export class Exports {
  /** Families of metrics are added here; null without metrics. */
  readonly registry: MetricRegistry | null
  /** Null without traces. */
  readonly tracing: Tracing | null
  /** Null without a request log. */
  readonly requestLog: RequestLog | null
  readonly #settings: ObservabilitySettings
  readonly #page: PrometheusPage | null
  readonly #push: MetricPush | null
  readonly #stopMetrics: (() => void) | null

  private constructor(settings: ObservabilitySettings, parts: Parts) {
    this.registry = parts.registry
    this.tracing = parts.tracing
    this.requestLog = parts.requestLog
    this.#settings = settings
    this.#page = parts.page
    this.#push = parts.push
    this.#stopMetrics = parts.stopMetrics
  }

  /** Loads and starts what the settings ask for. `addFamilies` gets the registry before anything is exported. */
  static async start(
    settings: ObservabilitySettings,
    log: Logger,
    addFamilies: (registry: MetricRegistry) => void,
  ): Promise<Exports> {
    const { metrics, tracing: tracingSettings, resource } = settings
    const events: ExportEvents = {
      onExportFailing: (problem) => log.warn(problem),
      onExportRecovered: (lost) => log.info('exporting works again', { lost }),
    }
    let registry: MetricRegistry | null = null
    let page: PrometheusPage | null = null
    let push: MetricPush | null = null
    let stopMetrics: (() => void) | null = null
    if (metrics !== null) {
      registry = new MetricRegistry()
      addFamilies(registry)
      stopMetrics = addProcessMetrics(registry)
      if (metrics.protocol === 'prometheus') page = await PrometheusPage.create(registry, resource)
      else push = await MetricPush.start(registry, resource, metrics, events)
    }
    const tracing = tracingSettings === null ? null : await Tracing.start(tracingSettings, resource, events)
    const requestLog = openRequestLog(settings, log)
    return new Exports(settings, { registry, page, push, tracing, requestLog, stopMetrics })
  }

  /** Opens the port of the metrics page, when there is one. A port that is taken is only logged, as in Knative. */
  async openPort(answers: Answers, log: Logger): Promise<Relay | null> {
    const { metrics } = this.#settings
    const page = this.#page
    if (page === null || metrics?.protocol !== 'prometheus') return null
    try {
      return await openServicePort(metrics.listen, answers.proxyName, (exchange) =>
        answerScrape(answers, exchange, page),
      )
    } catch (error) {
      log.error(`metrics server error: ${(error as Error).message}`)
      return null
    }
  }

  /** Sends what waits to be sent, within the time that is allowed for it. */
  async close(): Promise<void> {
    await Promise.all([this.#push?.stop(), this.tracing?.stop()])
    this.#stopMetrics?.()
  }
}

function answerScrape(answers: Answers, exchange: Exchange, page: PrometheusPage): void {
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
function openRequestLog({ requestLog }: ObservabilitySettings, log: Logger): RequestLog | null {
  if (!requestLog.isEnabled) return null
  try {
    const output = new StandardOutput()
    return new RequestLog({
      template: requestLog.template ?? VALID_DEFAULT_TEMPLATE,
      write: (line) => output.write(line),
    })
  } catch (error) {
    log.error('Error setting up request logger. Request logs will be unavailable.', {
      error: (error as Error).message,
    })
    return null
  }
}
