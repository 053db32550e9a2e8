import { ConcurrencyLimit, LoadMeter } from '@pilotlight/admission'
import { monotonicNow, Relay } from '@pilotlight/relay'
import type { Logger } from '@pilotlight/telemetry'
import { AdminPort } from './admin-port.ts'
import { answers, PROXY_NAME } from './answers.ts'
import { App } from './app.ts'
import { AutoscalingPort } from './autoscaling-port.ts'
import { Drainer } from './drainer.ts'
import type { Observability, Observed } from './observability.ts'
import { ProbeAnswers } from './probe-answers.ts'
import { QueueProxy } from './queue-proxy.ts'
import { detectHttp2 } from './readiness/app-protocol.ts'
import { Readiness } from './readiness/readiness.ts'
import { openProfilingPort, openServicePort } from '@pilotlight/service'
import type { QueueProxySettings } from './settings.ts'
import { type OpenPorts, Sidecar } from './sidecar.ts'

/** Idle connections kept to an app without a limit, as in Knative. */
const IDLE_MAX = 1000
/** How long an idle connection to the app is kept, ms, as in Knative. */
const IDLE_MS = 90_000
/**
 * How long a client's connection may be idle, ms: as good as for ever, since Knative leaves it to the ingress or the
 * activator before us. A deadline that is put off costs a request less than none, which is taken away and set again.
 */
const CLIENT_IDLE_MS = 30 * 24 * 60 * 60 * 1000
/** How long the app may take to show that it speaks HTTP/2, ms. */
const DETECT_MS = 1000
const APP_HOST = '127.0.0.1'
const MIB = 1024 * 1024

/**
 * The whole sidecar on one screen: every part is made here and handed to those that need it. `main` and tests start it by this. It takes
 * requests then; its other ports are opened by {@link Sidecar.openServices}. Rejects with the relay's ConfigurationError when a port cannot
 * be opened.
 */
export async function build(settings: QueueProxySettings, log: Logger): Promise<Sidecar> {
  const startedAt = monotonicNow()
  const { containerConcurrency, host, userPort, identity } = settings
  const limit =
    containerConcurrency > 0
      ? new ConcurrencyLimit(containerConcurrency, settings.queueDepth, settings.overflow)
      : null
  const meter = new LoadMeter(startedAt)
  const drainer = new Drainer(settings.drainQuietMs)
  const readiness = new Readiness(settings.probes, {
    detectHttp2: settings.detectsHttp2,
    print: (line) => process.stderr.write(`${line}\n`),
  })
  const probes = new ProbeAnswers(readiness, drainer)

  // The handler needs the endpoints, and the endpoints need the relay, which needs the handler.
  const app = new App(settings.appProtocol, () => detectHttp2(userPort, DETECT_MS))
  const observed = { limit, meter, app, drainer, appHost: APP_HOST }
  const observability = await startObservability(settings, observed, log)
  const queueProxy = new QueueProxy({
    limit,
    meter,
    drainer,
    probes,
    app,
    trusted: settings.trusted,
    clocks: settings.clocks,
    log,
    observer: observability?.observer ?? null,
  })
  const relay = await Relay.start(
    {
      listen: [
        { host, port: settings.servingPort },
        ...(settings.tls === null ? [] : [{ host, port: settings.tls.port, tls: settings.tls.settings }]),
      ],
      proxyName: PROXY_NAME,
      connectionsMax: settings.connectionsMax,
      holdBytes: settings.holdBytes,
      keepAliveMs: CLIENT_IDLE_MS,
      clocks: settings.clocks,
      limits: { headBytes: MIB },
    },
    queueProxy,
    {
      onCertificate: () => log.info('Certificate and/or key have changed on disk and were reloaded.'),
      onCertificateProblem: (problem) => log.error(problem),
      onRefusal: () => observability?.onMalformed(),
      onConnectionRefused: () => observability?.onConnectionRefused(),
    },
  )
  const pool = { idleMax: containerConcurrency > 0 ? containerConcurrency : IDLE_MAX, idleMs: IDLE_MS }
  app.connect(
    relay.endpoint({ host: APP_HOST, port: userPort }, pool),
    relay.endpoint({ host: APP_HOST, port: userPort, protocol: 'h2' }, pool),
  )

  const admin = new AdminPort(drainer)
  const autoscaling = new AutoscalingPort(identity.pod, meter, startedAt)
  const openServices = async (open: OpenPorts): Promise<void> => {
    open.admin = await openServicePort({ host, port: settings.adminPort }, PROXY_NAME, (exchange) =>
      admin.answer(exchange),
    )
    open.autoscaling = await openServicePort(
      { host, port: settings.autoscalingPort },
      PROXY_NAME,
      (exchange) => autoscaling.answer(exchange),
    )
    const scrape = (await observability?.openPort(log)) ?? null
    if (scrape !== null) open.metrics = scrape
    if (settings.observability.isProfiling)
      open.profiling = await openProfilingPort({ host, port: settings.profilingPort }, answers)
  }
  const parts = { drainer, admin, readiness, queueProxy, observability, openServices }
  return new Sidecar(settings, relay, parts, log)
}

/** Null when nothing of it is configured: then it is not even loaded. */
async function startObservability(
  settings: QueueProxySettings,
  observed: Observed,
  log: Logger,
): Promise<Observability | null> {
  const { metrics, tracing, requestLog } = settings.observability
  if (metrics === null && tracing === null && !requestLog.isEnabled) return null
  const { Observability } = await import('./observability.ts')
  return await Observability.start(settings, observed, log)
}
